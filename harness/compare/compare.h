// Two runs, kernels or loaders held against each other: what moved between them, and what became of
// each cell. Pure.
//
// Cells are matched by their ids, which are stable from run to run; between two kernels or loaders of
// one run, by the rest of the id. Verdicts are each side's own. 100,000 cells take well under a
// second.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/known_failures.h"

namespace bpfmatrix::compare {

inline constexpr uint32_t kNoCell = UINT32_MAX;

struct Side {
  std::string title;  // "20261125-020000.123-nightly", "debian-6.1"
  const result::RunRecord* run = nullptr;
  const result::Judgement* judgement = nullptr;
  const law::Findings* laws = nullptr;  // null: laws are not compared
  std::string kernel, loader;  // ids: only its cells, matched without it; empty: all
};

// What became of a cell, the most important first.
enum class Change {
  regressed,  // unexpected now and not before; or, where nothing is expected, loaded before and not
              // now; or it verifies more instructions than the limit allows
  improved,   // the other way round
  changed,    // another outcome, errno, decider or part of the log, neither better nor worse
  lost,       // measured before and not now: trouble of ours, or skipped
  found,      // the other way round
  added,      // the other side has no such cell
  removed,
};
[[nodiscard]] std::string_view name(Change change);
[[nodiscard]] const std::vector<Change>& all_changes();

struct CellChange {
  Change change = Change::changed;
  std::string cell;                             // the name that both sides have in common
  uint32_t before = kNoCell, after = kNoCell;   // indexes into the sides' runs
  std::string before_text, after_text;          // "PASS loaded", "FAIL refused kernel: EINVAL from bpf()"
  std::string why;                              // which expectation, how many instructions; may be empty
  std::vector<std::string> moved;               // what is not what it was, of that cell
  bool unexpected = false;                      // counts for the exit code, unless it is known
  std::string known;                            // the reason of the known failure that it is
};

// A law that is not what it was for a kernel and loader.
struct LawChange {
  Change change = Change::changed;  // regressed: broken now; improved: it was
  std::string law, kernel, loader;  // ids
  std::string before_text, after_text, why;
  std::string known;
};

struct Comparison {
  std::string before, after;          // the sides' titles
  uint32_t common = 0;                // cells that both have
  std::vector<std::string> moved;     // of the axes that both have, each once
  std::vector<CellChange> cells;      // by change, then in the order of the runs
  std::vector<LawChange> laws;
  std::map<Change, uint32_t> counts;  // of cells
  std::vector<std::string> notes;     // known failures that have expired or that nothing met
  uint32_t unexpected = 0;            // cells and laws that are new, unexpected and not known
};

struct Limits {
  // A program that both sides load may verify so many percent more instructions; nothing: any.
  std::optional<double> more_instructions;
};

// `today`: "2026-11-25", the day on which known failures are looked at.
[[nodiscard]] Comparison compare(const Side& before, const Side& after, const Limits& limits = {},
                                 const spec::KnownFailures& known = {},
                                 const std::string& today = {});

}  // namespace bpfmatrix::compare
