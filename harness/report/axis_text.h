// How the table names kernels and groups of loaders. Pure; the texts may hold what a guest wrote.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::report {

// May the two stand in one row, if they behave alike?
[[nodiscard]] bool can_share_row(const result::LoaderRecord& a, const result::LoaderRecord& b);

// "libbpf 0.3 … 1.1.2, 1.5.0": three or more neighbours of the run's list become a range. `loaders`:
// indexes, ascending, not empty, that can share a row.
[[nodiscard]] std::string loaders_text(const result::RunRecord& run,
                                       const std::vector<uint32_t>& loaders);

// One for each kernel: its upstream version, or its id where that is not known or not its alone.
[[nodiscard]] std::vector<std::string> kernel_titles(const result::RunRecord& run);

}  // namespace bpfmatrix::report
