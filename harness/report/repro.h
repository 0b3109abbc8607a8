// The command that measures one cell again. Pure.
#pragma once

#include <string>

#include "result/run_record.h"

namespace bpfmatrix::report {

// "bpfmatrix run matrices/quick.yaml -k debian-6.1 -l raw -p trivial -m 'prog_load:2:4096'": safe
// to paste into a POSIX shell whatever the names hold.
[[nodiscard]] std::string repro(const result::RunRecord& run, const result::CellRecord& cell);

}  // namespace bpfmatrix::report
