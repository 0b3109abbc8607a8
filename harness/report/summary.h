// The sentences below the table: counts, failures, what did not run and why, findings. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// Cells of a kernel that say nothing about compatibility because something of ours went wrong, and
// wrong alike.
struct Trouble {
  result::Status status = result::Status::MISS;  // or ERROR
  std::string reason;
  uint32_t kernel = 0;  // index into the run
  uint32_t cells = 0;   // how many
  uint32_t first = 0;   // index of the first of them
  std::string text;     // "MISS BOOT_FAIL debian-7.3, 28 cells: no hello …"; may hold guest text
};
// ERROR before MISS, then by reason and kernel.
[[nodiscard]] std::vector<Trouble> troubles_of(const result::RunRecord& run,
                                               const result::Judgement& judgement);

// One line each, in this order: counts; each unexpected cell with a command that repeats it (the
// first 20, the number of the rest); trouble of ours grouped by what and where; how the laws went;
// findings, those of laws with a command that measures their cells again; notes of the run.
[[nodiscard]] std::vector<std::string> summarize(const result::RunRecord& run,
                                                 const result::Judgement& judgement,
                                                 const law::Findings& laws = {});

}  // namespace bpfmatrix::report
