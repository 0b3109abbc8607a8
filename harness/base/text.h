// Small pure functions on text: globs, nearest word, byte sizes, control characters.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bpfmatrix::base {

// As fnmatch(3) without flags, `*`, `?`, `[...]`, `\\x`, but in time of at most glob times text.
[[nodiscard]] bool glob_matches(const std::string& glob, const std::string& text);

// The candidate nearest to `word` by edit distance, if near enough to be worth suggesting
// (distance at most a third of the word's length, at least 1).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

// "4096", "4KiB", "16MiB-1", "1 GiB" in bytes; nothing when it is not a size.
[[nodiscard]] std::optional<uint64_t> parse_bytes(std::string_view text);
// The shortest exact spelling: 4096 -> "4 KiB", 16777215 -> "16 MiB-1", 100 -> "100".
[[nodiscard]] std::string format_bytes(uint64_t bytes);

// Text of an untrusted guest made safe for a terminal: C0 (but newline and tab), C1, ESC, bidi
// controls and invalid UTF-8 become '?'.
[[nodiscard]] std::string printable(std::string_view text);

// Name of an errno ("EINVAL"), of a libbpf code ("LIBBPF_ERRNO__VERIFY" for 4007), "0", or the
// number. `code` is not negative.
[[nodiscard]] std::string errno_name(int code);
// The number for such a name; nothing when unknown.
[[nodiscard]] std::optional<int> errno_number(std::string_view name);

}  // namespace bpfmatrix::base
