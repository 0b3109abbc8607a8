// Laws held against the observations of a run. Pure; any thread.
//
// Refuses to guess: a condition whose feature was not measured on a kernel leaves the law undecided
// there, a cell without an observation (crash, timeout, not run, not expressible) is not looked at.
// 50,000 cells take well under two seconds: globs are matched once per axis entry, modes are
// numbered, and a law only visits the cells of its own modes.
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
  undecided,     // a feature that its conditions need was not measured there
  not_applicable,  // no case applies
  holds,         // law: all cells are as it says; feature: yes
  broken,        // law: a cell contradicts it; feature: no
  excepted,      // law: contradicted, but only where an exception says so
  mixed,         // feature: yes in some cells and no in others
};
[[nodiscard]] std::string_view name(Verdict verdict);

struct Point {
  uint32_t kernel = 0, loader = 0;  // indexes into the run
  Verdict verdict = Verdict::not_measured;
  int applied_case = -1;             // index into Law::cases of the first case that applied
  uint32_t cells = 0;                // looked at
  uint32_t against = 0;              // of them, contradicting
  // Evidence: the cell that contradicts and what it is held against (the cell of the deciding
  // feature, or the other cell of a pair), else the first cell looked at. kNoCell: none.
  uint32_t cell = kNoCell, held_against = kNoCell;
  std::string text;  // what is wrong, for people: "errno: expected EINVAL, found 0"
};

struct Result {
  const spec::Law* law = nullptr;
  std::vector<Point> points;  // by kernel, then loader; only pairs that the law could look at
  bool planned = false;       // the run has a cell of it, measured or not
  std::vector<bool> exceptions_exercised;
};

struct Findings {
  std::vector<Result> results;        // one per law given, same order
  std::vector<std::string> findings;  // sentences: broken laws with both cells, exceptions and laws
                                      // that nothing exercised
  uint32_t holds = 0, broken = 0, excepted = 0, undecided = 0;  // laws (not features), by their worst point
};

// `laws` must outlive the result and hold every feature that a condition names. `complete`: all of
// the matrix was run, so that what was not exercised is a finding.
[[nodiscard]] Findings evaluate(const std::vector<spec::Law>& laws, const result::RunRecord& run);

// The value of a field of a cell as text, for messages and pages: "ENOSPC", "4096", "absent".
[[nodiscard]] std::string field_text(const result::CellRecord& cell, spec::Field field);
// The program's calls (or the library's probes) as the laws spell them: "P(2,4096)=ENOSPC"; P
// PROG_LOAD, B BTF_LOAD, M MAP_CREATE, T TOKEN_CREATE, C(number) anything else; ",-" in place of the size
// is not written: NULL buffers show as size 0.
[[nodiscard]] std::vector<std::string> call_texts(const result::Observation& seen, bool probes);

}  // namespace bpfmatrix::law
