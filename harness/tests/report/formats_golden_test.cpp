// The formats for other programs held against files under data/formats. BPFM_UPDATE_GOLDENS=1
// writes them anew; look at the difference like at code.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "formats_fixture.h"

namespace bpfmatrix::report {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(BPFM_TEST_DATA "/formats/") + name;
  if (const char* update = std::getenv("BPFM_UPDATE_GOLDENS"); update && *update == '1') {
    const auto written = base::write_file(path, text);
    ASSERT_TRUE(written) << written.error().message;
  }
  const auto golden = base::read_file(path);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(text, *golden) << name << " differs; BPFM_UPDATE_GOLDENS=1 writes it anew";
}

TEST(FormatsGolden, junit) {
  expect_golden("junit.xml", whole_fixture().render("junit"));
}

TEST(FormatsGolden, ktap) {
  expect_golden("ktap.txt", whole_fixture().render("ktap"));
}

TEST(FormatsGolden, github_summary) {
  expect_golden("github-summary.md", whole_fixture().render("github-summary"));
}

TEST(FormatsGolden, github_annotations) {
  expect_golden("github-annotations.txt", whole_fixture().render("github-annotations"));
}

TEST(FormatsGolden, veristat_csv) {
  expect_golden("veristat.csv", whole_fixture().render("csv"));
}

TEST(FormatsGolden, kcidb) {
  expect_golden("kcidb.json", short_fixture().render("kcidb"));
}

}  // namespace
}  // namespace bpfmatrix::report
