// The sentences below the table: counts, failures, what did not run and why, findings. Pure.
#pragma once

#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// One line each, in this order: counts; each unexpected cell with a command that repeats it (the
// first 20, the number of the rest); trouble of ours grouped by what and where; how the laws went;
// findings, those of laws with a command that measures their cells again; notes of the run.
[[nodiscard]] std::vector<std::string> summarize(const result::RunRecord& run,
                                                 const result::Judgement& judgement,
                                                 const law::Findings& laws = {});

}  // namespace bpfmatrix::report
