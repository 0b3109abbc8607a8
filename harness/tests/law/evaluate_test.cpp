// Which cells a law looks at, and the verdicts that it gives.
#include "law/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::AttemptState;
using result::CellRecord;
using spec::Field;
using spec::Law;
using Op = spec::Check::Op;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kEinval = 22;

// The verdicts of the first law, by kernel, then loader.
std::vector<Verdict> verdicts(const std::vector<Law>& laws, const result::RunRecord& run) {
  std::vector<Verdict> verdicts;
  const auto findings = evaluate(laws, run);
  for (const auto& point : findings.results.at(0).points) verdicts.push_back(point.verdict);
  return verdicts;
}

TEST(Evaluate, a_law_holds_where_every_cell_is_as_it_says) {
  const std::vector laws = {made_law()};
  const auto findings = evaluate(laws, made_run());
  const auto& result = findings.results.at(0);
  EXPECT_EQ(result.law, &laws[0]);
  EXPECT_TRUE(result.planned);
  ASSERT_EQ(result.points.size(), 4u);  // four kernels, one loader
  for (const auto& point : result.points) {
    EXPECT_EQ(point.verdict, Verdict::holds);
    EXPECT_EQ(point.cells, 1u);
    EXPECT_EQ(point.against, 0u);
    EXPECT_EQ(point.applied_case, 0);
  }
  EXPECT_EQ(findings.holds, 1u);
  EXPECT_EQ(findings.broken, 0u);
  EXPECT_TRUE(findings.findings.empty());
}

TEST(Evaluate, a_law_is_broken_by_one_cell_of_many) {
  auto run = made_run();
  auto law = made_law();
  law.programs = {"*"};
  law.modes = {mode_of_level(1), mode_of_level(2)};
  cell_at(run, "debian-6.1", "raw", "long_fault", 1).attempt.observation.error = kEinval;
  const std::vector laws = {law};
  const auto findings = evaluate(laws, run);
  EXPECT_THAT(verdicts(laws, run),
              ElementsAre(Verdict::holds, Verdict::broken, Verdict::holds, Verdict::holds));
  const auto& point = findings.results[0].points[1];
  EXPECT_EQ(point.cells, 4u);
  EXPECT_EQ(point.against, 1u);
  EXPECT_EQ(run.cells[point.cell].id, "debian-6.1/raw/long_fault/prog_load:1:4096");
  EXPECT_EQ(point.text, "errno: expected 0, found EINVAL");
  EXPECT_EQ(findings.broken, 1u);
}

TEST(Evaluate, other_loaders_programs_and_modes_are_not_looked_at) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) {
    return cell.loader != 0 || cell.program != 0 || cell.mode.level != 2;
  });
  EXPECT_THAT(verdicts({made_law()}, run), testing::Each(Verdict::holds));
  auto one_mode_of_the_buffer = made_law();
  one_mode_of_the_buffer.modes[0].extra = {{"uid", "1000"}};  // no cell has this very mode
  EXPECT_FALSE(evaluate({one_mode_of_the_buffer}, run).results[0].planned);
}

TEST(Evaluate, cells_without_an_observation_are_not_looked_at) {
  for (const auto state : {AttemptState::kernel_crash, AttemptState::timeout,
                           AttemptState::not_reached, AttemptState::not_expressible}) {
    auto run = made_run();
    auto& attempt = cell_at(run, "debian-6.1", "raw", "trivial", 2).attempt;
    attempt.state = state;
    attempt.observation.error = kEinval;
    EXPECT_THAT(verdicts({made_law()}, run), ElementsAre(Verdict::holds, Verdict::not_measured,
                                                         Verdict::holds, Verdict::holds));
  }
}

TEST(Evaluate, nothing_holds_where_a_cell_was_lost_but_what_contradicts_is_still_told) {
  auto law = made_law();
  law.modes.push_back(mode_of_level(1));
  auto feature = made_feature();
  feature.modes = law.modes;
  auto run = made_run();
  cell_at(run, "debian-6.1", "raw", "trivial", 2).attempt.state = AttemptState::kernel_crash;
  EXPECT_THAT(verdicts({law}, run), ElementsAre(Verdict::holds, Verdict::undecided, Verdict::holds,
                                                Verdict::holds));
  EXPECT_THAT(verdicts({feature}, run), ElementsAre(Verdict::holds, Verdict::undecided,
                                                    Verdict::holds, Verdict::holds));
  EXPECT_EQ(evaluate({law}, run).results[0].points[1].text, "1 of 2 cells were lost");
  cell_at(run, "debian-6.1", "raw", "trivial", 1).attempt.observation.error = kEinval;
  EXPECT_EQ(verdicts({law}, run)[1], Verdict::broken);
  // What cannot be expressed is not lost.
  auto expressed = made_run();
  cell_at(expressed, "debian-6.1", "raw", "trivial", 2).attempt.state =
      AttemptState::not_expressible;
  EXPECT_EQ(verdicts({law}, expressed)[1], Verdict::holds);
}

TEST(Evaluate, cells_that_do_not_meet_where_are_not_looked_at) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 1; });
  auto law = made_law();
  law.where = {check(Field::error, Op::none_of, {text("EINVAL")})};
  EXPECT_THAT(verdicts({law}, run), ElementsAre(Verdict::holds, Verdict::not_applicable,
                                                Verdict::holds, Verdict::holds));
}

TEST(Evaluate, a_feature_is_yes_no_or_mixed_and_never_broken_as_a_law_is) {
  auto run = made_run();
  auto feature = made_feature();
  feature.modes = {mode_of_level(1), mode_of_level(2)};
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 0; });
  cell_at(run, "debian-6.1", "raw", "trivial", 2).attempt.observation.error = kEinval;
  const std::vector laws = {feature};
  EXPECT_THAT(verdicts(laws, run),
              ElementsAre(Verdict::broken, Verdict::mixed, Verdict::holds, Verdict::holds));
  const auto findings = evaluate(laws, run);
  EXPECT_EQ(findings.features, 1u);
  EXPECT_EQ(findings.broken, 0u);
  ASSERT_EQ(findings.findings.size(), 1u);  // the mixed one only
  EXPECT_THAT(findings.findings[0].text, HasSubstr("debian-6.1"));
  EXPECT_EQ(run.cells[findings.findings[0].cell].id, "debian-6.1/raw/trivial/prog_load:2:4096");
  EXPECT_EQ(run.cells[findings.findings[0].held_against].id,
            "debian-6.1/raw/trivial/prog_load:1:4096");
}

TEST(Evaluate, a_cell_is_held_against_its_other_cell) {
  auto run = made_run();
  auto law = made_law("equal-to-raw");
  law.loaders = {"libbpf-*"};
  law.other.emplace();
  law.other->loader = "raw";
  law.cases[0].then = {check(Field::error, Op::equal, {other(Field::error)}, "= other.errno")};
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 2 && cell.loader == 0; });
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 3; });  // all alike
  const std::vector laws = {law};
  EXPECT_THAT(verdicts(laws, run),
              ElementsAre(Verdict::holds, Verdict::holds, Verdict::holds, Verdict::holds,
                          Verdict::broken, Verdict::broken, Verdict::holds, Verdict::holds));
  const auto findings = evaluate(laws, run);
  const auto& point = findings.results[0].points[4];
  EXPECT_EQ(run.cells[point.cell].id, "debian-6.12/libbpf-0.3/trivial/prog_load:2:4096");
  EXPECT_EQ(run.cells[point.held_against].id, "debian-6.12/raw/trivial/prog_load:2:4096");
}

TEST(Evaluate, the_other_cell_may_differ_in_level_and_program) {
  auto run = made_run();
  auto law = made_law();
  law.other.emplace();
  law.other->level = 1;
  law.other->program = "long_fault";
  const std::vector laws = {law};
  const auto findings = evaluate(laws, run);
  EXPECT_EQ(run.cells[findings.results[0].points[0].held_against].id,
            "debian-5.10/raw/long_fault/prog_load:1:4096");
}

TEST(Evaluate, a_cell_whose_other_cell_has_no_observation_is_not_looked_at) {
  auto run = made_run();
  auto law = made_law();
  law.other.emplace();
  law.other->level = 1;
  cell_at(run, "debian-5.10", "raw", "trivial", 1).attempt.state = AttemptState::timeout;
  EXPECT_THAT(verdicts({law}, run), ElementsAre(Verdict::not_measured, Verdict::holds,
                                                Verdict::holds, Verdict::holds));
  law.other->level = 4;  // a mode that the run has not
  EXPECT_THAT(verdicts({law}, run), testing::Each(Verdict::not_measured));
}

TEST(Evaluate, a_law_counts_by_its_worst_point) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 3 && cell.loader == 0; });
  auto excepted = made_law("excepted");
  excepted.exceptions = {{.kernels = {"debian-7.3"}, .reason = "known"}};
  auto undecided = made_law("undecided");
  undecided.loaders = {"libbpf-0.3"};
  undecided.cases[0].when = {feature("nowhere")};
  auto unplanned = made_law("unplanned");
  unplanned.loaders = {"aya"};
  auto holding = made_law("holding");
  holding.loaders = {"libbpf-1.1.2"};
  const std::vector laws = {made_law("broken"), excepted, undecided, unplanned, holding};
  const auto findings = evaluate(laws, run);
  EXPECT_EQ(findings.broken, 1u);
  EXPECT_EQ(findings.excepted, 1u);
  EXPECT_EQ(findings.undecided, 1u);
  EXPECT_EQ(findings.not_exercised, 1u);
  EXPECT_EQ(findings.holds, 1u);
}

}  // namespace
}  // namespace bpfmatrix::law
