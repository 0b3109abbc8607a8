// Laws held against the observations of a run. Pure; any thread.
//
// Refuses to guess: a condition whose feature was not measured on a kernel leaves the law undecided
// there, a cell without an observation (crash, timeout, not run, not expressible) is not looked at,
// nor is one whose other cell has none. 50,000 cells take well under two seconds: globs are matched
// once per axis entry, modes are numbered, and a law only visits the cells of its own modes.
//
// What the verdicts mean, and what becomes a finding: harness/docs/outcomes.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::law {

inline constexpr uint32_t kNoCell = UINT32_MAX;

// What a law or feature came to for one (kernel, loader).
enum class Verdict {
  not_measured,  // no cell of it was measured there
  undecided,       // a feature that its conditions need was not measured there, or is mixed; or
                   // nothing contradicts it, but cells were lost (crash, time-out, not run)
  not_applicable,  // no case applies, or `where` leaves no cell
  holds,           // law: all cells are as it says; feature: yes
  broken,          // law: a cell contradicts it; feature: no
  excepted,        // law: contradicted, but only where an exception says so
  mixed,           // feature: yes in some cells and no in others
};
[[nodiscard]] std::string_view name(Verdict verdict);

struct Point {
  uint32_t kernel = 0, loader = 0;  // indexes into the run
  Verdict verdict = Verdict::not_measured;
  int applied_case = -1;  // index into Law::cases of the first case that applied
  uint32_t cells = 0;     // looked at
  uint32_t against = 0;   // of them, contradicting, where an exception says so included
  // Evidence: the cell that contradicts and what it is held against (the cell of the deciding
  // feature, or the other cell of a pair), else the first cell looked at. kNoCell: none.
  uint32_t cell = kNoCell, held_against = kNoCell;
  // What is wrong, for people: "errno: expected EINVAL, found 0"; excepted: the exception's reason;
  // undecided: what was not measured. May hold guest text.
  std::string text;
};

// What became of the cells in the range of an exception.
struct RangeOfException {
  bool measured = false;      // one was held against the law
  bool contradicted = false;  // and contradicts it: the exception is exercised
  bool lost = false;          // one has no observation that should have one, or is undecided
};

struct Result {
  const spec::Law* law = nullptr;
  std::vector<Point> points;  // by kernel, then loader; only pairs of which the run has a cell of it
  bool planned = false;       // the run has a cell of it, measured or not
  std::vector<RangeOfException> exceptions;  // of the law, same order

  // Null when there is none.
  [[nodiscard]] const Point* find(uint32_t kernel, uint32_t loader) const;
};

// A sentence about what is not as it must be, with the cells to measure again.
struct Finding {
  std::string text;  // may hold guest text
  uint32_t cell = kNoCell, held_against = kNoCell;
};

struct Findings {
  std::vector<Result> results;  // one per law given, same order
  // Broken laws and mixed features with both cells, one for all counter-examples that are alike;
  // exceptions that nothing contradicts any more and, in a complete run, laws that the
  // matrix names by their ids and no cell exercised.
  std::vector<Finding> findings;
  // Laws (not features) by their worst point: broken, undecided, excepted, holds; not_exercised
  // where no case applied anywhere.
  uint32_t holds = 0, broken = 0, excepted = 0, undecided = 0, not_exercised = 0;
  uint32_t features = 0;  // measured on some kernel with some loader
};

// `laws` must outlive the result and hold every feature that a condition names.
[[nodiscard]] Findings evaluate(const std::vector<spec::Law>& laws, const result::RunRecord& run);

// The exit code of a run that was judged as `judged`: a finding is an unexpected result, 100.
[[nodiscard]] int exit_code(int judged, const Findings& findings);

}  // namespace bpfmatrix::law
