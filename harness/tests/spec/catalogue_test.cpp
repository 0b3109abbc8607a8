#include "spec/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;

TEST(Catalogue, versions_compare_number_by_number) {
  EXPECT_EQ(compare_versions("5.10", "6.1"), -1);
  EXPECT_EQ(compare_versions("6.1", "6.12"), -1);
  EXPECT_EQ(compare_versions("6.12", "6.2"), 1);
  EXPECT_EQ(compare_versions("0.3", "1.1.2"), -1);
  EXPECT_EQ(compare_versions("1.4", "1.4.6"), -1);
  EXPECT_EQ(compare_versions("1.4.6", "1.4.6"), 0);
  EXPECT_EQ(compare_versions("6.01", "6.1"), 0);
  EXPECT_EQ(compare_versions("", "0.3"), -1);
  EXPECT_EQ(compare_versions("1.8.0-rc1", "1.8.0"), 0);
  EXPECT_EQ(compare_versions("1.99999999999999999999", "1.100000000000000000000"), -1);
}

TEST(Catalogue, comparing_versions_the_other_way_round_gives_the_opposite) {
  EXPECT_TRUE(rc::check([] {
    const auto version = [] {
      std::string text;
      for (const unsigned number :
           *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(0u, 30u)))
        text += (text.empty() ? "" : ".") + std::to_string(number);
      return text;
    };
    const std::string a = version();
    const std::string b = version();
    RC_ASSERT(compare_versions(a, b) == -compare_versions(b, a));
    RC_ASSERT(compare_versions(a, a) == 0);
  }));
}

TEST(Catalogue, kernels_are_read_and_sorted_oldest_first) {
  Scratch scratch;
  const auto catalogue = read_kernel_catalogue(scratch.write("k.yaml", R"(
suites:
  - {name: old, archive: debian-security}
kernels:
  - {id: new, debian: {suite: old, series: 6.12, flavour: cloud-amd64}}
  - {id: older, debian: {suite: old, series: 5.10, flavour: amd64}}
)"));
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  ASSERT_EQ(catalogue->suites.size(), 1u);
  EXPECT_EQ(catalogue->suites[0].name, "old");
  EXPECT_EQ(catalogue->suites[0].archive, "debian-security");
  ASSERT_EQ(catalogue->kernels.size(), 2u);
  const KernelEntry& first = catalogue->kernels[0];
  EXPECT_EQ(first.id, "older");
  EXPECT_EQ(first.vendor, "debian");
  EXPECT_EQ(first.series, "5.10");
  EXPECT_EQ(first.arch, "x86_64");
  EXPECT_EQ(first.place.line, 6);
  const auto* debian = std::get_if<DebianKernel>(&first.source);
  ASSERT_NE(debian, nullptr);
  EXPECT_EQ(debian->suite, "old");
  EXPECT_EQ(debian->series, "5.10");
  EXPECT_EQ(debian->flavour, "amd64");
}

TEST(Catalogue, all_mistakes_of_a_kernel_catalogue_are_told_at_once) {
  Scratch scratch;
  const auto catalogue = read_kernel_catalogue(scratch.write("k.yaml", R"(suites:
  - {name: old, archive: ubuntu}
  - {name: sid, archive: debian}
  - {name: sid, archive: debian}
kernels:
  - {id: Bad, debian: {suite: sid, series: 6.1, flavour: a}}
  - {id: a, debian: {suite: sidd, series: 6.1, flavour: a}}
  - {id: a, debian: {suite: sid, series: v6, flavour: a}}
  - {debian: {suite: sid, series: 6.1}}
  - {id: b, file: x}
loaders: []
)"));
  ASSERT_FALSE(catalogue);
  EXPECT_THAT(
      lines(catalogue.error(), scratch),
      ElementsAre(
          "k.yaml:2:26: archive \"ubuntu\" is not known: one of debian, debian-security",
          "k.yaml:4:5: suite \"sid\" is given twice",
          "k.yaml:6:10: \"id\" is \"Bad\": must be an id of at most 64 characters out of a-z "
          "0-9 . _ -, a letter or digit first",
          "k.yaml:7:29: suite \"sidd\" is not known: did you mean \"sid\"?",
          "k.yaml:8:10: id \"a\" is given twice",
          "k.yaml:8:42: \"series\" is \"v6\": must be a version such as 6.1",
          "k.yaml:9:5: a kernel has no \"id\"", "k.yaml:9:14: \"debian\" has no \"flavour\"",
          "k.yaml:10:5: a kernel has no \"debian\"",
          "k.yaml:10:13: unknown key \"file\" in a kernel: it has id, debian",
          "k.yaml:11:1: unknown key \"loaders\" in a kernel catalogue: it has suites, kernels"));
}

TEST(Catalogue, loaders_are_read_raw_first_then_oldest_first) {
  Scratch scratch;
  const auto catalogue = read_loader_catalogue(scratch.write("l.yaml", R"(
loaders:
  - {id: b, version: 1.1.2, debian: {suite: bookworm}}
  - {id: c, crate: 0.8.3+v0.8.1}
  - {id: d, crate: 0.5.0-2}
  - {id: raw, raw: {}}
)"));
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  std::vector<std::string> seen;
  for (const auto& loader : catalogue->loaders)
    seen.push_back(loader.id + " " + loader.kind + " " + loader.version);
  EXPECT_THAT(seen, ElementsAre("raw raw ", "d libbpf 0.5.0", "c libbpf 0.8.1", "b libbpf 1.1.2"));
  EXPECT_TRUE(std::holds_alternative<RawLoader>(catalogue->loaders[0].source));
  EXPECT_EQ(std::get<CrateLibbpf>(catalogue->loaders[2].source).crate_version, "0.8.3+v0.8.1");
  EXPECT_EQ(std::get<DebianLibbpf>(catalogue->loaders[3].source).suite, "bookworm");
}

TEST(Catalogue, all_mistakes_of_a_loader_catalogue_are_told_at_once) {
  Scratch scratch;
  const auto catalogue = read_loader_catalogue(scratch.write("l.yaml", R"(loaders:
  - {id: raw, raw: {}, version: 1}
  - {id: a, crate: next}
  - {id: b, crate: 1.2.1+v1.2.0, version: 1.2.1}
  - {id: c, debian: {suite: sid}}
  - {id: d, version: "1.0", debian: {suite: sid}, crate: 1.0.4+v1.0.1}
  - {id: e}
  - {id: f, raw: {x: 1}}
)"));
  ASSERT_FALSE(catalogue);
  EXPECT_THAT(lines(catalogue.error(), scratch),
              ElementsAre("l.yaml:2:33: \"raw\" has no version: it is the system call",
                          "l.yaml:3:20: crate version \"next\" names no libbpf version such as "
                          "0.8.3+v0.8.1 or 0.5.0-2",
                          "l.yaml:4:43: version \"1.2.1\" is not that of the crate, 1.2.0",
                          "l.yaml:5:5: a loader has no \"version\"",
                          "l.yaml:6:5: a loader has one of \"raw\", \"debian\", \"crate\" and \"git\"",
                          "l.yaml:7:5: a loader has one of \"raw\", \"debian\", \"crate\" and \"git\"",
                          "l.yaml:8:19: unknown key \"x\" in \"raw\": it has no keys"));
}

TEST(Catalogue, a_missing_or_empty_catalogue_is_an_error_with_its_name) {
  Scratch scratch;
  const auto missing = read_kernel_catalogue(scratch.path("none.yaml"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, ::testing::HasSubstr("none.yaml"));
  const auto empty = read_loader_catalogue(scratch.write("e.yaml", ""));
  ASSERT_FALSE(empty);
  EXPECT_THAT(lines(empty.error(), scratch),
              ElementsAre("e.yaml:1:1: a loader catalogue must be a mapping, not empty"));
}

// The project's own catalogues.
TEST(Catalogue, the_catalogues_of_the_project_hold_eleven_kernels_and_sixteen_loaders) {
  const auto kernels = read_kernel_catalogue(BPFM_SOURCE "/images/kernels.yaml");
  ASSERT_TRUE(kernels) << kernels.error().message;
  std::vector<std::string> series;
  for (const auto& kernel : kernels->kernels) {
    series.push_back(kernel.series);
    EXPECT_EQ(kernel.id, "debian-" + kernel.series);
  }
  EXPECT_THAT(series, ElementsAre("5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0",
                                  "7.1", "7.2", "7.3"));
  const auto loaders = read_loader_catalogue(BPFM_SOURCE "/images/libbpf.yaml");
  ASSERT_TRUE(loaders) << loaders.error().message;
  std::vector<std::string> versions;
  for (const auto& loader : loaders->loaders) {
    versions.push_back(loader.version);
    EXPECT_EQ(loader.id, loader.kind == "raw" ? "raw" : "libbpf-" + loader.version);
  }
  EXPECT_THAT(versions,
              ElementsAre("", "0.3", "0.4.0", "0.5.0", "0.6.1", "0.7.0", "0.8.1", "1.0.1", "1.1.2",
                          "1.2.0", "1.3.0", "1.4.2", "1.4.6", "1.5.0", "1.6.3", "1.7.0"));
}

TEST(Catalogue, the_suites_of_the_projects_loaders_are_known) {
  const auto kernels = read_kernel_catalogue(BPFM_SOURCE "/images/kernels.yaml");
  const auto loaders = read_loader_catalogue(BPFM_SOURCE "/images/libbpf.yaml");
  ASSERT_TRUE(kernels && loaders);
  std::set<std::string> suites;
  for (const auto& suite : kernels->suites) suites.insert(suite.name);
  for (const auto& loader : loaders->loaders) {
    if (const auto* debian = std::get_if<DebianLibbpf>(&loader.source)) {
      EXPECT_EQ(suites.count(debian->suite), 1u) << loader.id;
    }
  }
}

}  // namespace
}  // namespace bpfmatrix::spec
