// Room on the disk of the workspace: asked before a run and while it goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace bpfmatrix::run {

// Bytes that an ordinary user can still write below `folder`, which need not be there yet; nothing
// when it cannot be told.
[[nodiscard]] std::optional<uint64_t> free_space(const std::filesystem::path& folder);

// Error no_space with what to do when less than `least` bytes are free; 0 asks for nothing.
base::Status check_space(const std::filesystem::path& folder, uint64_t least);

}  // namespace bpfmatrix::run
