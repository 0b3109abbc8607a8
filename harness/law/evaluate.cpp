#include "law/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "law/check.h"
#include "law/condition.h"
#include "law/findings.h"
#include "law/resolved_law.h"
#include "law/run_index.h"

namespace bpfmatrix::law {
namespace {

using result::CellRecord;
using result::RunRecord;
using spec::Law;

constexpr std::array<std::string_view, 7> kVerdicts = {
    "not_measured", "undecided", "not_applicable", "holds", "broken", "excepted", "mixed"};
static_assert(static_cast<size_t>(Verdict::mixed) + 1 == kVerdicts.size());

// Which case applies to a (kernel, loader), and what decided it.
struct Applied {
  int number = -1;  // -1: none
  bool undecided = false;
  uint32_t cell = kNoCell;  // of the first feature that was asked
  std::string text;         // undecided: why
};

class Evaluator {
 public:
  Evaluator(const std::vector<Law>& laws, const RunRecord& run)
      : laws_(laws), run_(run), index_(run), states_(laws.size(), State::waiting) {
    results_.resize(laws.size());
  }

  std::vector<Result> all() {
    for (size_t i = 0; i < laws_.size(); ++i) evaluate(i);
    return std::move(results_);
  }

 private:
  enum class State { waiting, going_on, done };

  void evaluate(size_t number) {
    if (states_[number] != State::waiting) return;
    states_[number] = State::going_on;
    const Law& law = laws_[number];
    Result result;
    result.law = &law;
    result.exceptions.resize(law.exceptions.size());
    const ResolvedLaw resolved(law, index_);
    for (const auto& pair : resolved.pairs()) {
      result.points.push_back(point_of(resolved, pair, result));
      note_lost_cells(resolved, pair, result);
    }
    result.planned = !result.points.empty();
    results_[number] = std::move(result);
    states_[number] = State::done;
  }

  Point point_of(const ResolvedLaw& law, const ResolvedLaw::Pair& pair, Result& result) {
    Point point;
    point.kernel = pair.kernel;
    point.loader = pair.loader;
    const auto looked_at = law.looked_at(pair, point.verdict);
    point.cells = static_cast<uint32_t>(looked_at.size());
    if (looked_at.empty()) return point;
    point.cell = looked_at.front().cell;
    point.held_against = looked_at.front().other;
    const auto applied = apply(law.law(), pair.kernel, pair.loader);
    if (applied.undecided) {
      point.verdict = Verdict::undecided;
      point.text = applied.text;
    } else if (applied.number < 0) {
      point.verdict = Verdict::not_applicable;
    } else {
      point.applied_case = applied.number;
      if (point.held_against == kNoCell) point.held_against = applied.cell;
      if (law.law().kind == Law::Kind::feature)
        judge_feature(law, looked_at, point);
      else
        judge_law(law, looked_at, applied, point, result);
      doubt_lost_cells(pair, point);
    }
    return point;
  }

  // What nothing contradicts does not hold where a cell was lost: that one might have.
  void doubt_lost_cells(const ResolvedLaw::Pair& pair, Point& point) const {
    if (point.verdict != Verdict::holds) return;
    const auto lost = std::ranges::count_if(
        pair.cells, [&](uint32_t number) { return is_lost(run_.cells[number]); });
    if (lost == 0) return;
    point.verdict = Verdict::undecided;
    point.text = fmt::format("{} of {} cells were lost", lost, pair.cells.size());
  }

  // Nothing is said of an exception whose range is known in part only.
  void note_lost_cells(const ResolvedLaw& law, const ResolvedLaw::Pair& pair, Result& result) const {
    const bool undecided = result.points.back().verdict == Verdict::undecided;
    for (size_t i = 0; i < result.exceptions.size(); ++i)
      for (const uint32_t number : pair.cells) {
        const auto& cell = run_.cells[number];
        if ((undecided || is_lost(cell)) && law.covers(i, cell)) result.exceptions[i].lost = true;
      }
  }

  // The first case whose conditions hold. One that cannot be told ends the search: whether a later
  // case applies depends on it.
  Applied apply(const Law& law, uint32_t kernel, uint32_t loader) {
    for (size_t i = 0; i < law.cases.size(); ++i) {
      Applied applied;
      applied.number = static_cast<int>(i);
      if (ask_all(law.cases[i], kernel, loader, applied)) return applied;
      if (applied.undecided) return applied;
    }
    return {};
  }

  // Do all requirements of a case hold? One that does not outweighs those that cannot be told.
  bool ask_all(const spec::Case& one, uint32_t kernel, uint32_t loader, Applied& applied) {
    for (const auto& requirement : one.when) {
      const Reply reply = ask(requirement, kernel, loader);
      if (reply.truth == Reply::Truth::no) {
        applied.undecided = false;
        return false;
      }
      if (applied.cell == kNoCell) applied.cell = reply.cell;
      if (reply.truth == Reply::Truth::yes) continue;
      applied.undecided = true;
      if (applied.text.empty()) applied.text = reply.text;
    }
    return !applied.undecided;
  }

  Reply ask(const spec::Requirement& requirement, uint32_t kernel, uint32_t loader) {
    if (requirement.kind == spec::Requirement::Kind::version)
      return ask_version(requirement, run_.loaders[loader]);
    const auto at = std::ranges::find(laws_, requirement.feature, &Law::id);
    if (at == laws_.end()) return {Reply::Truth::unknown, kNoCell, "no feature " + requirement.feature};
    const auto number = static_cast<size_t>(at - laws_.begin());
    evaluate(number);
    if (states_[number] != State::done)
      return {Reply::Truth::unknown, kNoCell, requirement.feature + " depends on itself"};
    Reply reply = ask_feature(results_[number], kernel, loader, run_);
    if (requirement.negated && reply.truth != Reply::Truth::unknown)
      reply.truth = reply.truth == Reply::Truth::yes ? Reply::Truth::no : Reply::Truth::yes;
    return reply;
  }

  [[nodiscard]] std::optional<std::string> against(const spec::Case& one,
                                                   const LookedAt& at) const {
    return contradiction(one.then, run_.cells[at.cell],
                         at.other == kNoCell ? nullptr : &run_.cells[at.other]);
  }

  void judge_feature(const ResolvedLaw& law, const std::vector<LookedAt>& looked_at,
                     Point& point) const {
    const auto& one = law.law().cases[static_cast<size_t>(point.applied_case)];
    uint32_t yes = kNoCell, no = kNoCell;
    for (const auto& at : looked_at) {
      const auto text = against(one, at);
      if (!text && yes == kNoCell) yes = at.cell;
      if (!text) continue;
      ++point.against;
      if (no != kNoCell) continue;
      no = at.cell;
      point.text = *text;
    }
    if (no == kNoCell) {
      point.verdict = Verdict::holds;
    } else {
      point.verdict = yes == kNoCell ? Verdict::broken : Verdict::mixed;
      point.cell = no;
      if (yes != kNoCell) point.held_against = yes;
    }
  }

  void judge_law(const ResolvedLaw& law, const std::vector<LookedAt>& looked_at,
                 const Applied& applied, Point& point, Result& result) const {
    const auto& one = law.law().cases[static_cast<size_t>(applied.number)];
    const auto take = [&](const LookedAt& at, Verdict verdict, std::string text) {
      point.verdict = verdict;
      point.cell = at.cell;
      point.held_against = at.other == kNoCell ? applied.cell : at.other;
      point.text = std::move(text);
    };
    point.verdict = Verdict::holds;
    for (const auto& at : looked_at) {
      const auto text = against(one, at);
      const spec::Exception* excuse = excuse_for(law, at, text.has_value(), result);
      if (!text) continue;
      ++point.against;
      if (excuse != nullptr && point.verdict == Verdict::holds)
        take(at, Verdict::excepted, excuse->reason);
      else if (excuse == nullptr && point.verdict != Verdict::broken)
        take(at, Verdict::broken, *text);
    }
  }

  // Marks the exceptions whose range holds the cell. The first of them that excuses what is seen.
  const spec::Exception* excuse_for(const ResolvedLaw& law, const LookedAt& at, bool contradicts,
                                    Result& result) const {
    const spec::Exception* excuse = nullptr;
    const auto& exceptions = law.law().exceptions;
    const CellRecord* other = at.other == kNoCell ? nullptr : &run_.cells[at.other];
    for (size_t i = 0; i < exceptions.size(); ++i) {
      if (!law.covers(i, run_.cells[at.cell])) continue;
      result.exceptions[i].measured = true;
      if (!contradicts) continue;
      result.exceptions[i].contradicted = true;
      if (excuse == nullptr && !contradiction(exceptions[i].then, run_.cells[at.cell], other))
        excuse = &exceptions[i];
    }
    return excuse;
  }

  const std::vector<Law>& laws_;
  const RunRecord& run_;
  RunIndex index_;
  std::vector<State> states_;
  std::vector<Result> results_;
};

// The verdict that counts for a law as a whole.
Verdict worst(const Result& result) {
  for (const auto verdict : {Verdict::broken, Verdict::undecided, Verdict::excepted, Verdict::holds})
    if (std::ranges::any_of(result.points, [&](const Point& p) { return p.verdict == verdict; }))
      return verdict;
  return Verdict::not_applicable;
}

// Was a feature measured there, whatever the answer?
bool is_answer(const Point& point) {
  return point.verdict == Verdict::holds || point.verdict == Verdict::broken ||
         point.verdict == Verdict::mixed;
}

void count(Findings& findings) {
  for (const auto& result : findings.results) {
    if (result.law->kind == Law::Kind::feature) {
      findings.features += std::ranges::any_of(result.points, is_answer) ? 1 : 0;
      continue;
    }
    const Verdict verdict = worst(result);
    ++(verdict == Verdict::broken      ? findings.broken
       : verdict == Verdict::undecided ? findings.undecided
       : verdict == Verdict::excepted  ? findings.excepted
       : verdict == Verdict::holds     ? findings.holds
                                       : findings.not_exercised);
  }
}

}  // namespace

std::string_view name(Verdict verdict) {
  return kVerdicts.at(static_cast<size_t>(verdict));
}

const Point* Result::find(uint32_t kernel, uint32_t loader) const {
  const auto key = std::pair(kernel, loader);
  const auto at = std::ranges::lower_bound(
      points, key, {}, [](const Point& point) { return std::pair(point.kernel, point.loader); });
  const bool found = at != points.end() && at->kernel == kernel && at->loader == loader;
  return found ? &*at : nullptr;
}

int exit_code(int judged, const Findings& findings) {
  constexpr int kUnexpected = 100;  // goes before 5 and 101
  return findings.findings.empty() ? judged : kUnexpected;
}

Findings evaluate(const std::vector<Law>& laws, const RunRecord& run) {
  Findings findings;
  findings.results = Evaluator(laws, run).all();
  for (const auto& result : findings.results) add_findings(result, run, findings.findings);
  count(findings);
  return findings;
}

}  // namespace bpfmatrix::law
