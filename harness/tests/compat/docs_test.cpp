// The pages that are kept in harness/docs, held against what the program makes today.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "cli/results_file.h"
#include "compat/claims.h"
#include "compat/pages.h"

namespace bpfmatrix::compat {
namespace {

namespace fs = std::filesystem;

const fs::path kDocs = BPFM_SOURCE "/harness/docs";
const fs::path kLaws = BPFM_SOURCE "/harness/laws";

void expect_pages(const fs::path& folder, const std::vector<Page>& pages, const char* command) {
  for (const auto& page : pages) {
    const auto kept = base::read_file(folder / page.path);
    ASSERT_TRUE(kept) << kept.error().message << "; write it: " << command;
    EXPECT_TRUE(*kept == page.text) << page.path << " is out of date; write it anew: " << command;
  }
  for (const char* subfolder : {"laws", "loaders"}) {
    if (!fs::is_directory(folder / subfolder)) continue;
    for (const auto& entry : fs::directory_iterator(folder / subfolder)) {
      const auto path = fs::relative(entry.path(), folder).string();
      EXPECT_NE(std::ranges::find(pages, path, &Page::path), pages.end()) << path << " is stale";
    }
  }
}

TEST(Docs, pages_of_the_laws_are_what_the_law_files_say) {
  const auto laws = spec::read_laws(kLaws);
  ASSERT_TRUE(laws) << laws.error().message;
  expect_pages(kDocs, make_statement_pages(*laws),
               "build/bin/bpfmatrix docs --laws --out harness/docs");
}

TEST(Docs, every_claim_is_of_laws_that_are_there) {
  const auto laws = spec::read_laws(kLaws);
  ASSERT_TRUE(laws);
  const auto claims = spec::read_claims(kLaws / "claims/claims.yaml", *laws);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_GE(claims->size(), 4u);
}

TEST(Docs, compatibility_pages_are_those_of_the_stored_results) {
  const auto folder = kDocs / "compat";
  const auto results = folder / "results.json.xz";
  if (!fs::exists(results)) {
    // No results, no pages: neither may be without the other, nor be linked.
    EXPECT_FALSE(fs::exists(folder / "README.md")) << "pages without " << results;
    for (const char* page : {"README.md", "harness/docs/architecture.md"}) {
      const auto text = base::read_file(fs::path(BPFM_SOURCE) / page);
      ASSERT_TRUE(text);
      EXPECT_EQ(text->find("docs/compat/README.md"), std::string::npos) << page << " links to them";
    }
    return;
  }
  const auto run = cli::read_results_file(results);
  ASSERT_TRUE(run) << run.error().message;
  const auto laws = spec::read_laws(kLaws);
  ASSERT_TRUE(laws) << laws.error().message;
  const auto claims = spec::read_claims(kLaws / "claims/claims.yaml", *laws);
  ASSERT_TRUE(claims) << claims.error().message;
  const auto judgement = result::judge(*run);
  const auto findings = law::evaluate(*laws, *run);
  expect_pages(folder, make_pages({*run, judgement, *laws, findings, *claims}),
               "build/bin/bpfmatrix docs --from harness/docs/compat/results.json.xz --out "
               "harness/docs/compat");
}

}  // namespace
}  // namespace bpfmatrix::compat
