// The sentences about broken laws, and about laws that nothing exercises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "law/evaluate.h"
#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::AttemptState;
using result::CellRecord;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kEinval = 22, kEperm = 1;

TEST(Findings, a_broken_law_names_the_two_cells_that_contradict) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 1 && cell.loader == 2; });
  auto law = made_law("equal-to-raw");
  law.loaders = {"libbpf-*"};
  law.other.emplace();
  law.other->loader = "raw";
  law.cases[0].then = {
      check(spec::Field::error, spec::Check::Op::equal, {other(spec::Field::error)}, "= other.errno")};
  const std::vector laws = {law};
  const auto findings = evaluate(laws, run).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].text,
            "law equal-to-raw is broken: errno: expected = other.errno, found EINVAL (other.errno "
            "is 0); on debian-6.1 with libbpf-1.1.2, 1 of 1 cell; "
            "debian-6.1/libbpf-1.1.2/trivial/prog_load:2:4096, held against "
            "debian-6.1/raw/trivial/prog_load:2:4096 (the other cell)");
  EXPECT_EQ(run.cells[findings[0].cell].id, "debian-6.1/libbpf-1.1.2/trivial/prog_load:2:4096");
  EXPECT_EQ(run.cells[findings[0].held_against].id, "debian-6.1/raw/trivial/prog_load:2:4096");
}

TEST(Findings, a_broken_law_names_the_feature_that_decided) {
  auto run = made_run();
  auto law = made_law("refused");
  law.cases[0] = {.when = {feature("rotates")}, .then = {errno_is("EINVAL")}, .text = {}};
  auto rotates = made_feature("rotates");
  rotates.modes = {mode_of_level(1)};
  const std::vector laws = {law, rotates};
  const auto findings = evaluate(laws, run).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].text, HasSubstr("held against debian-5.10/raw/trivial/prog_load:1:4096 "
                                          "(rotates)"));
}

TEST(Findings, counter_examples_that_are_alike_are_one_finding) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) {
    return cell.kernel == 0 || (cell.kernel == 1 && cell.loader == 0) || cell.kernel == 2;
  });
  refuse(run, kEperm, [](const CellRecord& cell) { return cell.kernel == 3 && cell.loader == 1; });
  auto law = made_law();
  law.loaders = {"*"};
  const std::vector laws = {law};
  const auto findings = evaluate(laws, run).findings;
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_THAT(findings[0].text,
              HasSubstr("expected 0, found EINVAL; on debian-5.10, debian-6.12 with raw, libbpf-0.3, "
                        "libbpf-1.1.2; debian-6.1 with raw, 7 of 7 cells; "
                        "debian-5.10/raw/trivial/prog_load:2:4096"));
  EXPECT_THAT(findings[1].text, HasSubstr("found EPERM; on debian-7.3 with libbpf-0.3"));
}

TEST(Findings, a_law_that_the_matrix_names_and_no_case_applied_to_is_told_of_a_complete_run) {
  auto run = made_run();
  run.laws = {"idle"};
  auto law = made_law("idle");
  law.cases[0].when = {version("libbpf", spec::Check::Op::greater, "0.1")};  // of raw: never
  const std::vector laws = {law};
  ASSERT_EQ(evaluate(laws, run).findings.size(), 1u);
  EXPECT_EQ(evaluate(laws, run).findings[0].text,
            "law idle was exercised by no cell at harness/laws/idle.yaml:1:1");
  EXPECT_EQ(evaluate(laws, run).not_exercised, 1u);
  // One of many that a glob took may have nothing to say of these kernels and loaders.
  run.laws = {"*"};
  EXPECT_THAT(evaluate(laws, run).findings, IsEmpty());
  EXPECT_EQ(evaluate(laws, run).not_exercised, 1u);
}

TEST(Findings, nothing_is_said_of_an_idle_law_when_a_part_was_run_or_a_cell_was_lost) {
  auto law = made_law("idle");
  law.cases[0].when = {version("libbpf", spec::Check::Op::greater, "0.1")};
  const std::vector laws = {law};
  auto selected = made_run();
  selected.laws = {"idle"};
  selected.header.selection = "-k 'debian-6.1'";
  EXPECT_THAT(evaluate(laws, selected).findings, IsEmpty());
  auto cut_off = made_run();
  cut_off.laws = {"idle"};
  cut_off.header.finished.clear();
  EXPECT_THAT(evaluate(laws, cut_off).findings, IsEmpty());
  auto lost = made_run();
  lost.laws = {"idle"};
  lost.cells[0].attempt.state = AttemptState::boot_fail;
  EXPECT_THAT(evaluate(laws, lost).findings, IsEmpty());
  auto not_expressible = made_run();
  not_expressible.laws = {"idle"};
  not_expressible.cells[0].attempt.state = AttemptState::not_expressible;
  EXPECT_EQ(evaluate(laws, not_expressible).findings.size(), 1u);
}

TEST(Findings, a_finding_is_an_unexpected_result_before_anything_else) {
  Findings none, some;
  some.findings.push_back({.text = "law x is broken"});
  for (const int judged : {0, 5, 100, 101}) {
    EXPECT_EQ(exit_code(judged, none), judged);
    EXPECT_EQ(exit_code(judged, some), 100);
  }
  none.undecided = none.excepted = 1;  // no findings
  EXPECT_EQ(exit_code(0, none), 0);
}

TEST(Findings, nothing_is_said_of_a_law_of_which_the_run_has_no_cell) {
  auto law = made_law("elsewhere");
  law.programs = {"verifier_cb_*"};
  const std::vector laws = {law};
  EXPECT_THAT(evaluate(laws, made_run()).findings, IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix::law
