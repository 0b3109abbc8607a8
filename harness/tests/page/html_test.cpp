#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "fixture.h"
#include "pages.h"
#include "report/html.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTemplate =
    "<title>@BPFMATRIX_TITLE@</title>\n@BPFMATRIX_RUN@\n@BPFMATRIX_DETAILS@\n@BPFMATRIX_TEXTS@\n";

struct Page {
  std::string text;
  json run, details, texts;
};

Page page_of(const result::RunRecord& run, const std::vector<PastRun>& history = {},
             const PageOptions& options = {}) {
  const auto text = render_html(kTemplate, run, result::judge(run), {}, history, options);
  EXPECT_TRUE(text.has_value());
  Page page{text.value_or(""), {}, {}, {}};
  std::istringstream lines(page.text);
  std::string line;
  std::getline(lines, line);
  for (auto* part : {&page.run, &page.details, &page.texts}) {
    std::getline(lines, line);
    *part = json::parse(line);
  }
  return page;
}

std::string decode_base64(const std::string& text) {
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    group = group << 6 | static_cast<uint32_t>(digits.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 0xff);
  }
  return bytes;
}

json unpack(const std::string& packed) {
  const auto bytes = decode_base64(packed);
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string text(size_t{1} << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return json::parse(text);
}

// All texts of a page, by their numbers.
std::vector<std::string> texts_of(const Page& page) {
  std::vector<std::string> texts;
  for (const auto& part : page.texts)
    for (const auto& text : unpack(part)) texts.push_back(text);
  return texts;
}

json detail_of(const Page& page, size_t cell) {
  const size_t size = page.run["cells_of_part"];
  return unpack(page.details[cell / size])[cell % size];
}

TEST(Page, a_page_is_the_template_with_the_run_in_its_places) {
  const auto page = page_of(fixture_run());
  EXPECT_THAT(page.text, testing::StartsWith("<title>" + fixture_run().header.matrix));
  EXPECT_EQ(page.run["format"], 1);
  EXPECT_EQ(page.run["run"]["id"], fixture_run().header.id);
  EXPECT_EQ(page.run["cells"]["look"].size(), fixture_run().cells.size());
}

TEST(Page, another_template_is_refused) {
  const auto run = fixture_run();
  for (const std::string& wrong :
       {std::string(), std::string("<html></html>"), std::string(kTemplate) + kTemplate,
        std::string("@BPFMATRIX_RUN@ @BPFMATRIX_TITLE@ @BPFMATRIX_DETAILS@ @BPFMATRIX_TEXTS@")}) {
    const auto page = render_html(wrong, run, result::judge(run));
    ASSERT_FALSE(page.has_value()) << wrong;
    EXPECT_EQ(page.error().kind, base::ErrorKind::invalid_input);
  }
}

TEST(Page, nothing_that_html_reads_is_in_the_data) {
  ASSERT_GE(hostile_texts().size(), 100U);
  const auto run = hostile_run();
  const auto text =
      render_html("@BPFMATRIX_TITLE@\n@BPFMATRIX_RUN@ @BPFMATRIX_DETAILS@ @BPFMATRIX_TEXTS@", run,
                  result::judge(run));
  ASSERT_TRUE(text.has_value());
  for (const char c : text->substr(text->find('\n') + 1)) {
    ASSERT_NE(c, '<');
    ASSERT_NE(c, '>');
    ASSERT_LT(static_cast<unsigned char>(c), 0x80);
    ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  }
  EXPECT_THAT(*text, Not(HasSubstr("&")));
}

TEST(Page, a_hostile_title_is_escaped) {
  auto run = fixture_run();
  run.header.matrix = "</title><script>&\x1b";
  const auto text = render_html(kTemplate, run, result::judge(run));
  ASSERT_TRUE(text.has_value());
  EXPECT_THAT(*text, testing::StartsWith("<title>&lt;/title&gt;&lt;script&gt;&amp;"));
}

TEST(Page, a_mark_in_the_data_is_no_mark) {
  auto run = fixture_run();
  run.header.matrix = "@BPFMATRIX_TEXTS@";
  run.header.host = "@BPFMATRIX_DETAILS@";
  const auto page = page_of(run);
  EXPECT_EQ(page.run["run"]["host"], "@BPFMATRIX_DETAILS@");
}

TEST(Page, details_and_texts_come_back_as_they_were) {
  const auto run = fixture_run();
  const auto page = page_of(run);
  const auto texts = texts_of(page);
  size_t measured = 0;
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto detail = detail_of(page, i);
    EXPECT_EQ(detail["key"], run.cells[i].key);
    const auto& attempt = run.cells[i].attempt;
    EXPECT_EQ(detail.contains("observed"), attempt.state == result::AttemptState::measured);
    if (!detail.contains("observed") || attempt.observation.log_tail.empty()) continue;
    ++measured;
    const size_t number = detail["observed"]["log_tail"];
    // The fixture's hostile texts are no UTF-8; JSON has what can be said of them.
    const json said = json::parse(json(attempt.observation.log_tail.str())
                                      .dump(-1, ' ', true, json::error_handler_t::replace));
    EXPECT_EQ(texts.at(number), said.get<std::string>());
  }
  EXPECT_GT(measured, 0U);
}

TEST(Page, every_text_is_there_once) {
  const auto texts = texts_of(page_of(fixture_run()));
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
}

TEST(Page, texts_are_cut_to_the_budget_and_the_page_says_so) {
  const auto run = large_run(60);
  const auto whole = page_of(run);
  EXPECT_EQ(whole.run["text_limits"], json::array({0, 0}));
  const auto cut = page_of(run, {}, {.text_budget = 30'000});
  size_t bytes = 0;
  for (const auto& part : cut.texts) bytes += part.get<std::string>().size();
  EXPECT_LE(bytes, 30'000U);
  EXPECT_GT(bytes, 0U);
  const size_t head = cut.run["text_limits"][0], tail = cut.run["text_limits"][1];
  EXPECT_LT(head, 2048U);
  const auto texts = texts_of(cut);
  const auto observed = detail_of(cut, 7)["observed"];
  EXPECT_EQ(texts.at(observed["log_head"]),
            run.cells[7].attempt.observation.log_head.str().substr(0, head));
  const auto& whole_tail = run.cells[7].attempt.observation.log_tail.str();
  EXPECT_EQ(texts.at(observed["log_tail"]), whole_tail.substr(whole_tail.size() - tail));
}

TEST(Page, the_history_has_a_letter_for_each_cell_of_this_run) {
  const auto run = fixture_run();
  auto past = past_run(run, result::judge(run));
  past.cells.erase(run.cells[1].id);
  const auto page = page_of(run, {past});
  const std::string letters = page.run["history"][0]["letters"];
  ASSERT_EQ(letters.size(), run.cells.size());
  EXPECT_EQ(letters[1], ' ');
  for (size_t i = 2; i < run.cells.size(); ++i)
    EXPECT_EQ(std::string(1, letters[i]),
              page.run["looks"][page.run["cells"]["look"][i].get<size_t>()][0]);
}

TEST(Page, an_id_that_is_not_made_of_the_axes_is_told) {
  auto run = fixture_run();
  run.cells[2].id = "another";
  EXPECT_EQ(page_of(run).run["ids"], json::parse(R"([[2, "another"]])"));
}

// What the page's own source must do without: data become text, never markup or code.
TEST(Page, the_source_makes_no_markup_of_text) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(BPFM_SOURCE) /
                                                               "harness/page/src")) {
    ++files;
    const auto text = base::read_file(entry.path());
    ASSERT_TRUE(text.has_value());
    for (const char* word :
         {"innerHTML", "outerHTML", "insertAdjacent", "dangerously", "document.write", "eval(",
          "new Function", "setAttribute(", "createContextualFragment", "href=", "src=", "srcDoc"}) {
      // The index of a site links to pages: one file does, and holds the address against a pattern.
      if (entry.path().filename() == "page_link.tsx" && std::string_view(word) == "href=") continue;
      EXPECT_THAT(*text, Not(HasSubstr(word))) << entry.path();
    }
  }
  EXPECT_GT(files, 8U);
}

}  // namespace
}  // namespace bpfmatrix::report
