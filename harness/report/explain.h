// One cell in plain words: what was asked, who answered, why, what was expected, what to do. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// Lines for a terminal, guest text made printable; `cell` is an index into the run.
[[nodiscard]] std::string explain(const result::RunRecord& run, const result::Judgement& judgement,
                                  const law::Findings& laws, uint32_t cell);

// The line of a verifier log on which the verdict hinges: the last one that is neither a statistic of
// the verifier's nor empty. Empty when there is none.
[[nodiscard]] std::string_view telling_line(std::string_view log);

}  // namespace bpfmatrix::report
