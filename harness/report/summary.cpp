#include "report/summary.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "report/repro.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using result::Status;

constexpr uint32_t kShownFailures = 20;
constexpr uint32_t kShownConsole = 6;  // lines; export has all that is kept
constexpr size_t kFindingLength = 1000;  // bytes: two cells, kernels and loaders

std::string counts_line(const result::RunRecord& run, const result::Judgement& judgement) {
  std::string line = fmt::format("{} cells:", run.cells.size());
  const char* separator = " ";
  for (const auto status : result::all_statuses()) {
    const auto at = judgement.counts.find(status);
    if (at == judgement.counts.end() || at->second == 0) continue;
    line += fmt::format("{}{} {}", separator, at->second, name(status));
    separator = ", ";
  }
  uint32_t flaky = 0, cached = 0;
  for (const auto& cell : run.cells) {
    flaky += cell.flaky ? 1 : 0;
    cached += cell.cached ? 1 : 0;
  }
  if (flaky != 0) line += fmt::format("; {} flaky", flaky);
  if (cached != 0) line += fmt::format("; {} cached", cached);
  return line;
}

// How a kernel's report begins, behind the title that stands there already.
void add_console(std::string_view report, std::vector<std::string>& lines) {
  for (uint32_t shown = 0; shown <= kShownConsole && !report.empty(); ++shown) {
    const auto end = report.find('\n');
    if (shown > 0) lines.push_back("console: " + single_line(report.substr(0, end)));
    report.remove_prefix(end == std::string_view::npos ? report.size() : end + 1);
  }
}

void add_failures(const result::RunRecord& run, const result::Judgement& judgement,
                  std::vector<std::string>& lines) {
  uint32_t failures = 0;
  std::set<std::string> told;  // reports of a kernel, by their titles: the first of each is shown
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& verdict = judgement.verdicts[i];
    if (verdict.status != Status::FAIL || ++failures > kShownFailures) continue;
    lines.push_back(fmt::format("FAIL {} {}: {}", verdict.reason, run.cells[i].id,
                                single_line(verdict.text, 400)));
    const auto& attempt = run.cells[i].attempt;
    if (attempt.state != result::AttemptState::measured && told.insert(attempt.note).second)
      add_console(attempt.observation.messages.str(), lines);
    lines.push_back("to repeat: " + repro(run, run.cells[i]));
  }
  if (failures > kShownFailures)
    lines.push_back(fmt::format("… and {} more FAIL", failures - kShownFailures));
}

void add_trouble(const result::RunRecord& run, const result::Judgement& judgement,
                 std::vector<std::string>& lines) {
  for (auto& trouble : troubles_of(run, judgement)) {
    lines.push_back(std::move(trouble.text));
    if (trouble.status == Status::ERROR)
      lines.push_back("to repeat: " + repro(run, run.cells[trouble.first]));
  }
}

// "laws: 41 hold, 1 broken, 2 excepted, 3 undecided; features: 12".
std::string laws_line(const law::Findings& laws) {
  std::string line = fmt::format("laws: {} hold, {} broken, {} excepted, {} undecided", laws.holds,
                                 laws.broken, laws.excepted, laws.undecided);
  if (laws.not_exercised != 0) line += fmt::format(", {} not exercised", laws.not_exercised);
  return line + fmt::format("; features: {}", laws.features);
}

// "undecided: boundary, part-that-is-kept (log-rotates was not measured on debian-6.1)": laws that have
// the same first reason share a line.
void add_undecided(const law::Findings& laws, std::vector<std::string>& lines) {
  std::map<std::string, std::string> ids_of;  // reason -> laws
  for (const auto& result : laws.results) {
    if (result.law->kind == spec::Law::Kind::feature) continue;
    const auto point =
        std::ranges::find(result.points, law::Verdict::undecided, &law::Point::verdict);
    if (point == result.points.end()) continue;
    auto& ids = ids_of[point->text];
    ids += (ids.empty() ? "" : ", ") + result.law->id;
  }
  for (const auto& [reason, ids] : ids_of)
    lines.push_back(
        fmt::format("undecided: {} ({})", single_line(ids, 300), single_line(reason, 200)));
}

void add_laws(const result::RunRecord& run, const law::Findings& laws,
              std::vector<std::string>& lines) {
  if (!laws.results.empty()) lines.push_back(laws_line(laws));
  add_undecided(laws, lines);
  for (const auto& finding : laws.findings) {
    lines.push_back("finding: " + single_line(finding.text, kFindingLength));
    const auto command = repro(run, finding);
    if (!command.empty()) lines.push_back("to repeat: " + command);
  }
}

}  // namespace

std::vector<Trouble> troubles_of(const result::RunRecord& run,
                                 const result::Judgement& judgement) {
  std::map<std::tuple<Status, std::string, uint32_t, std::string>, Trouble> groups;
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    const auto& verdict = judgement.verdicts[i];
    if (verdict.status != Status::ERROR && verdict.status != Status::MISS) continue;
    const auto& cell = run.cells[i];
    std::string why = verdict.text;
    if (why.empty()) why = run.kernels[cell.kernel].problem;
    if (why.empty()) why = run.loaders[cell.loader].problem;
    auto& group = groups[{verdict.status, verdict.reason, cell.kernel, single_line(why)}];
    if (group.cells++ == 0) group.first = i;
  }
  std::vector<Trouble> troubles;
  for (auto& [key, group] : groups) {
    const auto& [status, reason, kernel, why] = key;
    group.status = status;
    group.reason = reason;
    group.kernel = kernel;
    group.text = fmt::format("{} {} {}, {} cell{}{}{}", name(status), reason,
                             run.kernels[kernel].id, group.cells, group.cells == 1 ? "" : "s",
                             why.empty() ? "" : ": ", why);
    troubles.push_back(std::move(group));
  }
  return troubles;
}

std::vector<std::string> summarize(const result::RunRecord& run, const result::Judgement& judgement,
                                   const law::Findings& laws) {
  std::vector<std::string> lines = {counts_line(run, judgement)};
  add_failures(run, judgement, lines);
  add_trouble(run, judgement, lines);
  for (const auto& finding : judgement.findings)
    lines.push_back("finding: " + single_line(finding));
  add_laws(run, laws, lines);
  if (!run.header.selection.empty())
    lines.push_back("only a part of the matrix was selected: " + single_line(run.header.selection));
  if (run.header.finished.empty())
    lines.emplace_back("the run has not finished: it is still going on or was cut off");
  for (const auto& note : run.header.notes) lines.push_back("note: " + single_line(note, 400));
  return lines;
}

}  // namespace bpfmatrix::report
