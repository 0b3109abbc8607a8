// Law files read and held against each other. Reads files; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/law.h"

namespace bpfmatrix::spec {

struct LawFile {
  std::filesystem::path path;
  std::optional<Place> asked_at;  // where a file that cannot be read is reported
};

// The laws of `files`, in that order, which may ask features of `known` and of each other. Mistakes
// are reported.
[[nodiscard]] std::vector<Law> read_law_files(const std::vector<LawFile>& files,
                                              const std::vector<Law>& known,
                                              Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
