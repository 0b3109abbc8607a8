// The small values that matrices and catalogues are made of: ids, versions, levels, durations.
// Pure; each parser returns nothing for what it does not take.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::spec {

// ^[a-z0-9][a-z0-9._-]{0,63}$
[[nodiscard]] bool is_id(std::string_view text);
inline constexpr std::string_view kIdRule =
    "an id of at most 64 characters out of a-z 0-9 . _ -, a letter or digit first";

// Numbers with points between them: "6.1", "0.8.1".
[[nodiscard]] bool is_version(std::string_view text);

// "10", "0xa", "1<<31"; 32 bits. Refuses "010", which YAML 1.1 takes for 8.
[[nodiscard]] std::optional<uint32_t> parse_level(std::string_view text);
inline constexpr std::string_view kLevelRule = "a log level of 32 bits such as 2, 0x8 or 1<<31";

// "500ms", "10s", "2m"; from 1 ms to 24 hours.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
inline constexpr std::string_view kDurationRule =
    "a duration such as 500ms, 10s or 2m, at most 24 h";

}  // namespace bpfmatrix::spec
