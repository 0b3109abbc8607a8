#include "compare/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.h"
#include "compare/moved.h"
#include "report/cell_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compare {
namespace {

using result::CellRecord;
using result::Outcome;
using result::Status;
using result::Verdict;

constexpr std::array<std::string_view, 7> kChanges = {"regressed", "improved", "changed", "lost",
                                                      "found",     "added",    "removed"};

// What of a cell's id the sides have in common: "kernel/loader/program/mode", its kernel or loader
// replaced where two of them are compared.
std::string common_name(const Side& side, const CellRecord& cell) {
  if (side.kernel.empty() && side.loader.empty()) return cell.id;
  const auto first = cell.id.find('/');
  const auto second = cell.id.find('/', first + 1);
  if (second == std::string::npos) return cell.id;
  const auto kernel = side.kernel.empty() ? cell.id.substr(0, first) : std::string("*");
  const auto loader =
      side.loader.empty() ? cell.id.substr(first + 1, second - first - 1) : std::string("*");
  return fmt::format("{}/{}{}", kernel, loader, cell.id.substr(second));
}

bool is_of(const Side& side, const CellRecord& cell) {
  const auto& run = *side.run;
  return (side.kernel.empty() || run.kernels[cell.kernel].id == side.kernel) &&
         (side.loader.empty() || run.loaders[cell.loader].id == side.loader);
}

bool good(Status status) {
  return status == Status::PASS || status == Status::DONE;
}

std::string text_of(const Side& side, uint32_t cell) {
  const auto& record = side.run->cells[cell];
  const auto& verdict = side.judgement->verdicts[cell];
  const auto seen = report::cell_text(*side.run, record, verdict);
  // "L = loaded": what is behind the letter.
  auto text = fmt::format("{} {}", name(verdict.status),
                          verdict.outcome == Outcome::NOT_RUN ? verdict.reason
                                                              : std::string(name(verdict.outcome)));
  if (!seen.detail.empty()) text += " " + seen.detail;
  const auto& attempt = record.attempt;
  if (attempt.state == result::AttemptState::measured && attempt.observation.error != 0)
    text += ", " + base::errno_name(attempt.observation.error);
  return text;
}

struct Found {
  Change change;
  std::string why;
};

// More instructions than the limit allows, or fewer by as much.
std::optional<Found> instructions(const CellRecord& a, const CellRecord& b, const Limits& limits) {
  if (!limits.more_instructions) return std::nullopt;
  const auto count = [](const CellRecord& cell) {
    const auto& seen = cell.attempt.observation;
    return result::parse_verification(seen.log_tail.empty() ? seen.log_head : seen.log_tail);
  };
  const auto before = count(a), after = count(b);
  if (!before || !after || before->insns == 0) return std::nullopt;
  const double percent =
      (static_cast<double>(after->insns) / static_cast<double>(before->insns) - 1) * 100;
  if (percent <= *limits.more_instructions && percent >= -*limits.more_instructions)
    return std::nullopt;
  return Found{percent > 0 ? Change::regressed : Change::improved,
               fmt::format("verifies {:+.1f} % instructions: {} → {}", percent, before->insns,
                           after->insns)};
}

std::optional<Found> held_against(const CellRecord& a, const Verdict& was, const CellRecord& b,
                                  const Verdict& is, const Limits& limits) {
  const bool differ = result::disagree(a.attempt, b.attempt) || was.outcome != is.outcome;
  if (is.status == Status::FAIL && was.status != Status::FAIL)
    return Found{Change::regressed, is.text};
  if (is.status == Status::FAIL)
    return differ ? std::optional(Found{Change::changed, is.text}) : std::nullopt;
  if (good(is.status)) {
    if (was.status == Status::FAIL) return Found{Change::improved, {}};
    if (!good(was.status)) return Found{Change::found, was.text};
    const bool loaded = was.outcome == Outcome::LOADED, loads = is.outcome == Outcome::LOADED;
    // What somebody expects is no regression, whatever it was before.
    if (loaded != loads && is.status == Status::DONE)
      return Found{loads ? Change::improved : Change::regressed, {}};
    if (differ) return Found{Change::changed, {}};
    return loads ? instructions(a, b, limits) : std::nullopt;
  }
  if (good(was.status) || was.status == Status::FAIL) return Found{Change::lost, is.text};
  return std::nullopt;
}

class Comparer {
 public:
  Comparer(const Side& before, const Side& after, const Limits& limits,
           const spec::KnownFailures& known, const std::string& today)
      : before_(before),
        after_(after),
        limits_(limits),
        known_(known),
        today_(today),
        met_(known.size(), false),
        movements_(before, after) {
    out_.before = before.title;
    out_.after = after.title;
  }

  Comparison compare() {
    compare_cells();
    compare_laws();
    std::ranges::stable_sort(out_.cells, {}, &CellChange::change);
    for (const auto& change : out_.cells) ++out_.counts[change.change];
    out_.moved = movements_.all();
    for (size_t i = 0; i < known_.size(); ++i) {
      const auto& one = known_[i];
      if (one.expires < today_)
        out_.notes.push_back(fmt::format("the known failure at {}:{} has expired on {} ({})",
                                         one.place.file, one.place.line, one.expires, one.reason));
      else if (!met_[i])
        out_.notes.push_back(fmt::format("the known failure at {}:{} was met by nothing ({})",
                                         one.place.file, one.place.line, one.reason));
    }
    return std::move(out_);
  }

 private:
  void compare_cells() {
    std::unordered_map<std::string, uint32_t> earlier;
    const auto& cells = before_.run->cells;
    for (uint32_t i = 0; i < cells.size(); ++i)
      if (is_of(before_, cells[i])) earlier.emplace(common_name(before_, cells[i]), i);
    std::vector<bool> matched(cells.size(), false);
    const auto& now = after_.run->cells;
    for (uint32_t i = 0; i < now.size(); ++i) {
      if (!is_of(after_, now[i])) continue;
      const auto name = common_name(after_, now[i]);
      const auto at = earlier.find(name);
      const uint32_t before = at == earlier.end() ? kNoCell : at->second;
      if (before != kNoCell) {
        matched[before] = true;
        ++out_.common;
      }
      compare_cell(name, before, i);
    }
    for (uint32_t i = 0; i < cells.size(); ++i)
      if (is_of(before_, cells[i]) && !matched[i]) {
        CellChange gone;
        gone.change = Change::removed;
        gone.cell = common_name(before_, cells[i]);
        gone.before = i;
        gone.before_text = text_of(before_, i);
        out_.cells.push_back(std::move(gone));
      }
  }

  void compare_cell(const std::string& name, uint32_t before, uint32_t after) {
    const auto& verdict = after_.judgement->verdicts[after];
    CellChange change;
    if (before == kNoCell) {
      change.change = Change::added;
      change.unexpected = verdict.status == Status::FAIL;
      change.why = change.unexpected ? verdict.text : std::string();
    } else {
      auto found = held_against(before_.run->cells[before], before_.judgement->verdicts[before],
                                after_.run->cells[after], verdict, limits_);
      if (!found) return;
      change.change = found->change;
      change.why = std::move(found->why);
      change.unexpected = change.change == Change::regressed;
      change.before_text = text_of(before_, before);
      change.moved = movements_.of_cell(before, after);
    }
    change.cell = name;
    change.before = before;
    change.after = after;
    change.after_text = text_of(after_, after);
    if (change.unexpected) {
      change.known = known_reason(&spec::KnownFailure::cell, after_.run->cells[after].id);
      out_.unexpected += change.known.empty() ? 1 : 0;
    }
    out_.cells.push_back(std::move(change));
  }

  using LawPoints = std::unordered_map<std::string, const law::Point*>;
  static std::string law_name(const Side& side, const law::Result& result, const law::Point& point) {
    return fmt::format("{}/{}/{}", result.law->id, side.run->kernels[point.kernel].id,
                       side.run->loaders[point.loader].id);
  }

  void compare_laws() {
    if (before_.laws == nullptr || after_.laws == nullptr) return;
    LawPoints earlier;
    for (const auto& result : before_.laws->results)
      for (const auto& point : result.points)
        earlier.emplace(law_name(before_, result, point), &point);
    for (const auto& result : after_.laws->results) {
      if (result.law->kind != spec::Law::Kind::law) continue;
      for (const auto& point : result.points) {
        const auto name = law_name(after_, result, point);
        const auto at = earlier.find(name);
        compare_law(name, result, at == earlier.end() ? nullptr : at->second, point);
      }
    }
  }

  void compare_law(const std::string& name, const law::Result& result, const law::Point* before,
                   const law::Point& after) {
    const auto was = before == nullptr ? law::Verdict::not_measured : before->verdict;
    const bool broken = after.verdict == law::Verdict::broken;
    const bool was_broken = was == law::Verdict::broken;
    if (broken == was_broken || (was_broken && after.verdict != law::Verdict::holds)) return;
    LawChange change;
    change.change = broken ? Change::regressed : Change::improved;
    change.law = result.law->id;
    change.kernel = after_.run->kernels[after.kernel].id;
    change.loader = after_.run->loaders[after.loader].id;
    change.before_text = law::name(was);
    change.after_text = law::name(after.verdict);
    change.why = after.text;
    if (broken) {
      change.known = known_reason(&spec::KnownFailure::law, name);
      out_.unexpected += change.known.empty() ? 1 : 0;
    }
    out_.laws.push_back(std::move(change));
  }

  std::string known_reason(std::string spec::KnownFailure::*glob, const std::string& name) {
    for (size_t i = 0; i < known_.size(); ++i) {
      const auto& one = known_[i];
      if ((one.*glob).empty() || one.expires < today_ || !base::glob_matches(one.*glob, name))
        continue;
      met_[i] = true;
      return one.reason;
    }
    return {};
  }

  const Side &before_, &after_;
  const Limits& limits_;
  const spec::KnownFailures& known_;
  const std::string& today_;
  std::vector<bool> met_;
  Movements movements_;
  Comparison out_;
};

}  // namespace

std::string_view name(Change change) {
  return kChanges.at(static_cast<size_t>(change));
}

const std::vector<Change>& all_changes() {
  static const std::vector<Change> all = {Change::regressed, Change::improved, Change::changed,
                                          Change::lost,      Change::found,    Change::added,
                                          Change::removed};
  return all;
}

Comparison compare(const Side& before, const Side& after, const Limits& limits,
                   const spec::KnownFailures& known, const std::string& today) {
  return Comparer(before, after, limits, known, today).compare();
}

}  // namespace bpfmatrix::compare
