// Verdicts in words, and what a cell showed, as Markdown. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "law/evaluate.h"
#include "law/range.h"
#include "result/run_record.h"

namespace bpfmatrix::compat {

// "holds", "broken", "excepted", "undecided", "not applicable", "not measured"; of a feature "yes",
// "no", "mixed".
[[nodiscard]] std::string_view word(const spec::Law& law, law::Verdict verdict);
// Its letter and the word: "**B** broken".
[[nodiscard]] std::string lettered(const spec::Law& law, law::Verdict verdict);

// Was it decided there: yes or no, and not merely not measured?
[[nodiscard]] bool is_decided(law::Verdict verdict);

// law::range_text(); of what has no versions "yes", "no", "in part" or "not measured".
[[nodiscard]] std::string line_text(const law::Line& line);
// One "debian ≤5.10.262" for each vendor that was measured; "libbpf ≤1.1.2" of a law whose axis is
// the loader; of one whose axis is the pair, the kernels for each group of loaders that are alike:
// "raw: debian ≤5.10.262". Empty: not measured.
[[nodiscard]] std::vector<std::string> ranges(const law::Result& result,
                                              const result::RunRecord& run);

// "`EINVAL` from the kernel", "`0`, no bpf() call was made".
[[nodiscard]] std::string errno_text(const result::Observation& seen);
// "`P(2,4096)=ENOSPC` `P(2,8192)=0`"; of long lists the first and last.
[[nodiscard]] std::string calls_text(const result::Observation& seen, bool probes = false);
// A table of everything that tells how a cell went, the end of its log, and the command that
// measures it again.
[[nodiscard]] std::string evidence(const result::RunRecord& run, uint32_t cell);

}  // namespace bpfmatrix::compat
