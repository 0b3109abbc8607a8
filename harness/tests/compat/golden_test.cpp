// The pages of the shared run held against the files under data/pages. BPFM_UPDATE_GOLDENS=1 writes
// them anew; look at the difference like at code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "../report/schema_check.h"
#include "base/files.h"
#include "fixture.h"

namespace bpfmatrix::compat {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void expect_folder(const fs::path& folder, const std::vector<Page>& pages) {
  const char* update = std::getenv("BPFM_UPDATE_GOLDENS");
  if (update != nullptr && *update == '1') {
    fs::remove_all(folder);
    for (const auto& page : pages) ASSERT_TRUE(base::write_file(folder / page.path, page.text));
  }
  std::set<std::string> paths;
  for (const auto& page : pages) {
    const auto golden = base::read_file(folder / page.path);
    ASSERT_TRUE(golden) << golden.error().message;
    EXPECT_EQ(page.text, *golden) << page.path << "; BPFM_UPDATE_GOLDENS=1 writes it anew";
    paths.insert(page.path);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto path = fs::relative(entry.path(), folder).string();
    EXPECT_TRUE(entry.is_directory() || paths.contains(path)) << path << " is of no page";
  }
}

TEST(CompatGolden, pages_of_a_run) {
  const auto fixture = make_fixture();
  expect_folder(BPFM_TEST_DATA "/pages", make_pages(fixture->material()));
}

TEST(CompatGolden, pages_of_laws_without_a_run) {
  const auto fixture = make_fixture();
  expect_folder(BPFM_TEST_DATA "/statements", make_statement_pages(fixture->laws));
}

json schema() {
  return json::parse(base::read_file(BPFM_SOURCE "/harness/docs/compat.schema.json").value());
}

TEST(CompatSchema, describes_every_member_of_compat_json) {
  const auto fixture = make_fixture();
  const auto document = json::parse(page(make_pages(fixture->material()), "compat.json"));
  EXPECT_THAT(report::schema_mistakes(schema(), document), IsEmpty());
}

TEST(CompatSchema, refuses_what_is_not_as_it_says) {
  const auto fixture = make_fixture();
  const auto document = json::parse(page(make_pages(fixture->material()), "compat.json"));
  const auto mistake = [&](auto spoil) {
    json spoilt = document;
    spoil(spoilt["bpf"]["attributes"]["log-rotates"]["__compat"], spoilt);
    const auto mistakes = report::schema_mistakes(schema(), spoilt);
    return mistakes.empty() ? std::string() : mistakes[0];
  };
  EXPECT_EQ(mistake([](json&, json&) {}), "");
  EXPECT_THAT(mistake([](json&, json& all) { all.erase("__meta"); }), HasSubstr("__meta"));
  EXPECT_THAT(mistake([](json& one, json&) { one.erase("support"); }), HasSubstr("support"));
  EXPECT_THAT(mistake([](json& one, json&) { one["support"]["linux_debian"]["version"] = "1"; }),
              HasSubstr("not described"));
  EXPECT_THAT(
      mistake([](json& one, json&) { one["support"]["linux_debian"]["version_added"] = 6; }),
      HasSubstr("type"));
}

}  // namespace
}  // namespace bpfmatrix::compat
