// Failures that people know of, for `compare`: which cells or laws, why, and until when they may fail
// without being told as new. Reads a file; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"

namespace bpfmatrix::spec {

struct KnownFailure {
  std::string cell;     // glob over ids of cells; or
  std::string law;      // glob over "law/kernel/loader"
  std::string reason;
  std::string expires;  // "2027-03-31": the last day on which it excuses
  Place place;
};

using KnownFailures = std::vector<KnownFailure>;

// invalid_input with every mistake, or when the file cannot be read.
[[nodiscard]] base::Result<KnownFailures> read_known_failures(const std::filesystem::path& file);

}  // namespace bpfmatrix::spec
