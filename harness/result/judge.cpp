#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "result/run_record.h"

namespace bpfmatrix::result {
namespace {

// One axis of a selector: which of the axis's entries some glob matches. No globs match all.
template <typename Records>
std::vector<bool> matching(const std::vector<std::string>& globs, const Records& records) {
  std::vector<bool> matches(records.size(), globs.empty());
  for (size_t i = 0; i < records.size(); ++i)
    for (const auto& glob : globs)
      if (!matches[i]) matches[i] = base::glob_matches(glob, records[i].id);
  return matches;
}

template <typename T>
bool listed(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

// spec::Selector::matches() with the globs resolved once per axis entry instead of once per cell.
class ResolvedExpectation {
 public:
  ResolvedExpectation(const spec::Expectation& expectation, const RunRecord& run)
      : expectation_(&expectation),
        kernels_(matching(expectation.selector.kernels, run.kernels)),
        loaders_(matching(expectation.selector.loaders, run.loaders)),
        programs_(matching(expectation.selector.programs, run.programs)) {}

  [[nodiscard]] bool matches(const CellRecord& cell) const {
    const auto& selector = expectation_->selector;
    return kernels_[cell.kernel] && loaders_[cell.loader] && programs_[cell.program] &&
           listed(selector.interfaces, cell.mode.interface) &&
           listed(selector.levels, cell.mode.level) && listed(selector.buffers, cell.mode.buffer);
  }

  // Can `attempt` be held against it?
  [[nodiscard]] bool applies_to(const Attempt& attempt, Outcome outcome) const {
    if (attempt.state == AttemptState::measured) return true;
    if (!expectation_->outcome) return false;
    const bool ruled_out =
        outcome == Outcome::NOT_EXPRESSIBLE || outcome == Outcome::NOT_MEASURABLE;
    return reached_the_cell(attempt.state) ||
           (ruled_out && *expectation_->outcome == name(outcome));
  }

  // What is not as expected: "outcome: expected LOADED, found TIMEOUT"; empty when all is.
  [[nodiscard]] std::string difference(const Attempt& attempt, Outcome outcome) const {
    const bool measured = attempt.state == AttemptState::measured;
    const auto& seen = attempt.observation;
    std::string text;
    const auto compare = [&](const char* field, const std::optional<std::string>& expected,
                             std::string_view found) {
      if (!expected || *expected == found) return;
      text += fmt::format("{}{}: expected {}, found {}", text.empty() ? "" : ", ", field, *expected,
                          found);
    };
    const auto nothing = std::string("nothing, it was not measured");
    compare("outcome", expectation_->outcome, name(outcome));
    compare("errno", expectation_->error, measured ? base::errno_name(seen.error) : nothing);
    compare("decided_by", expectation_->decided_by, measured ? name(seen.decided_by) : nothing);
    compare("kept", expectation_->kept, measured ? name(seen.kept) : nothing);
    return text;
  }

  [[nodiscard]] std::string place() const {
    const auto& at = expectation_->place;
    return fmt::format("{}:{}:{}", at.file, at.line, at.column);
  }
  [[nodiscard]] const std::string& reason() const { return expectation_->reason; }

  // How the cells that it matches went, for the question whether it was exercised.
  bool exercised = false;
  bool planned = false;  // some cell matches
  bool lost = false;     // some matching cell has no observation for a reason of its own

 private:
  const spec::Expectation* expectation_;
  std::vector<bool> kernels_, loaders_, programs_;
};

struct Code {
  Status status;
  const char* reason;
};

// Status and reason where no expectation speaks.
Code code_of(AttemptState state) {
  switch (state) {
    case AttemptState::measured:
      return {Status::DONE, "MEASURED"};
    case AttemptState::not_expressible:
      return {Status::SKIP, "NOT_EXPRESSIBLE"};
    case AttemptState::not_measurable:
      return {Status::SKIP, "NOT_MEASURABLE"};
    case AttemptState::filtered:
      return {Status::SKIP, "FILTERED"};
    case AttemptState::loader_unavailable:
      return {Status::SKIP, "REQUIRES"};
    case AttemptState::kernel_crash:
      return {Status::FAIL, "KERNEL_CRASH"};
    case AttemptState::kernel_splat:
      return {Status::FAIL, "KERNEL_SPLAT"};
    case AttemptState::agent_crash:
      return {Status::ERROR, "AGENT_CRASH"};
    case AttemptState::timeout:
      return {Status::ERROR, "TIMEOUT"};
    case AttemptState::hang:
      return {Status::ERROR, "HANG"};
    case AttemptState::guest_oom:
      return {Status::ERROR, "GUEST_OOM"};
    case AttemptState::reboot:
      return {Status::ERROR, "REBOOT"};
    case AttemptState::protocol:
      return {Status::ERROR, "PROTOCOL"};
    case AttemptState::loader_error:
      return {Status::ERROR, "LOADER_ERROR"};
    case AttemptState::boot_fail:
      return {Status::MISS, "BOOT_FAIL"};
    case AttemptState::qemu_crash:
      return {Status::MISS, "QEMU_CRASH"};
    case AttemptState::accel_broken:
      return {Status::MISS, "ACCEL_BROKEN"};
    case AttemptState::no_space:
      return {Status::MISS, "NO_SPACE"};
    case AttemptState::image_unavailable:
      return {Status::MISS, "IMAGE_UNAVAILABLE"};
    case AttemptState::bad_image:
      return {Status::MISS, "BAD_IMAGE"};
    case AttemptState::loader_build:
      return {Status::MISS, "LOADER_BUILD"};
    case AttemptState::not_reached:
      return {Status::MISS, "NOT_REACHED"};
  }
  return {Status::MISS, "NOT_REACHED"};
}

Verdict judge_cell(const CellRecord& cell, Flaky flaky,
                   std::vector<ResolvedExpectation>& expectations) {
  const auto [status, reason] = code_of(cell.attempt.state);
  Verdict verdict{classify(cell.attempt), status, reason, cell.attempt.note};
  bool held = false;
  std::string broken;
  for (auto& expectation : expectations) {
    if (!expectation.matches(cell)) continue;
    expectation.planned = true;
    if (!expectation.applies_to(cell.attempt, verdict.outcome)) {
      expectation.lost |= status != Status::SKIP;
      continue;
    }
    expectation.exercised = true;
    const std::string difference = expectation.difference(cell.attempt, verdict.outcome);
    if (difference.empty()) {
      held = true;
      continue;
    }
    broken +=
        fmt::format("{}{} ({}{}{})", broken.empty() ? "" : "; ", difference, expectation.reason(),
                    expectation.reason().empty() ? "" : "; ", expectation.place());
  }
  if (!broken.empty()) {
    verdict.status = Status::FAIL;
    verdict.reason = name(verdict.outcome);
    verdict.text = cell.attempt.note.empty() ? broken : broken + ": " + cell.attempt.note;
  } else if (held && status != Status::SKIP) {
    verdict.status = Status::PASS;
    verdict.reason = "OK";
  }
  const bool good = verdict.status == Status::PASS || verdict.status == Status::DONE;
  if (cell.flaky && good && flaky == Flaky::fail) {
    verdict.status = Status::FAIL;
    verdict.reason = "FLAKY";
    verdict.text = fmt::format("its {} attempts disagree; the last is {}", cell.attempts,
                               name(verdict.outcome));
  }
  return verdict;
}

// An expectation that nothing was held against is a finding, unless the reason is known and told
// elsewhere: its cells were lost (MISS, ERROR, a crash), or the command line left them out.
std::vector<std::string> unexercised(const RunRecord& run,
                                     const std::vector<ResolvedExpectation>& expectations) {
  std::vector<std::string> findings;
  for (const auto& expectation : expectations) {
    const bool left_out = !expectation.planned && !run.header.selection.empty();
    if (expectation.exercised || expectation.lost || left_out) continue;
    findings.push_back(
        fmt::format("expectation at {} was exercised by no cell{}", expectation.place(),
                    expectation.reason().empty() ? "" : " (" + expectation.reason() + ")"));
  }
  return findings;
}

int exit_code_of(const RunRecord& run, const Judgement& judgement) {
  if (!judgement.findings.empty() || judgement.counts.contains(Status::FAIL)) return 100;
  // A matrix without the list requires no kernel, so an empty list matches none here.
  std::vector<bool> required(run.kernels.size(), false);
  if (!run.required_kernels.empty()) required = matching(run.required_kernels, run.kernels);
  // A kernel that cannot be had is forgiven beside others that were measured; alone it is no success.
  const auto measured = [&](Status status) { return judgement.counts.contains(status); };
  const bool nothing = !run.cells.empty() && judgement.counts.contains(Status::MISS) &&
                       !measured(Status::PASS) && !measured(Status::DONE);
  bool trouble = nothing;
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto state = run.cells[i].attempt.state;
    if (state == AttemptState::not_reached) return 5;
    const Status status = judgement.verdicts[i].status;
    const bool forgiven =
        state == AttemptState::image_unavailable && !required[run.cells[i].kernel];
    trouble |= (status == Status::ERROR || status == Status::MISS) && !forgiven;
  }
  return trouble ? 101 : 0;
}

}  // namespace

Judgement judge(const RunRecord& run, Flaky flaky) {
  std::vector<ResolvedExpectation> expectations;
  expectations.reserve(run.expectations.size());
  for (const auto& expectation : run.expectations) expectations.emplace_back(expectation, run);

  Judgement judgement;
  judgement.verdicts.reserve(run.cells.size());
  for (const auto& cell : run.cells) {
    judgement.verdicts.push_back(judge_cell(cell, flaky, expectations));
    ++judgement.counts[judgement.verdicts.back().status];
  }
  judgement.findings = unexercised(run, expectations);
  judgement.exit_code = exit_code_of(run, judgement);
  return judgement;
}

}  // namespace bpfmatrix::result
