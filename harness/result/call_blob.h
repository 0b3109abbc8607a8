// The bpf() calls of an observation as the store keeps them: 28 bytes each, little-endian.
//
// u32 cmd | u32 level | u32 size | u32 attr_size | s32 errno | u32 flags (1 probe, 2 measured) |
// u32 length (of the log after it). Format 1 of the store had no length: 24 bytes.
// Part of the store's format: a change needs a new version of the store. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "result/observation.h"

namespace bpfmatrix::result {

[[nodiscard]] std::string encode_calls(std::span<const Call> calls);
// invalid_input for a length that is no multiple of 28 and for unknown flags.
base::Result<std::vector<Call>> decode_calls(std::string_view blob);

// A list as format 1 of the store had it, with lengths that are not known: 0. invalid_input for a
// length that is no multiple of 24.
base::Result<std::string> calls_from_format_1(std::string_view blob);

}  // namespace bpfmatrix::result
