#include "law/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "law/run_index.h"

namespace bpfmatrix::law {
namespace {

using result::RunRecord;

// Points with one verdict and one text.
using Group = std::vector<const Point*>;

// "debian-6.1, debian-6.12 with raw; debian-5.10 with raw, libbpf-0.3": kernels with the same
// loaders share a part.
std::string where_text(const Group& group, const RunRecord& run) {
  std::map<uint32_t, std::string> loaders_of;  // kernel -> loaders
  for (const auto* point : group) {
    auto& text = loaders_of[point->kernel];
    text += (text.empty() ? "" : ", ") + run.loaders[point->loader].id;
  }
  std::string all;
  while (!loaders_of.empty()) {
    const std::string loaders = loaders_of.begin()->second;
    std::string kernels;
    for (const auto& [kernel, text] : loaders_of)
      if (text == loaders) kernels += (kernels.empty() ? "" : ", ") + run.kernels[kernel].id;
    std::erase_if(loaders_of, [&](const auto& entry) { return entry.second == loaders; });
    all += fmt::format("{}{} with {}", all.empty() ? "" : "; ", kernels, loaders);
  }
  return all;
}

// Why a cell is held against that other one: " (log-rotates)", the feature of the case's condition.
std::string reason_text(const spec::Law& law, const Point& point) {
  if (law.other) return " (the other cell)";
  for (const auto& requirement : law.cases[static_cast<size_t>(point.applied_case)].when)
    if (requirement.kind == spec::Requirement::Kind::feature)
      return fmt::format(" ({})", requirement.text);
  return {};
}

Finding broken(const spec::Law& law, const Group& group, const RunRecord& run) {
  const Point& first = *group.front();
  uint32_t cells = 0, against = 0;
  for (const auto* point : group) {
    cells += point->cells;
    against += point->against;
  }
  std::string text =
      fmt::format("law {} is broken: {}; on {}, {} of {} cell{}; {}", law.id, first.text,
                  where_text(group, run), against, cells, cells == 1 ? "" : "s",
                  run.cells[first.cell].id);
  if (first.held_against != kNoCell)
    text += fmt::format(", held against {}{}", run.cells[first.held_against].id,
                        reason_text(law, first));
  return {std::move(text), first.cell, first.held_against};
}

Finding mixed(const spec::Law& law, const Group& group, const RunRecord& run) {
  const Point& first = *group.front();
  return {fmt::format("feature {} is yes in some cells and no in others: on {}: no in {} ({}), yes "
                      "in {}",
                      law.id, where_text(group, run), run.cells[first.cell].id, first.text,
                      run.cells[first.held_against].id),
          first.cell, first.held_against};
}

// The points of a verdict, grouped by what is wrong, in the order of their first.
std::vector<Group> groups_of(const Result& result, Verdict verdict) {
  std::vector<Group> groups;
  std::map<std::string, size_t> numbers;
  for (const auto& point : result.points) {
    if (point.verdict != verdict) continue;
    const auto [at, added] = numbers.try_emplace(point.text, groups.size());
    if (added) groups.emplace_back();
    groups[at->second].push_back(&point);
  }
  return groups;
}

// All of the matrix was run, and no cell was lost: what was not exercised now never is.
bool is_complete(const RunRecord& run) {
  return run.header.selection.empty() && !run.header.finished.empty() &&
         std::ranges::none_of(run.cells, is_lost);
}

std::string place_text(const spec::Place& place) {
  return place.file.empty() ? std::string() : " at " + spec::to_text(place);
}

void add_stale_exceptions(const Result& result, std::vector<Finding>& findings) {
  const auto& exceptions = result.law->exceptions;
  for (size_t i = 0; i < exceptions.size(); ++i) {
    const auto& range = result.exceptions[i];
    if (!range.measured || range.contradicted || range.lost) continue;
    findings.push_back({fmt::format("law {}: no cell contradicts it in the range of the exception{} "
                                    "({}): it has gone stale, or its range is wrong",
                                    result.law->id, place_text(exceptions[i].place),
                                    exceptions[i].reason)});
  }
}

// Did the matrix name this very law? One of many that a glob took may have nothing to say of the
// kernels and loaders at hand.
bool is_named(const spec::Law& law, const RunRecord& run) {
  return std::ranges::any_of(run.laws, [&](const std::string& name) {
    return name == law.id || (!law.file.empty() && name == law.file.string());
  });
}

bool is_exercised(const Result& result) {
  return std::ranges::any_of(result.points,
                             [](const Point& point) { return point.applied_case >= 0; });
}

}  // namespace

void add_findings(const Result& result, const RunRecord& run, std::vector<Finding>& findings) {
  const auto& law = *result.law;
  for (const auto& group : groups_of(result, Verdict::mixed))
    findings.push_back(mixed(law, group, run));
  if (law.kind == spec::Law::Kind::feature) return;
  for (const auto& group : groups_of(result, Verdict::broken))
    findings.push_back(broken(law, group, run));
  // A part of the matrix may be the part of a range in which nothing contradicts.
  if (run.header.selection.empty()) add_stale_exceptions(result, findings);
  if (result.planned && !is_exercised(result) && is_complete(run) && is_named(law, run))
    findings.push_back({fmt::format("law {} was exercised by no cell{}", law.id,
                                    place_text(law.place))});
}

}  // namespace bpfmatrix::law
