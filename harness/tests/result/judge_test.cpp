#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_run.h"

namespace bpfmatrix::result {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RunRecord one_cell(Attempt attempt) {
  RunRecord run = make_run(1, 1, 1);
  run.cells[0].attempt = std::move(attempt);
  return run;
}

Verdict verdict_of(const RunRecord& run) {
  return judge(run).verdicts.at(0);
}

TEST(Judge, every_attempt_has_its_status_and_reason_without_expectations) {
  struct Case {
    AttemptState state;
    Status status;
    const char* reason;
    int exit_code;
  };
  const Case cases[] = {
      {AttemptState::measured, Status::DONE, "MEASURED", 0},
      {AttemptState::not_expressible, Status::SKIP, "NOT_EXPRESSIBLE", 0},
      {AttemptState::not_measurable, Status::SKIP, "NOT_MEASURABLE", 0},
      {AttemptState::filtered, Status::SKIP, "FILTERED", 0},
      {AttemptState::kernel_crash, Status::FAIL, "KERNEL_CRASH", 100},
      {AttemptState::kernel_splat, Status::FAIL, "KERNEL_SPLAT", 100},
      {AttemptState::agent_crash, Status::ERROR, "AGENT_CRASH", 101},
      {AttemptState::timeout, Status::ERROR, "TIMEOUT", 101},
      {AttemptState::hang, Status::ERROR, "HANG", 101},
      {AttemptState::guest_oom, Status::ERROR, "GUEST_OOM", 101},
      {AttemptState::reboot, Status::ERROR, "REBOOT", 101},
      {AttemptState::protocol, Status::ERROR, "PROTOCOL", 101},
      {AttemptState::boot_fail, Status::MISS, "BOOT_FAIL", 101},
      {AttemptState::qemu_crash, Status::MISS, "QEMU_CRASH", 101},
      {AttemptState::accel_broken, Status::MISS, "ACCEL_BROKEN", 101},
      {AttemptState::no_space, Status::MISS, "NO_SPACE", 101},
      {AttemptState::image_unavailable, Status::MISS, "IMAGE_UNAVAILABLE", 101},  // nothing else was measured
      {AttemptState::bad_image, Status::MISS, "BAD_IMAGE", 101},
      {AttemptState::loader_unavailable, Status::SKIP, "REQUIRES", 0},
      {AttemptState::loader_build, Status::MISS, "LOADER_BUILD", 101},
      {AttemptState::loader_error, Status::ERROR, "LOADER_ERROR", 101},
      {AttemptState::not_reached, Status::MISS, "NOT_REACHED", 5},
  };
  for (const auto& one : cases) {
    const auto judgement = judge(one_cell(broken(one.state, "a note")));
    const auto& verdict = judgement.verdicts.at(0);
    EXPECT_EQ(name(verdict.status), name(one.status)) << name(one.state);
    EXPECT_EQ(verdict.reason, one.reason) << name(one.state);
    EXPECT_EQ(verdict.text, "a note");
    EXPECT_EQ(judgement.exit_code, one.exit_code) << name(one.state);
    EXPECT_EQ(judgement.counts.at(one.status), 1u);
    EXPECT_EQ(judgement.counts.size(), 1u);
  }
  EXPECT_EQ(std::size(cases), static_cast<size_t>(AttemptState::not_reached) + 1);
}

TEST(Judge, what_is_as_expected_passes) {
  RunRecord run = one_cell(loaded());
  run.expectations = {expect_outcome("LOADED")};
  const auto judgement = judge(run);
  EXPECT_EQ(judgement.verdicts[0].status, Status::PASS);
  EXPECT_EQ(judgement.verdicts[0].reason, "OK");
  EXPECT_THAT(judgement.findings, IsEmpty());
  EXPECT_EQ(judgement.exit_code, 0);
}

TEST(Judge, what_is_not_as_expected_fails_with_the_outcome_as_its_reason) {
  RunRecord run = one_cell(rejected());
  run.expectations = {expect_outcome("LOADED")};
  const auto judgement = judge(run);
  EXPECT_EQ(judgement.verdicts[0].status, Status::FAIL);
  EXPECT_EQ(judgement.verdicts[0].reason, "VERIFIER_REJECTION");
  EXPECT_EQ(judgement.verdicts[0].text,
            "outcome: expected LOADED, found VERIFIER_REJECTION (it always did; quick.yaml:31:5)");
  EXPECT_EQ(judgement.exit_code, 100);
}

TEST(Judge, an_unexpected_pass_is_a_failed_expectation) {
  RunRecord run = one_cell(loaded());
  run.expectations = {expect_outcome("VERIFIER_REJECTION")};
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
  EXPECT_EQ(verdict_of(run).reason, "LOADED");
}

TEST(Judge, each_field_of_an_expectation_is_held_against_the_observation) {
  RunRecord run = one_cell(rejected());
  run.expectations = {spec::Expectation{}};
  auto& expected = run.expectations[0];
  expected.error = "EACCES";
  expected.decided_by = "kernel";
  expected.kept = "all";
  EXPECT_EQ(verdict_of(run).status, Status::PASS);

  expected.error = "EINVAL";
  EXPECT_THAT(verdict_of(run).text, HasSubstr("errno: expected EINVAL, found EACCES"));
  expected.error = "EACCES";
  expected.decided_by = "library";
  EXPECT_THAT(verdict_of(run).text, HasSubstr("decided_by: expected library, found kernel"));
  expected.decided_by = "kernel";
  expected.kept = "tail";
  EXPECT_THAT(verdict_of(run).text, HasSubstr("kept: expected tail, found all"));
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
  // What does not differ is not told.
  EXPECT_THAT(verdict_of(run).text, Not(HasSubstr("errno")));
}

TEST(Judge, success_is_the_error_zero) {
  RunRecord run = one_cell(loaded());
  run.expectations = {spec::Expectation{}};
  run.expectations[0].error = "0";
  EXPECT_EQ(verdict_of(run).status, Status::PASS);
  run.expectations[0].error = "EPERM";
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
}

TEST(Judge, all_expectations_that_match_must_hold) {
  RunRecord run = one_cell(loaded());
  run.expectations = {expect_outcome("LOADED"), expect_outcome("LOG_TRUNCATED")};
  run.expectations[1].place.line = 40;
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
  EXPECT_THAT(verdict_of(run).text, HasSubstr("quick.yaml:40:5"));
  EXPECT_THAT(verdict_of(run).text, Not(HasSubstr("quick.yaml:31:5")));
}

TEST(Judge, an_expectation_speaks_only_of_the_cells_it_selects) {
  RunRecord run = make_run(2, 2, 2, 2);
  for (auto& cell : run.cells) cell.attempt = rejected();
  const auto failing = [&](auto narrow) {
    run.expectations = {expect_outcome("LOADED")};
    narrow(run.expectations[0].selector);
    const auto judgement = judge(run);
    std::vector<std::string> ids;
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const bool fails = judgement.verdicts[i].status == Status::FAIL;
      // The reader of matrices has the last word on what a selector means.
      const auto& cell = run.cells[i];
      EXPECT_EQ(fails, run.expectations[0].selector.matches(
                           run.kernels[cell.kernel].id, run.loaders[cell.loader].id,
                           run.programs[cell.program].id, cell.mode))
          << cell.id;
      if (fails) ids.push_back(cell.id);
    }
    return ids;
  };
  EXPECT_EQ(failing([](auto&) {}).size(), 16u);
  EXPECT_EQ(failing([](auto& s) { s.kernels = {"k1"}; }).size(), 8u);
  EXPECT_EQ(failing([](auto& s) { s.kernels = {"k*"}; }).size(), 16u);
  EXPECT_EQ(failing([](auto& s) { s.loaders = {"x", "l0"}; }).size(), 8u);
  EXPECT_EQ(failing([](auto& s) { s.programs = {"p[1-9]"}; }).size(), 8u);
  EXPECT_EQ(failing([](auto& s) { s.levels = {2}; }).size(), 0u);
  EXPECT_EQ(failing([](auto& s) { s.interfaces = {spec::Interface::btf_load}; }).size(), 0u);
  EXPECT_THAT(failing([](auto& s) {
                s.kernels = {"k0"};
                s.loaders = {"l1"};
                s.programs = {"p0"};
                s.levels = {1};
                s.interfaces = {spec::Interface::prog_load};
                s.buffers = {{spec::Buffer::Kind::fixed, 4097}};
              }),
              ElementsAre("k0/l1/p0/prog_load:1:4097"));
}

TEST(Judge, what_breaks_in_the_cell_counts_against_an_expected_outcome) {
  for (const auto state :
       {AttemptState::kernel_crash, AttemptState::kernel_splat, AttemptState::agent_crash,
        AttemptState::timeout, AttemptState::hang, AttemptState::guest_oom,
        AttemptState::reboot}) {
    RunRecord run = one_cell(broken(state, "as the console says"));
    run.expectations = {expect_outcome("LOADED")};
    const auto judgement = judge(run);
    EXPECT_EQ(judgement.verdicts[0].status, Status::FAIL) << name(state);
    EXPECT_EQ(judgement.verdicts[0].reason, name(judgement.verdicts[0].outcome));
    EXPECT_THAT(judgement.verdicts[0].text, HasSubstr("as the console says"));
    // Without an expected outcome it stays what it is.
    run.expectations[0].outcome.reset();
    run.expectations[0].kept = "all";
    EXPECT_NE(verdict_of(run).reason, "OK");
    const bool kernels_fault =
        state == AttemptState::kernel_crash || state == AttemptState::kernel_splat;
    EXPECT_EQ(verdict_of(run).status == Status::FAIL, kernels_fault) << name(state);
  }
}

TEST(Judge, an_expected_crash_passes) {
  RunRecord run = one_cell(broken(AttemptState::kernel_crash));
  run.expectations = {expect_outcome("KERNEL_CRASH")};
  EXPECT_EQ(verdict_of(run).status, Status::PASS);
  run.expectations[0].error = "EACCES";  // nothing gave an errno
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
}

TEST(Judge, trouble_of_ours_is_never_a_failed_expectation) {
  for (const auto state :
       {AttemptState::protocol, AttemptState::boot_fail, AttemptState::qemu_crash,
        AttemptState::accel_broken, AttemptState::no_space,
        AttemptState::image_unavailable, AttemptState::bad_image, AttemptState::loader_build,
        AttemptState::loader_error, AttemptState::not_reached, AttemptState::filtered,
        AttemptState::not_expressible, AttemptState::not_measurable,
        AttemptState::loader_unavailable}) {
    RunRecord run = one_cell(broken(state));
    run.expectations = {expect_outcome("LOADED")};
    const auto status = verdict_of(run).status;
    EXPECT_TRUE(status == Status::ERROR || status == Status::MISS || status == Status::SKIP)
        << name(state);
  }
}

TEST(Judge, an_expectation_that_no_cell_exercised_is_a_finding) {
  RunRecord run = one_cell(loaded());
  run.expectations = {expect_outcome("LOADED")};
  run.expectations[0].selector.programs = {"no_such_program"};
  auto judgement = judge(run);
  EXPECT_THAT(judgement.findings, ElementsAre("expectation at quick.yaml:31:5 was exercised by no "
                                              "cell (it always did)"));
  EXPECT_EQ(judgement.exit_code, 100);
  EXPECT_EQ(judgement.verdicts[0].status, Status::DONE);

  // Cells that are all skipped do not exercise it either.
  run = one_cell(broken(AttemptState::filtered));
  run.expectations = {expect_outcome("LOADED")};
  EXPECT_EQ(judge(run).findings.size(), 1u);
}

TEST(Judge, an_expectation_whose_cells_were_lost_or_left_out_is_no_finding) {
  RunRecord run = one_cell(broken(AttemptState::boot_fail));
  run.expectations = {expect_outcome("LOADED")};
  EXPECT_THAT(judge(run).findings, IsEmpty());
  EXPECT_EQ(judge(run).exit_code, 101);

  run = one_cell(loaded());
  run.expectations = {expect_outcome("LOADED")};
  run.expectations[0].selector.kernels = {"k7"};
  run.header.selection = "-k k0";
  EXPECT_THAT(judge(run).findings, IsEmpty());
}

TEST(Judge, an_expected_limit_of_a_loader_is_exercised_by_it) {
  RunRecord run = one_cell(broken(AttemptState::not_expressible));
  run.expectations = {expect_outcome("NOT_EXPRESSIBLE")};
  EXPECT_THAT(judge(run).findings, IsEmpty());
  EXPECT_EQ(verdict_of(run).status, Status::SKIP);
  // A loader that can after all is unexpected.
  run.cells[0].attempt = loaded();
  EXPECT_EQ(verdict_of(run).status, Status::FAIL);
}

TEST(Judge, a_kernel_that_cannot_be_had_fails_the_run_only_where_it_is_required) {
  RunRecord run = make_run(2, 1, 1);
  run.cells[0].attempt = broken(AttemptState::image_unavailable);
  run.cells[1].attempt = loaded();
  EXPECT_EQ(judge(run).exit_code, 0);
  run.required_kernels = {"other"};
  EXPECT_EQ(judge(run).exit_code, 0);
  run.required_kernels = {"k*"};
  EXPECT_EQ(judge(run).exit_code, 101);
}

TEST(Judge, a_run_in_which_nothing_was_measured_is_no_success) {
  RunRecord run = make_run(2, 1, 1);
  for (auto& cell : run.cells) cell.attempt = broken(AttemptState::image_unavailable);
  EXPECT_EQ(judge(run).exit_code, 101);
  run.cells[1].attempt = loaded();
  EXPECT_EQ(judge(run).exit_code, 0);
}

TEST(Judge, exit_codes_have_their_precedence) {
  RunRecord run = make_run(1, 1, 3);
  run.cells[0].attempt = broken(AttemptState::timeout);
  run.cells[1].attempt = loaded();
  run.cells[2].attempt = loaded();
  EXPECT_EQ(judge(run).exit_code, 101);
  run.cells[1].attempt = broken(AttemptState::not_reached);
  EXPECT_EQ(judge(run).exit_code, 5);
  run.cells[2].attempt = broken(AttemptState::kernel_crash);
  EXPECT_EQ(judge(run).exit_code, 100);
}

TEST(Judge, a_cell_whose_attempts_disagree_fails_unless_flaky_cells_may_pass) {
  RunRecord run = one_cell(loaded());
  run.cells[0].attempts = 2;
  EXPECT_EQ(name(verdict_of(run).status), name(Status::DONE)) << "two attempts that agree";
  run.cells[0].flaky = true;
  const auto judgement = judge(run);
  EXPECT_EQ(name(judgement.verdicts.at(0).status), name(Status::FAIL));
  EXPECT_EQ(judgement.verdicts.at(0).reason, "FLAKY");
  EXPECT_THAT(judgement.verdicts.at(0).text, HasSubstr("2 attempts disagree"));
  EXPECT_EQ(judgement.exit_code, 100);
  const auto lenient = judge(run, Flaky::pass);
  EXPECT_EQ(name(lenient.verdicts.at(0).status), name(Status::DONE));
  EXPECT_EQ(lenient.exit_code, 0);
}

TEST(Judge, what_a_flaky_cell_came_to_at_last_is_not_hidden_by_its_being_flaky) {
  RunRecord run = one_cell(broken(AttemptState::kernel_crash, "panic"));
  run.cells[0].flaky = true;
  EXPECT_EQ(verdict_of(run).reason, "KERNEL_CRASH");
}

}  // namespace
}  // namespace bpfmatrix::result
