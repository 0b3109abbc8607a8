// Finds the kernel's own word of its death in a console. Pure; the console is untrusted text.
//
// Only what ends a machine or names a broken kernel counts, and only at the start of a line (after
// the time stamp); verifier text never reaches the console. No finding means: not the kernel's
// fault as far as we can see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::run {

// "Kernel panic - not syncing: Fatal exception": one line, printable, at most 120 characters. A
// panic is preferred over the oops before it only when there is no oops.
[[nodiscard]] std::optional<std::string> find_crash_title(std::string_view console);

// The last `lines` lines that hold text, printable.
[[nodiscard]] std::string last_lines(std::string_view console, size_t lines);

}  // namespace bpfmatrix::run
