#include "report/ci_tests.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "report/cell_text.h"
#include "report/inert_text.h"
#include "report/json_laws.h"
#include "report/repro.h"

namespace bpfmatrix::report {
namespace {

using Result = CiTest::Result;
using result::Status;

constexpr size_t kLogLines = 20;
constexpr size_t kShownPoints = 10;      // of a law
constexpr size_t kFindingLength = 1000;  // bytes: two cells and a command

Result result_of(Status status) {
  switch (status) {
    case Status::PASS:
    case Status::DONE:
      return Result::passed;
    case Status::FAIL:
      return Result::failed;
    case Status::SKIP:
      return Result::skipped;
    case Status::ERROR:
    case Status::MISS:
      break;
  }
  return Result::error;
}

std::vector<std::string> details_of(const result::RunRecord& run, const result::CellRecord& cell,
                                    const result::Verdict& verdict) {
  std::string outcome = fmt::format("outcome: {}", name(verdict.outcome));
  const bool measured = cell.attempt.state == result::AttemptState::measured;
  // Of a cell without an observation the headline has said all.
  if (measured)
    for (const auto& note : cell_text(run, cell, verdict).notes) outcome += ", " + note;
  std::vector<std::string> details = {inert_line(outcome)};
  if (cell.attempts > 1) details.push_back(fmt::format("attempts: {}", cell.attempts));
  if (measured)
    for (auto& line : log_lines(cell.attempt.observation, kLogLines))
      details.push_back(std::move(line));
  details.push_back("to repeat: " + inert_line(repro(run, cell), kFindingLength));
  return details;
}

struct LawState {
  bool broken = false, undecided = false, decided = false;
};

LawState state_of(const law::Result& result) {
  LawState state;
  for (const auto& point : result.points) {
    state.broken |= point.verdict == law::Verdict::broken;
    state.undecided |= point.verdict == law::Verdict::undecided;
    state.decided |=
        point.verdict == law::Verdict::holds || point.verdict == law::Verdict::excepted;
  }
  return state;
}

void tell_points(const result::RunRecord& run, const law::Result& result, law::Verdict verdict,
                 CiTest& test) {
  size_t told = 0, all = 0;
  for (const auto& point : result.points) {
    if (point.verdict != verdict) continue;
    const auto line = inert_line(fmt::format("{}/{}: {}", run.kernels[point.kernel].id,
                                             run.loaders[point.loader].id, point.text));
    if (all++ == 0) test.headline = line;
    if (told < kShownPoints) test.details.push_back(line), ++told;
  }
  if (all > told) test.details.push_back(fmt::format("… and {} more", all - told));
}

CiTest test_of(const result::RunRecord& run, const law::Result& result) {
  CiTest test;
  test.name = inert_name(result.law->id);
  const auto state = state_of(result);
  if (state.broken) {
    test.result = Result::failed;
    test.reason = "LAW_BROKEN";
    test.details.push_back(inert_line(result.law->statement));
    tell_points(run, result, law::Verdict::broken, test);
  } else if (state.undecided) {
    test.result = Result::skipped;
    test.reason = "UNDECIDED";
    tell_points(run, result, law::Verdict::undecided, test);
    test.details.clear();
  } else if (!state.decided) {
    test.result = Result::skipped;
    test.reason = "NOT_EXERCISED";
    test.headline = "no cell of the run was held against it";
  } else {
    test.reason = "OK";
  }
  return test;
}

}  // namespace

std::vector<CiSuite> suites_of(const result::RunRecord& run) {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint32_t>> cells_of;
  for (uint32_t i = 0; i < run.cells.size(); ++i)
    cells_of[{run.cells[i].kernel, run.cells[i].loader}].push_back(i);
  std::vector<CiSuite> suites;
  for (auto& [axes, cells] : cells_of)
    suites.push_back({axes.first, axes.second, std::move(cells)});
  return suites;
}

std::string why_text(const result::RunRecord& run, const result::CellRecord& cell,
                     const result::Verdict& verdict) {
  if (!verdict.text.empty()) return inert_line(verdict.text);
  const auto& kernel = run.kernels[cell.kernel].problem;
  const auto& loader = run.loaders[cell.loader].problem;
  return inert_line(!kernel.empty() ? kernel : !loader.empty() ? loader : verdict.reason);
}

std::vector<std::string> log_lines(const result::Observation& seen, size_t count) {
  std::vector<std::string> lines;
  for (auto& line : inert_tail(seen.messages.str(), count)) lines.push_back("library| " + line);
  const auto& log = seen.log_tail.empty() ? seen.log_head : seen.log_tail;
  for (auto& line : inert_tail(log.str(), count)) lines.push_back("log| " + line);
  return lines;
}

CiTest test_of(const result::RunRecord& run, const result::CellRecord& cell,
               const result::Verdict& verdict) {
  CiTest test;
  test.name =
      inert_name(fmt::format("{} {}", run.programs[cell.program].id, spec::to_text(cell.mode)));
  test.result = result_of(verdict.status);
  test.reason = verdict.reason;
  test.flaky = cell.flaky;
  test.measured_only = verdict.status == Status::DONE;
  if (cell.attempt.state == result::AttemptState::measured)
    test.seconds = std::chrono::duration<double>(cell.attempt.observation.duration).count();
  if (test.result == Result::passed) return test;
  test.headline = why_text(run, cell, verdict);
  // Of what never ran there is nothing to show, and its reason is the same for a whole kernel.
  if (verdict.status == Status::FAIL || verdict.status == Status::ERROR)
    test.details = details_of(run, cell, verdict);
  return test;
}

std::vector<CiTest> law_tests(const result::RunRecord& run, const result::Judgement& judgement,
                              const law::Findings& laws) {
  std::vector<CiTest> tests;
  for (const auto& result : laws.results)
    if (result.law->kind == spec::Law::Kind::law && result.planned)
      tests.push_back(test_of(run, result));
  auto findings = judgement.findings;
  for (auto& text : finding_texts(run, laws)) findings.push_back(std::move(text));
  if (tests.empty() && findings.empty()) return tests;
  CiTest test;
  test.name = "findings";
  test.reason = "OK";
  if (!findings.empty()) {
    test.result = Result::failed;
    test.reason = "FINDINGS";
    test.headline = fmt::format("{} finding{}", findings.size(), findings.size() == 1 ? "" : "s");
    for (const auto& text : findings) test.details.push_back(inert_line(text, kFindingLength));
  }
  tests.push_back(std::move(test));
  return tests;
}

}  // namespace bpfmatrix::report
