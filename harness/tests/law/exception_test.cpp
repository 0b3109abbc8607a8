// Known exceptions: where they excuse a contradiction, and when they have gone stale.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "law/evaluate.h"
#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::AttemptState;
using result::CellRecord;
using spec::Law;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kEinval = 22;

Law law_with(spec::Exception exception) {
  Law law = made_law();
  exception.reason = "the old library refuses it";
  exception.place = {"harness/laws/loads.yaml", 20, 5};
  law.exceptions = {std::move(exception)};
  return law;
}
// 5.10 refuses everything.
result::RunRecord refusing_run() {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 0; });
  return run;
}

TEST(Exception, a_contradiction_in_its_range_is_excepted_and_no_finding) {
  const std::vector laws = {law_with({.kernels = {"debian-5.*"}})};
  const auto findings = evaluate(laws, refusing_run());
  const auto& point = findings.results[0].points[0];
  EXPECT_EQ(point.verdict, Verdict::excepted);
  EXPECT_EQ(point.against, 1u);
  EXPECT_EQ(point.text, "the old library refuses it");
  EXPECT_TRUE(findings.results[0].exceptions[0].contradicted);
  EXPECT_THAT(findings.findings, IsEmpty());
  EXPECT_EQ(findings.excepted, 1u);
}

TEST(Exception, a_missing_one_leaves_the_law_broken) {
  const std::vector laws = {made_law()};
  const auto findings = evaluate(laws, refusing_run());
  EXPECT_EQ(findings.results[0].points[0].verdict, Verdict::broken);
  EXPECT_EQ(findings.findings.size(), 1u);
}

TEST(Exception, every_part_of_its_range_can_leave_a_cell_out) {
  const auto verdict = [](spec::Exception exception) {
    return evaluate({law_with(std::move(exception))}, refusing_run()).results[0].points[0].verdict;
  };
  const spec::Buffer four{spec::Buffer::Kind::fixed, 4096}, eight{spec::Buffer::Kind::fixed, 8192};
  EXPECT_EQ(verdict({.kernels = {"debian-6.*"}}), Verdict::broken);
  EXPECT_EQ(verdict({.loaders = {"raw"}}), Verdict::excepted);
  EXPECT_EQ(verdict({.loaders = {"libbpf-*"}}), Verdict::broken);
  EXPECT_EQ(verdict({.programs = {"triv*"}}), Verdict::excepted);
  EXPECT_EQ(verdict({.programs = {"long_fault"}}), Verdict::broken);
  EXPECT_EQ(verdict({.levels = {1, 2}}), Verdict::excepted);
  EXPECT_EQ(verdict({.levels = {1}}), Verdict::broken);
  EXPECT_EQ(verdict({.buffers = {four}}), Verdict::excepted);
  EXPECT_EQ(verdict({.buffers = {eight}}), Verdict::broken);
}

TEST(Exception, what_is_seen_instead_must_be_as_it_says) {
  const auto verdict = [](const char* word) {
    spec::Exception exception{.kernels = {"debian-5.10"}};
    exception.then = {errno_is(word)};
    return evaluate({law_with(exception)}, refusing_run()).results[0].points[0].verdict;
  };
  EXPECT_EQ(verdict("EINVAL"), Verdict::excepted);
  EXPECT_EQ(verdict("EPERM"), Verdict::broken);
}

TEST(Exception, one_contradiction_outside_its_range_breaks_the_law_all_the_same) {
  auto run = refusing_run();
  auto law = law_with({.programs = {"trivial"}});
  law.programs = {"*"};
  const std::vector laws = {law};
  const auto findings = evaluate(laws, run);
  const auto& point = findings.results[0].points[0];
  EXPECT_EQ(point.verdict, Verdict::broken);
  EXPECT_EQ(point.against, 2u);
  EXPECT_EQ(run.cells[point.cell].program, 1u);
}

TEST(Exception, one_that_nothing_contradicts_is_a_finding) {
  const std::vector laws = {law_with({.kernels = {"debian-7.*"}})};
  auto run = made_run();
  const auto findings = evaluate(laws, run);
  ASSERT_EQ(findings.findings.size(), 1u);
  EXPECT_THAT(findings.findings[0].text, HasSubstr("law loads: no cell contradicts it"));
  EXPECT_THAT(findings.findings[0].text, HasSubstr("harness/laws/loads.yaml:20:5"));
  EXPECT_THAT(findings.findings[0].text, HasSubstr("the old library refuses it"));
}

TEST(Exception, nothing_is_said_of_one_whose_range_was_not_measured) {
  const std::vector laws = {law_with({.kernels = {"ubuntu-*"}})};
  EXPECT_THAT(evaluate(laws, made_run()).findings, IsEmpty());
}

TEST(Exception, nothing_is_said_of_one_whose_range_was_measured_in_part_only) {
  std::vector laws = {law_with({.kernels = {"debian-7.*"}})};
  laws[0].programs = {"*"};
  auto run = made_run();
  cell_at(run, "debian-7.3", "raw", "long_fault", 2).attempt.state = AttemptState::timeout;
  EXPECT_THAT(evaluate(laws, run).findings, IsEmpty());
  cell_at(run, "debian-7.3", "raw", "long_fault", 2).attempt.state = AttemptState::filtered;
  EXPECT_EQ(evaluate(laws, run).findings.size(), 1u);  // it never will be measured
  run.header.selection = "-p 'trivial'";
  EXPECT_THAT(evaluate(laws, run).findings, IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix::law
