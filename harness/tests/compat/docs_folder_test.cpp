#include "cli/docs_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "cli/results_file.h"
#include "fixture.h"
#include "report/render.h"

namespace bpfmatrix::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DocsFolder : public ::testing::Test {
 protected:
  DocsFolder()
      : scratch_(std::move(*base::TemporaryFolder::make(fs::temp_directory_path(), "docs"))) {}
  [[nodiscard]] fs::path out() const { return scratch_.path() / "out"; }
  void put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(base::write_file(out() / path, text));
  }
  static std::vector<compat::Page> pages() {
    return compat::make_pages(compat::make_fixture()->material());
  }
  static std::string mistake(const base::Result<size_t>& written) {
    return written ? "none" : written.error().message;
  }

  base::TemporaryFolder scratch_;
};

TEST_F(DocsFolder, earlier_pages_are_replaced_and_stale_ones_removed) {
  auto some = pages();
  EXPECT_EQ(write_pages(out(), some).value_or(99), 0u);
  std::erase_if(some, [](const auto& page) { return page.path == "laws/no-cell.md"; });
  put("laws/mine.md", "# Mine\n");
  EXPECT_EQ(write_pages(out(), some).value_or(99), 1u);
  EXPECT_FALSE(fs::exists(out() / "laws/no-cell.md"));
  EXPECT_TRUE(fs::exists(out() / "laws/mine.md"));
  for (const auto& page : some) EXPECT_EQ(*base::read_file(out() / page.path), page.text);
}

TEST_F(DocsFolder, a_folder_of_something_else_is_refused_untouched) {
  put("notes.txt", "mine");
  EXPECT_THAT(mistake(write_pages(out(), pages())), HasSubstr("not empty"));
  EXPECT_FALSE(fs::exists(out() / "README.md"));
}

TEST_F(DocsFolder, a_file_that_it_did_not_make_stays) {
  put("README.md", "# Mine\n");
  EXPECT_THAT(mistake(write_pages(out(), pages())), HasSubstr("README.md: was not made by"));
  EXPECT_EQ(*base::read_file(out() / "README.md"), "# Mine\n");
  EXPECT_FALSE(fs::exists(out() / "laws"));
}

TEST_F(DocsFolder, the_results_may_lie_beside_their_pages) {
  put("results.json.xz", "x");
  EXPECT_EQ(mistake(write_pages(out(), pages())), "none");
}

TEST_F(DocsFolder, pages_of_laws_live_beside_other_docs) {
  put("architecture.md", "# Mine\n");
  const auto laws = compat::make_statement_pages(compat::make_fixture()->laws);
  EXPECT_EQ(mistake(write_pages(out(), laws)), "none");
  put("laws.md", "# Mine\n");
  EXPECT_THAT(mistake(write_pages(out(), laws)), HasSubstr("laws.md: was not made by"));
}

TEST_F(DocsFolder, a_results_file_that_is_none_is_told_with_its_name) {
  EXPECT_THAT(read_results_file(out()).error().message, HasSubstr("no such file"));
  put("results.json", "{}\n");
  const auto run = read_results_file(out() / "results.json");
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(run.error().message, HasSubstr("results.json: line 1: "));
  const auto fixture = compat::make_fixture();
  put("results.json", report::render_json(fixture->run, fixture->judgement));
  EXPECT_EQ(read_results_file(out() / "results.json")->cells.size(), fixture->run.cells.size());
}

}  // namespace
}  // namespace bpfmatrix::cli
