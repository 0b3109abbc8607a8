// A run in a file that `bpfmatrix export` wrote, plain or compressed (xz, zstd, gzip). Blocking.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "result/run_record.h"

namespace bpfmatrix::cli {

// invalid_input, with the line, for anything else and for more than 1 GiB unpacked. Read in pieces:
// neither the file nor its text is ever held as a whole.
base::Result<result::RunRecord> read_results_file(const std::filesystem::path& file);

}  // namespace bpfmatrix::cli
