// Cases and their conditions: features of a kernel, of a loader, versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "law/evaluate.h"
#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::AttemptState;
using result::CellRecord;
using spec::Law;
using Op = spec::Check::Op;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kEinval = 22;

// Level 1 is the feature's cell, level 2 the law's: EINVAL without the feature, 0 with it.
Law made_conditional_law() {
  Law law = made_law("conditional");
  law.cases = {{.when = {feature("rotates")}, .then = {errno_is("0")}, .text = {}},
               {.when = {feature("rotates", true)}, .then = {errno_is("EINVAL")}, .text = {}}};
  return law;
}
Law rotates() {
  Law feature = made_feature("rotates");
  feature.modes = {mode_of_level(1)};
  return feature;
}
// 6.12 and 7.3 have it.
result::RunRecord rotating_run() {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel < 2; });
  return run;
}

TEST(Condition, the_case_is_chosen_by_what_was_measured_of_the_feature) {
  const auto run = rotating_run();
  const std::vector laws = {made_conditional_law(), rotates()};
  const auto findings = evaluate(laws, run);
  std::vector<int> cases;
  for (const auto& point : findings.results[0].points) {
    EXPECT_EQ(point.verdict, Verdict::holds);
    cases.push_back(point.applied_case);
  }
  EXPECT_THAT(cases, ElementsAre(1, 1, 0, 0));
}

TEST(Condition, a_broken_law_names_the_cell_of_the_feature_that_decided) {
  auto run = rotating_run();
  cell_at(run, "debian-6.1", "raw", "trivial", 2).attempt.observation.error = 0;
  const std::vector laws = {made_conditional_law(), rotates()};
  const auto findings = evaluate(laws, run);
  const auto& point = findings.results[0].points[1];
  EXPECT_EQ(point.verdict, Verdict::broken);
  EXPECT_EQ(run.cells[point.cell].id, "debian-6.1/raw/trivial/prog_load:2:4096");
  EXPECT_EQ(run.cells[point.held_against].id, "debian-6.1/raw/trivial/prog_load:1:4096");
}

TEST(Condition, a_feature_of_the_kernel_is_asked_for_loaders_that_have_no_cell_of_it) {
  const auto run = rotating_run();
  auto law = made_conditional_law();
  law.loaders = {"libbpf-0.3"};
  const std::vector laws = {law, rotates()};
  const auto findings = evaluate(laws, run);
  for (const auto& point : findings.results[0].points) EXPECT_EQ(point.verdict, Verdict::holds);
}

TEST(Condition, a_feature_of_the_loader_is_asked_of_the_same_loader_and_kernel) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.loader == 1 && cell.kernel == 0; });
  auto law = made_conditional_law();
  law.loaders = {"libbpf-*"};
  auto feature = rotates();
  feature.axis = Law::Axis::pair;
  feature.loaders = {"libbpf-*"};
  const std::vector laws = {law, feature};
  const auto findings = evaluate(laws, run);
  const auto& points = findings.results[0].points;
  EXPECT_EQ(points[0].applied_case, 1);  // 5.10 with libbpf-0.3
  EXPECT_EQ(points[1].applied_case, 0);  // 5.10 with libbpf-1.1.2
  EXPECT_EQ(points[2].applied_case, 0);  // 6.1 with libbpf-0.3
}

TEST(Condition, a_law_is_undecided_where_the_feature_was_not_measured) {
  auto run = rotating_run();
  cell_at(run, "debian-6.12", "raw", "trivial", 1).attempt.state = AttemptState::timeout;
  const std::vector laws = {made_conditional_law(), rotates()};
  const auto findings = evaluate(laws, run);
  const auto& point = findings.results[0].points[2];
  EXPECT_EQ(point.verdict, Verdict::undecided);
  EXPECT_EQ(point.text, "rotates was not measured on debian-6.12");
  EXPECT_EQ(findings.undecided, 1u);
  EXPECT_TRUE(findings.findings.empty());
}

TEST(Condition, a_law_is_undecided_where_the_feature_is_mixed) {
  auto run = rotating_run();
  auto feature = rotates();
  feature.programs = {"*"};
  cell_at(run, "debian-7.3", "raw", "long_fault", 1).attempt.observation.error = kEinval;
  const std::vector laws = {made_conditional_law(), feature};
  const auto point = evaluate(laws, run).results[0].points[3];
  EXPECT_EQ(point.verdict, Verdict::undecided);
  EXPECT_THAT(point.text, HasSubstr("yes in some cells and no in others on debian-7.3"));
}

TEST(Condition, a_law_is_undecided_where_loaders_disagree_about_the_kernel) {
  auto run = made_run();
  auto feature = rotates();
  feature.loaders = {"*"};
  cell_at(run, "debian-7.3", "libbpf-0.3", "trivial", 1).attempt.observation.error = kEinval;
  const std::vector laws = {made_conditional_law(), feature};
  const auto point = evaluate(laws, run).results[0].points[3];
  EXPECT_EQ(point.verdict, Verdict::undecided);
  EXPECT_THAT(point.text, HasSubstr("another with libbpf-0.3 than with raw on debian-7.3"));
}

TEST(Condition, a_law_without_a_case_that_applies_is_not_applicable) {
  const auto run = rotating_run();
  auto law = made_conditional_law();
  law.cases.pop_back();
  const std::vector laws = {law, rotates()};
  EXPECT_EQ(evaluate(laws, run).results[0].points[0].verdict, Verdict::not_applicable);
}

TEST(Condition, a_case_that_cannot_be_told_hides_those_behind_it) {
  auto law = made_conditional_law();
  law.cases = {{.when = {feature("nowhere")}, .then = {errno_is("EPERM")}, .text = {}},
               {.when = {}, .then = {errno_is("0")}, .text = {}}};
  EXPECT_EQ(evaluate({law}, made_run()).results[0].points[0].verdict, Verdict::undecided);
}

TEST(Condition, a_requirement_that_fails_outweighs_one_that_cannot_be_told) {
  auto law = made_conditional_law();
  law.loaders = {"libbpf-0.3"};
  law.cases = {{.when = {feature("nowhere"), version("libbpf", Op::greater_equal, "1.0")},
                .then = {errno_is("EPERM")},
                .text = {}},
               {.when = {}, .then = {errno_is("0")}, .text = {}}};
  const auto point = evaluate({law}, made_run()).results[0].points[0];
  EXPECT_EQ(point.verdict, Verdict::holds);
  EXPECT_EQ(point.applied_case, 1);
}

TEST(Condition, versions_are_compared_number_by_number) {
  const auto applies = [](Op op, const char* than) {
    auto law = made_law();
    law.loaders = {"libbpf-1.1.2"};
    law.cases[0].when = {version("libbpf", op, than)};
    return evaluate({law}, made_run()).results[0].points[0].verdict == Verdict::holds;
  };
  EXPECT_TRUE(applies(Op::less, "1.10"));
  EXPECT_FALSE(applies(Op::less, "1.1.2"));
  EXPECT_TRUE(applies(Op::less_equal, "1.1.2"));
  EXPECT_FALSE(applies(Op::less_equal, "1.1.1"));
  EXPECT_TRUE(applies(Op::greater, "0.9"));
  EXPECT_FALSE(applies(Op::greater, "1.1.2"));
  EXPECT_TRUE(applies(Op::greater_equal, "1.1.2"));
  EXPECT_FALSE(applies(Op::greater_equal, "1.2"));
  EXPECT_TRUE(applies(Op::equal, "1.1.2"));
  EXPECT_FALSE(applies(Op::equal, "1.1"));
}

TEST(Condition, a_version_of_another_kind_of_loader_is_no_and_an_unknown_one_undecided) {
  auto run = made_run();
  auto law = made_law();
  law.cases[0].when = {version("libbpf", Op::greater, "0.1")};
  EXPECT_EQ(evaluate({law}, run).results[0].points[0].verdict, Verdict::not_applicable);
  law.loaders = {"libbpf-0.3"};
  run.loaders[1].version.clear();
  EXPECT_EQ(evaluate({law}, run).results[0].points[0].verdict, Verdict::undecided);
}

TEST(Condition, a_circle_of_features_ends_undecided) {
  auto a = made_feature("a"), b = made_feature("b");
  a.cases[0].when = {feature("b")};
  b.cases[0].when = {feature("a")};
  EXPECT_EQ(evaluate({a, b}, made_run()).results[0].points[0].verdict, Verdict::undecided);
}

}  // namespace
}  // namespace bpfmatrix::law
