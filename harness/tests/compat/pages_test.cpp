#include "compat/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "fixture.h"
#include "report/json_import.h"
#include "report/render.h"

namespace bpfmatrix::compat {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Page> pages_of(const Fixture& fixture) {
  return make_pages(fixture.material());
}

TEST(Pages, the_same_run_gives_the_same_bytes) {
  const auto one = make_fixture(), two = make_fixture();
  const auto pages = pages_of(*one), again = pages_of(*two);
  ASSERT_EQ(pages.size(), again.size());
  for (size_t i = 0; i < pages.size(); ++i) EXPECT_EQ(pages[i].text, again[i].text);
}

TEST(Pages, a_run_that_was_read_back_from_its_document_gives_the_same_bytes) {
  const auto fixture = make_fixture();
  // What is no UTF-8 is U+FFFD in a document; from there on nothing changes.
  const auto document = [&] {
    return report::render_json(fixture->run, fixture->judgement, fixture->findings);
  };
  const auto first = report::import_json(document());
  ASSERT_TRUE(first) << first.error().message;
  fixture->run = *first;
  fixture->hold_again();
  const auto pages = pages_of(*fixture);
  const auto text = document();
  const auto second = report::import_json(text);
  ASSERT_TRUE(second);
  fixture->run = *second;
  fixture->hold_again();
  EXPECT_EQ(document(), text);
  const auto again = pages_of(*fixture);
  ASSERT_EQ(pages.size(), again.size());
  for (size_t i = 0; i < pages.size(); ++i) EXPECT_EQ(pages[i].text, again[i].text);
}

TEST(Pages, each_path_is_there_once_and_known_again) {
  const auto fixture = make_fixture();
  auto pages = pages_of(*fixture);
  for (auto& page : make_statement_pages(fixture->laws)) pages.push_back(std::move(page));
  std::set<std::string> paths;
  for (const auto& page : pages_of(*fixture)) EXPECT_TRUE(paths.insert(page.path).second);
  for (const auto& page : pages) EXPECT_TRUE(is_made_page(page.text)) << page.path;
  EXPECT_FALSE(is_made_page("# Mine\n"));
  EXPECT_FALSE(is_made_page(""));
}

// Links of a page, resolved against its path.
std::vector<std::string> links_of(const Page& page) {
  static const std::regex link(R"(\]\(([^)]*)\))");
  std::vector<std::string> links;
  const auto folder = page.path.find('/') == std::string::npos
                          ? std::string()
                          : page.path.substr(0, page.path.find('/') + 1);
  for (std::sregex_iterator it(page.text.begin(), page.text.end(), link), end; it != end; ++it) {
    std::string to = (*it)[1];
    if (to.starts_with("http")) continue;  // broken up, see below
    to = to.starts_with("../") ? to.substr(3) : folder + to;
    links.push_back(to);
  }
  return links;
}

TEST(Pages, every_link_leads_to_a_page) {
  const auto fixture = make_fixture();
  for (const auto& pages : {pages_of(*fixture), make_statement_pages(fixture->laws)}) {
    std::set<std::string> paths;
    size_t links = 0;
    for (const auto& page : pages) paths.insert(page.path);
    for (const auto& page : pages)
      for (const auto& link : links_of(page)) {
        ++links;
        EXPECT_TRUE(paths.contains(link)) << page.path << " links to " << link;
      }
    EXPECT_GT(links, 5u);
  }
}

TEST(Pages, what_a_guest_wrote_is_inert_everywhere) {
  const auto fixture = make_fixture();
  size_t seen = 0;
  for (const auto& page : pages_of(*fixture)) {
    if (page.path == "compat.json") continue;
    EXPECT_THAT(page.text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xff")),
                                 Not(HasSubstr("\n# heading")), Not(HasSubstr("\n| a | b |"))))
        << page.path;
    size_t begin = 0;
    for (size_t end; (end = page.text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const auto line = page.text.substr(begin, end - begin);
      if (line.find("script") == std::string::npos) continue;
      ++seen;
      const bool block = line.starts_with("    ");
      const bool in_code = line.find('`') != std::string::npos;
      EXPECT_TRUE(block || in_code || line.find("<script") == std::string::npos) << page.path;
    }
  }
  EXPECT_GT(seen, 5u);
}

TEST(Pages, an_id_of_a_foreign_document_stays_in_the_folder) {
  const auto fixture = make_fixture();
  fixture->run.loaders[3].id = "../../../evil";
  fixture->hold_again();
  for (const auto& page : pages_of(*fixture)) EXPECT_THAT(page.path, Not(HasSubstr("../")));
}

TEST(Pages, the_index_tells_ranges_and_findings) {
  const auto fixture = make_fixture();
  const auto index = page(pages_of(*fixture), "README.md");
  EXPECT_THAT(index, HasSubstr("of 2026-11-22"));
  EXPECT_THAT(index, HasSubstr("6.12.117 (not on 5.10.262)"));
  EXPECT_THAT(index, HasSubstr("small-buffer"));
  EXPECT_THAT(index, HasSubstr("- `debian-6.12`: INT PTR ENUM64"));
  EXPECT_THAT(index, HasSubstr(std::string(64, 'd')));
}

TEST(Pages, a_law_tells_its_points_exceptions_and_counter_examples) {
  const auto fixture = make_fixture();
  const auto text = page(pages_of(*fixture), "laws/small-buffer.md");
  EXPECT_THAT(text, HasSubstr("| raw | **H** holds | **H** holds | **H** holds |"));
  EXPECT_THAT(text, HasSubstr("| libbpf 1.4.6 | **H** holds | **B** broken | **H** holds |"));
  EXPECT_THAT(text, HasSubstr("**X** excepted"));
  EXPECT_THAT(text, HasSubstr("**?** not measured"));
  EXPECT_THAT(text, HasSubstr("loader `libbpf-0.3`: exercised"));
  EXPECT_THAT(text, HasSubstr("loader `raw`, level `2`: **not exercised**"));
  EXPECT_THAT(text, HasSubstr("debian-6.12/libbpf-1.4.6/long_fault/prog_load:2:4096"));
  EXPECT_THAT(text, HasSubstr("`P(2,4096)=ENOSPC`"));
  EXPECT_THAT(text, HasSubstr("where [log-rotates](log-rotates.md) was measured as no"));
  EXPECT_THAT(page(pages_of(*fixture), "laws/no-cell.md"), HasSubstr("no cell of it"));
}

TEST(Pages, a_loader_tells_its_calls_texts_and_probes) {
  const auto fixture = make_fixture();
  const auto text = page(pages_of(*fixture), "loaders/libbpf-0.3.md");
  EXPECT_THAT(text, HasSubstr("| `PROG_LOAD` | 144 |"));
  EXPECT_THAT(text, HasSubstr("`libbpf: invalid log level`"));
  EXPECT_THAT(text, HasSubstr("`B(0,0)=EINVAL`"));
  EXPECT_THAT(text, HasSubstr("[level-8](../laws/level-8.md)"));
}

TEST(Pages, btf_kinds_begin_with_enum64_and_tell_what_was_sanitised) {
  const auto fixture = make_fixture();
  const auto text = page(pages_of(*fixture), "btf-kinds.md");
  EXPECT_LT(text.find("`btf_enum64`"), text.find("`core_relocation`"));
  EXPECT_THAT(text, HasSubstr("**M** `ESRCH`"));
  EXPECT_THAT(text, HasSubstr("without ENUM64; in their place UNION"));
  EXPECT_THAT(text, HasSubstr("all as they are"));
}

TEST(Pages, of_the_strategies_the_useful_one_that_moves_least_is_best) {
  const auto fixture = make_fixture();
  const auto text = page(pages_of(*fixture), "strategies.md");
  EXPECT_THAT(text, HasSubstr("debian-6.12 | `query` **best** | 2 | 69999 |"));
  EXPECT_THAT(text, HasSubstr("| debian-5.10 | `fixed-first` | 6 |"));
  EXPECT_THAT(text, HasSubstr("`query`: the last line of the log was there in 3 of 3 cases"));
  EXPECT_THAT(text, HasSubstr("`fixed-first`: the last line of the log was there in 1 of 3 cases"));
  EXPECT_THAT(text, HasSubstr("`query` moved least"));
  fixture->run.cells.clear();
  fixture->hold_again();
  EXPECT_THAT(page(pages_of(*fixture), "strategies.md"), HasSubstr("no cell with a strategy"));
}

TEST(Pages, strategies_are_compared_where_all_of_them_ran) {
  const auto fixture = make_fixture();
  std::erase_if(fixture->run.cells, [](const result::CellRecord& cell) {
    const auto strategy = cell.mode.extra.find("strategy");
    return strategy != cell.mode.extra.end() && strategy->second == "query" && cell.kernel == 1;
  });
  fixture->hold_again();
  const auto text = page(pages_of(*fixture), "strategies.md");
  EXPECT_THAT(text, HasSubstr("Where all strategies were measured, 2 cases"));
  EXPECT_THAT(text, HasSubstr("`double`: the last line of the log was there in 2 of 2 cases"));
  std::erase_if(fixture->run.cells, [](const result::CellRecord& cell) {
    const auto strategy = cell.mode.extra.find("strategy");
    return strategy != cell.mode.extra.end() && strategy->second != "double" && cell.kernel == 0;
  });
  fixture->hold_again();
  const auto less = page(pages_of(*fixture), "strategies.md");
  EXPECT_THAT(less, HasSubstr("measured, 1 case:"));
  EXPECT_THAT(less, HasSubstr("| debian-5.10 | `double` | 6 |"));  // alone it is not the best
}

TEST(Pages, privilege_has_its_own_cells_alone) {
  const auto fixture = make_fixture();
  const auto text = page(pages_of(*fixture), "privilege.md");
  EXPECT_THAT(text, HasSubstr("uid=1000"));
  EXPECT_THAT(text, Not(HasSubstr("long")));
}

TEST(Pages, a_run_without_anything_has_pages_too) {
  Fixture fixture;
  fixture.hold_again();
  EXPECT_EQ(pages_of(fixture).size(), 7u);
}

}  // namespace
}  // namespace bpfmatrix::compat
