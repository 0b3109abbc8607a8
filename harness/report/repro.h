// The command that measures one cell, or the two of a finding, again. Pure.
#pragma once

#include <string>
#include <string_view>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// A word as a POSIX shell takes it, in quotes where it needs them.
[[nodiscard]] std::string shell_word(std::string_view word);

// "bpfmatrix run matrices/quick.yaml -k debian-6.1 -l raw -p trivial -m 'prog_load:2:4096'": safe
// to paste into a POSIX shell whatever the names hold.
[[nodiscard]] std::string repro(const result::RunRecord& run, const result::CellRecord& cell);

// The command that measures both cells of a law's finding; empty where it names none. What
// the cells' coordinates cross comes with them.
[[nodiscard]] std::string repro(const result::RunRecord& run, const law::Finding& finding);

}  // namespace bpfmatrix::report
