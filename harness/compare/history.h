// What became of cells over many runs: a strip of letters each, and how often they were flaky. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::compare {

struct HistoryRun {
  std::string id, started;
  std::string program_version;
};

struct CellHistory {
  std::string cell;     // id
  std::string letters;  // one per run, oldest first: those of the table, ' ' where it was not planned
  uint32_t measured = 0;   // runs that measured it themselves
  uint32_t flaky = 0;      // of them: its attempts disagree, or the same content key gave another
                           // answer than the run before it with that key
  // In 0 .. 1; 0 when it was never measured.
  [[nodiscard]] double flake_rate() const {
    return measured == 0 ? 0 : static_cast<double>(flaky) / measured;
  }
};

// Takes one run after another, the oldest first, and keeps of each only what a history needs.
class History {
 public:
  // Cells whose ids match none of `globs` are left out; empty: none is.
  explicit History(std::vector<std::string> globs) : globs_(std::move(globs)) {}

  void add(const result::RunRecord& run, const result::Judgement& judgement);

  [[nodiscard]] const std::vector<HistoryRun>& runs() const { return runs_; }
  // In the order in which they came up first.
  [[nodiscard]] std::vector<CellHistory> cells() const;

 private:
  struct Cell {
    CellHistory history;
    std::map<std::string, result::Attempt> last_of_key;
  };
  std::vector<std::string> globs_;
  std::vector<HistoryRun> runs_;
  std::vector<Cell> cells_;
  std::map<std::string, size_t> index_;
};

}  // namespace bpfmatrix::compare
