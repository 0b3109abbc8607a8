// Cells of the matrix's laws, and the shipped laws over the shipped catalogues.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "fixture.h"
#include "plan/plan.h"
#include "spec/law.h"

namespace bpfmatrix::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// k1 and k2, raw and lib, programs a, b and c; no cells of its own.
class LawCells : public ::testing::Test {
 protected:
  LawCells() {
    for (const char* stem : {"a", "b", "c"}) f_.objects.add(stem, {"f"});
    f_.matrix.loaders = {"*"};
  }
  spec::Law& law(std::vector<std::string> loaders, std::vector<std::string> programs,
                 std::vector<spec::LogMode> modes) {
    spec::Law law;
    law.id = "law" + std::to_string(f_.matrix.laws.size());
    law.loaders = std::move(loaders);
    law.programs = std::move(programs);
    law.modes = std::move(modes);
    law.programs_place = {"/l/law.yaml", 4, 12};
    return f_.matrix.laws.emplace_back(std::move(law));
  }

  Fixture f_;
};

TEST_F(LawCells, a_law_is_planned_with_its_own_loaders_only) {
  f_.choose({"b"}, {prog(1)});
  law({"raw"}, {"a", "b"}, {prog(2)});
  EXPECT_THAT(f_.ids(), ElementsAre("k1/raw/b/prog_load:1:none", "k1/raw/b/prog_load:2:none",
                                    "k1/raw/a/prog_load:2:none", "k1/lib/b/prog_load:1:none"));
}

TEST_F(LawCells, a_cell_that_matrix_and_laws_name_is_planned_once_for_all_their_loaders) {
  law({"raw"}, {"a"}, {prog(1), prog(2)});
  law({"l*"}, {"a"}, {prog(2), prog(3)});
  f_.choose({"a"}, {prog(1)});
  EXPECT_THAT(f_.ids(),
              ElementsAre("k1/raw/a/prog_load:1:none", "k1/raw/a/prog_load:2:none",
                          "k1/lib/a/prog_load:1:none", "k1/lib/a/prog_load:2:none",
                          "k1/lib/a/prog_load:3:none"));
}

TEST_F(LawCells, a_matrix_of_laws_alone_needs_no_programs) {
  f_.matrix.kernels = {"*"};
  law({"raw"}, {"c", "a"}, {prog(1)});
  EXPECT_THAT(f_.ids(), ElementsAre("k1/raw/c/prog_load:1:none", "k1/raw/a/prog_load:1:none",
                                    "k2/raw/c/prog_load:1:none", "k2/raw/a/prog_load:1:none"));
}

TEST_F(LawCells, the_other_cell_of_each_cell_is_planned_too) {
  spec::Law& one = law({"lib"}, {"a"}, {prog(2)});
  one.other.emplace().or_level = 8;
  EXPECT_THAT(f_.ids(), ElementsAre("k1/lib/a/prog_load:2:none", "k1/lib/a/prog_load:10:none"));
  f_.matrix.laws[0].other = spec::Other{.loader = "raw", .program = "b"};
  EXPECT_THAT(f_.ids(), ElementsAre("k1/raw/b/prog_load:2:none", "k1/lib/a/prog_load:2:none"));
}

TEST_F(LawCells, a_law_without_a_loader_of_the_matrix_plans_nothing) {
  f_.matrix.loaders = {"raw"};
  law({"lib"}, {"a"}, {prog(2)}).other = spec::Other{.loader = "raw"};
  f_.choose({"b"}, {prog(1)});
  EXPECT_THAT(f_.ids(), ElementsAre("k1/raw/b/prog_load:1:none"));
  const auto plan = f_.expand();
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->notes, IsEmpty());
}

TEST_F(LawCells, a_feature_without_its_loader_is_noted) {
  f_.matrix.loaders = {"lib"};
  law({"raw"}, {"a"}, {prog(1)}).kind = spec::Law::Kind::feature;
  law({"lib"}, {"a"}, {prog(1)}).other = spec::Other{.loader = "raw"};
  const auto plan = f_.expand();
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->notes,
              ElementsAre(HasSubstr("feature law0 is measured with raw, and the matrix has no such"),
                          "law law1 is held against loader raw, which the matrix does not have"));
}

TEST_F(LawCells, unknown_programs_are_told_at_the_laws_place) {
  law({"raw"}, {"x*", "a"}, {prog(1)}).other =
      spec::Other{.program = "bb", .place = {"/l/law.yaml", 7, 8}};
  const auto plan = f_.expand();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message,
            "/l/law.yaml:4:12: \"x*\" matches no program: there are a, b, c\n"
            "/l/law.yaml:7:8: \"bb\" matches no program: did you mean \"b\"?");
}

TEST_F(LawCells, selection_exclusions_limits_and_the_largest_number_go_for_them_too) {
  f_.choose({"a"}, {prog(1)}).cell_limit = std::chrono::seconds(60);
  law({"raw", "lib"}, {"a", "b"}, {prog(2)});
  EXPECT_THAT(f_.ids({.loaders = {"lib"}, .programs = {"b"}}),
              ElementsAre("k1/lib/b/prog_load:2:none"));
  EXPECT_THAT(f_.ids({.loaders = {"lib"}, .modes = {"*:2:*"}}),
              ElementsAre("k1/lib/a/prog_load:2:none", "k1/lib/b/prog_load:2:none"));
  f_.matrix.exclusions.push_back({{.programs = {"b"}, .levels = {2}}, "slow", {}});
  const auto plan = f_.expand();
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->cells.size(), 6u);
  for (const auto& cell : plan->cells) {
    const bool is_b = plan->programs[cell.program].id == "b";
    EXPECT_EQ(cell.ruling == Cell::Ruling::filtered, is_b);
    EXPECT_EQ(cell.limit == std::chrono::seconds(60), !is_b);
  }
  f_.matrix.limits.max_cells = 6;
  EXPECT_TRUE(f_.expand());
  f_.matrix.limits.max_cells = 5;
  const auto refused = f_.expand();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("6 cells, more than limits.max_cells, 5"));
}

TEST_F(LawCells, btf_loads_of_the_matrix_keep_their_names_beside_laws) {
  f_.objects.add("two", {"f", "g"});
  const auto btf = mode(spec::Interface::btf_load, 1, "4096");
  f_.matrix.loaders = {"raw"};
  f_.choose({"two:g"}, {btf});
  law({"raw"}, {"two:f"}, {prog(1), btf});
  EXPECT_THAT(f_.ids(),
              ElementsAre("k1/raw/two:g/btf_load:1:4096", "k1/raw/two:f/prog_load:1:none"));
}

// The shipped laws over the shipped catalogues and one program for each file of testprogs/.
class ShippedLaws : public ::testing::Test {
 protected:
  ShippedLaws()
      : kernels_(*spec::read_kernel_catalogue(BPFM_SOURCE "/images/kernels.yaml")),
        loaders_(*spec::read_loader_catalogue(BPFM_SOURCE "/images/libbpf.yaml")) {
    for (const auto& entry : std::filesystem::directory_iterator(BPFM_SOURCE "/testprogs")) {
      const std::string file = entry.path().filename().string();
      if (const size_t at = file.find(".bpf."); at != std::string::npos)
        objects_.add(file.substr(0, at), {file.substr(0, at)});
    }
    auto laws = spec::read_laws(BPFM_SOURCE "/harness/laws");
    if (!laws) {
      ADD_FAILURE() << laws.error().message;
      return;
    }
    matrix_.laws = std::move(*laws);
    matrix_.kernels = matrix_.loaders = {"*"};
  }

  spec::KernelCatalogue kernels_;
  spec::LoaderCatalogue loaders_;
  Objects objects_;
  spec::Matrix matrix_;
};

TEST_F(ShippedLaws, can_all_be_planned_together_each_cell_once) {
  ASSERT_GE(matrix_.laws.size(), 4u);
  const auto plan = expand(matrix_, kernels_, loaders_, objects_.programs(), {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->notes, IsEmpty());
  std::set<std::string> ids;
  for (const auto& cell : plan->cells) EXPECT_TRUE(ids.insert(plan->id(cell)).second);
}

TEST_F(ShippedLaws, each_has_a_cell_that_a_kernel_can_run) {
  const auto all = matrix_.laws;
  for (const auto& law : all) {
    matrix_.laws = {law};
    const auto plan = expand(matrix_, kernels_, loaders_, objects_.programs(), {});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(std::any_of(
        plan->cells.begin(), plan->cells.end(),
        [](const Cell& cell) { return cell.ruling == Cell::Ruling::run; }))
        << law.id;
    for (const auto& glob : law.loaders)
      EXPECT_TRUE(std::any_of(plan->loaders.begin(), plan->loaders.end(),
                              [&](const auto& loader) {
                                return base::glob_matches(glob, loader.id);
                              }))
          << law.id << ": loader " << glob;
    EXPECT_FALSE(law.why.empty()) << law.id;
    EXPECT_FALSE(law.sources.empty()) << law.id;
  }
}

}  // namespace
}  // namespace bpfmatrix::plan
