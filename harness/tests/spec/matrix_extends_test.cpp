// extends: of a matrix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kParent = R"(kernels: [debian-5.10, debian-6.1]
loaders: [raw]
mode_sets:
  a: [{level: 1, buffer: none}]
  b: [{level: 2, buffer: none}]
modes: [a, b]
programs: [trivial]
limits: {cell: 5s, max_cells: 9}
expect: [{outcome: LOADED}]
)";

class MatrixExtends : public ::testing::Test {
 protected:
  base::Result<Matrix> parse(const std::string& name) {
    return parse_matrix(scratch_.path(name), three_kernels(), three_loaders(), {});
  }
  std::vector<std::string> mistakes_of(const std::string& name) {
    const auto matrix = parse(name);
    return matrix ? std::vector<std::string>{} : lines(matrix.error(), scratch_);
  }
  Scratch scratch_;
};

TEST_F(MatrixExtends, keys_of_the_child_replace_and_the_rest_stays) {
  scratch_.write("parent.yaml", kParent);
  scratch_.write("child.yaml",
                 "extends: parent.yaml\nkernels: [debian-6.12]\nlimits: {boot: 7s}\n");
  const auto matrix = parse("child.yaml");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->name, "child");
  EXPECT_THAT(matrix->kernels, ElementsAre("debian-6.12"));
  EXPECT_THAT(matrix->loaders, ElementsAre("raw"));
  EXPECT_EQ(matrix->limits.boot, std::chrono::seconds(7));
  EXPECT_EQ(matrix->limits.cell, Limits{}.cell);  // the whole key is replaced
  EXPECT_EQ(matrix->expectations.size(), 1u);
}

TEST_F(MatrixExtends, mode_sets_are_merged_by_name) {
  scratch_.write("parent.yaml", kParent);
  scratch_.write("child.yaml",
                 "extends: parent.yaml\nmode_sets:\n  b: [{level: 7, buffer: none}]\n"
                 "  c: [{level: 8, buffer: none}]\nmodes: [c, b, a]\n");
  const auto matrix = parse("child.yaml");
  ASSERT_TRUE(matrix) << matrix.error().message;
  std::vector<uint32_t> levels;
  for (const auto& mode : matrix->programs.at(0).modes) levels.push_back(mode.level);
  EXPECT_THAT(levels, ElementsAre(8u, 7u, 1u));
}

TEST_F(MatrixExtends, places_point_into_the_file_they_were_written_in) {
  scratch_.write("up/parent.yaml", kParent);
  scratch_.write("child.yaml", "extends: up/parent.yaml\nlimits: {cell: 1s}\n");
  const auto matrix = parse("child.yaml");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->expectations.at(0).place.file, scratch_.path("up/parent.yaml"));
  EXPECT_EQ(matrix->expectations.at(0).place.line, 9);
  EXPECT_EQ(matrix->programs.at(0).place.file, scratch_.path("up/parent.yaml"));
}

TEST_F(MatrixExtends, mistakes_of_parent_and_child_are_told_together) {
  scratch_.write("up/parent.yaml", std::string(kParent) + "exlude: []\n");
  scratch_.write("child.yaml", "extends: up/parent.yaml\nkernels: [debian-9]\n");
  EXPECT_THAT(
      mistakes_of("child.yaml"),
      ElementsAre(
          "up/parent.yaml:10:1: unknown key \"exlude\" in a matrix: did you mean \"exclude\"?",
          HasSubstr("child.yaml:2:11: \"debian-9\" matches no kernel")));
}

TEST_F(MatrixExtends, paths_are_relative_to_the_file_they_were_written_in) {
  scratch_.write("up/parent.yaml",
                 "kernels: [{id: mine, file: k/bzImage}]\nloaders: [raw]\n"
                 "modes: [{level: 0, buffer: none}]\nprograms: [trivial]\n");
  scratch_.write("sub/child.yaml", "extends: ../up/parent.yaml\n");
  const auto matrix = parse("sub/child.yaml");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(std::get<FileKernel>(matrix->kernel_entries.at(0).source).image,
            scratch_.path("up/k/bzImage"));
}

TEST_F(MatrixExtends, grandparents_count_and_the_nearest_wins) {
  scratch_.write("a.yaml", kParent);
  scratch_.write("b.yaml", "extends: a.yaml\nkernels: [debian-6.1]\n");
  scratch_.write("c.yaml", "extends: b.yaml\nloaders: [libbpf-0.3]\n");
  const auto matrix = parse("c.yaml");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_THAT(matrix->kernels, ElementsAre("debian-6.1"));
  EXPECT_THAT(matrix->loaders, ElementsAre("libbpf-0.3"));
  EXPECT_EQ(matrix->programs.at(0).modes.size(), 2u);
}

TEST_F(MatrixExtends, circles_are_refused_whatever_the_spelling) {
  scratch_.write("a.yaml", "extends: ./sub/../b.yaml\n");
  scratch_.write("sub/x", "");
  scratch_.write("b.yaml", "extends: a.yaml\n");
  EXPECT_THAT(mistakes_of("a.yaml"), ElementsAre("b.yaml:1:10: \"a.yaml\" extends itself"));
  scratch_.write("self.yaml", "extends: self.yaml\n");
  EXPECT_THAT(mistakes_of("self.yaml"),
              ElementsAre("self.yaml:1:10: \"self.yaml\" extends itself"));
}

TEST_F(MatrixExtends, long_chains_are_refused) {
  for (int i = 0; i < 40; ++i)
    scratch_.write(fmt::format("m{}.yaml", i), fmt::format("extends: m{}.yaml\n", i + 1));
  scratch_.write("m40.yaml", kParent);
  EXPECT_THAT(mistakes_of("m0.yaml"), ElementsAre("m15.yaml:1:10: a chain of more than 16 files"));
  EXPECT_THAT(mistakes_of("m25.yaml"), ElementsAre());  // 16 files
}

TEST_F(MatrixExtends, a_missing_parent_is_reported_where_it_is_named_and_only_it) {
  scratch_.write("child.yaml",
                 "extends: none.yaml\nmodes: [from_parent]\nprograms: [trivial, {match: x}]\n"
                 "limits: {cell: x}\n");
  EXPECT_THAT(mistakes_of("child.yaml"),
              ElementsAre("child.yaml:1:10: open none.yaml: No such file or directory",
                          HasSubstr("child.yaml:4:16: \"cell\" is \"x\"")));
}

TEST_F(MatrixExtends, a_parent_that_is_no_yaml_hides_no_mistake_of_the_child) {
  scratch_.write("parent.yaml", "kernels: [\n");
  scratch_.write("child.yaml", "extends: parent.yaml\nkernels: [debian-9]\nmode_sets: {a: [b]}\n");
  const auto told = mistakes_of("child.yaml");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[0], HasSubstr("parent.yaml:"));
  EXPECT_THAT(told[0], HasSubstr("not YAML"));
  EXPECT_THAT(told[1], HasSubstr("child.yaml:2:11: \"debian-9\" matches no kernel"));
}

TEST_F(MatrixExtends, a_parent_that_is_no_mapping_is_refused) {
  scratch_.write("parent.yaml", "[a]\n");
  scratch_.write("child.yaml", "extends: parent.yaml\n");
  EXPECT_THAT(mistakes_of("child.yaml"),
              ElementsAre("parent.yaml:1:1: a matrix must be a mapping"));
}

}  // namespace
}  // namespace bpfmatrix::spec
