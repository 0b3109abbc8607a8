// A digest over a whole run: tells one that is as it was written from one that is not. Pure.
#pragma once

#include <string>

#include "result/run_record.h"

namespace bpfmatrix::result {

// SHA-256 over everything that the record holds: header, axes, expectations, cells, and of each cell
// the attempt that counts, its texts included.
[[nodiscard]] std::string run_digest(const RunRecord& run);

}  // namespace bpfmatrix::result
