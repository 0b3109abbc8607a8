#include "report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "fixture.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Table hostile_table() {
  Table table;
  table.title = kHostile;
  table.columns = {kHostile};
  table.blocks = {{kHostile, {{kHostile, {{'R', kHostile, true, {1}, 0}}}}}};
  table.footnotes = {kHostile};
  table.legend = {kHostile};
  table.summary = {kHostile};
  return table;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// `text` without "ESC [ … m".
std::string without_codes(const std::string& text) {
  std::string out;
  bool in_code = false;
  for (const char c : text) {
    if (c == '\x1b') in_code = true;
    if (!in_code) out += c;
    if (c == 'm') in_code = false;
  }
  return out;
}

// The bars of a line of a Markdown table that separate cells.
int64_t bars_of(const std::string& line) {
  int64_t bars = 0;
  for (size_t i = 0; i < line.size(); ++i)
    if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++bars;
  return bars;
}

TEST(Terminal, columns_are_aligned_whatever_their_bytes) {
  Table table;
  table.columns = {"k1", "k2"};
  table.blocks = {{"block",
                   {{"raw", {{'T', "head", false, {1, 2}, 0}, {'L', "", false, {}, 0}}},
                    {"libbpf 0.3 … 1.7.0", {{'L', "", true, {}, 0}, {'L', "", false, {}, 0}}}}}};
  const auto text = render_terminal(table, {});
  EXPECT_THAT(text, HasSubstr("                      k1          k2\n"
                              "block\n"
                              "  raw                 T head ¹ ²  L\n"
                              "  libbpf 0.3 … 1.7.0  L!          L\n"));
}

TEST(Terminal, has_color_only_where_it_was_asked_for) {
  const auto run = fixture_run();
  const auto table = make_table(run, judge(run));
  const auto plain = render_terminal(table, {});
  const auto colored = render_terminal(table, {.color = true});
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(colored, HasSubstr("\x1b[32mL\x1b[0m"));
  // The letters say all: without the codes both are the same.
  EXPECT_EQ(without_codes(colored), plain);
}

TEST(Terminal, guest_text_moves_no_cursor) {
  const auto text = render_terminal(hostile_table(), {});
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << int{c};
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));  // right-to-left override
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
}

TEST(Terminal, kernels_that_do_not_fit_follow_in_a_further_panel) {
  Table table;
  table.columns = {"kernel-1", "kernel-2", "kernel-3"};
  table.blocks = {
      {"block",
       {{"raw", {{'L', "", false, {}, 0}, {'R', "", false, {}, 0}, {'T', "", false, {}, 0}}}}}};
  const auto lines = lines_of(render_terminal(table, {.width = 26}));
  for (const auto& line : lines) EXPECT_LE(display_width(line), 26u) << line;
  EXPECT_THAT(lines, ::testing::Contains("       kernel-1  kernel-2"));
  EXPECT_THAT(lines, ::testing::Contains("       kernel-3"));
  EXPECT_THAT(lines, ::testing::Contains("  raw  T"));
  // However narrow, one kernel is shown at a time.
  EXPECT_THAT(render_terminal(table, {.width = 1}), HasSubstr("  raw  R\n"));
}

TEST(Markdown, guest_text_makes_no_markup) {
  const auto text = render_markdown(hostile_table());
  const auto lines = lines_of(text);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("@everyone")));
  EXPECT_THAT(text, Not(HasSubstr("#1")));
  EXPECT_THAT(text, Not(HasSubstr("http://")));
  EXPECT_THAT(text, Not(HasSubstr("www.")));
  EXPECT_THAT(text, HasSubstr("\\| \\` \\* \\_ \\[x\\]"));
  // The table keeps its shape: a label and one cell on every line of it.
  int rows = 0;
  for (const auto& line : lines) {
    if (!line.starts_with("|")) continue;
    ++rows;
    EXPECT_EQ(bars_of(line), 3) << line;
  }
  EXPECT_EQ(rows, 3);
}

TEST(Markdown, marks_what_is_unexpected) {
  auto table = hostile_table();
  table.blocks[0].rows[0].cells[0] = {'R', "tail", true, {1}, 0};
  EXPECT_THAT(render_markdown(table), HasSubstr("| **R\\!** tail ¹ |"));
  table.blocks[0].rows[0].cells[0].unexpected = false;
  EXPECT_THAT(render_markdown(table), HasSubstr("| R tail ¹ |"));
  table.blocks[0].rows[0].cells[0] = {' ', "", false, {}, kNoCell};
  EXPECT_THAT(render_markdown(table), HasSubstr("|  |"));
}

TEST(Json, is_ascii_and_gives_guest_text_back) {
  auto run = short_fixture_run();
  run.cells[0].attempt.observation.log_head = kHostile;
  const auto text = render_json(run, judge(run));
  for (const char c : text)
    ASSERT_TRUE(c == '\n' ||
                (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f));
  const auto document = json::parse(text);
  const std::string head = document["cells"][0]["observed"]["log_head"];
  EXPECT_THAT(head, HasSubstr("\x1b[2J"));
  EXPECT_THAT(head, HasSubstr("\\ \ufffd\ufffd \u202e"));  // what was no UTF-8 is replaced
}

TEST(Json, says_what_was_passed_and_what_was_not_measured) {
  auto run = short_fixture_run();
  auto& cell = run.cells[0];
  const auto first = [&] { return json::parse(render_json(run, judge(run)))["cells"][0]; };
  cell.attempt = {.state = result::AttemptState::not_reached};
  cell.mode.buffer = {spec::Buffer::Kind::relative, 1};
  EXPECT_TRUE(first()["mode"]["buffer_size"].is_null());
  EXPECT_TRUE(first()["observed"].is_null());
  EXPECT_TRUE(first()["duration_ms"].is_null());
  cell.mode.buffer = {spec::Buffer::Kind::null, 77};
  EXPECT_EQ(first()["mode"]["buffer_size"], 77);
  cell.mode.buffer = {};
  EXPECT_EQ(first()["mode"]["buffer_size"], 0);
  cell.attempt.state = result::AttemptState::measured;
  cell.attempt.observation.buffer_size = 9372;
  cell.mode.buffer = {spec::Buffer::Kind::relative, 1};
  EXPECT_EQ(first()["mode"]["buffer_size"], 9372);
  EXPECT_EQ(first()["mode"]["buffer"], "true+1");
  EXPECT_TRUE(first()["observed"]["kernel_errno"].is_null());  // decided_by is unknown
}

TEST(Json, reads_statistics_from_a_log_that_is_all_head) {
  auto run = short_fixture_run();
  auto& seen = run.cells[0].attempt.observation;
  seen.log_tail = {};
  seen.log_head = "x\nprocessed 7 insns\n";
  const auto document = json::parse(render_json(run, judge(run)));
  EXPECT_EQ(document["cells"][0]["observed"]["verification"]["insns"], 7);
}

}  // namespace
}  // namespace bpfmatrix::report
