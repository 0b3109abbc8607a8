// Lines of a kernel's console: what stands before their text, and titles that do not vary. Pure.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix::console {

inline constexpr size_t kTitleLimit = 120;

// The line without carriage returns and blanks at its end, and without what printk() puts before a
// text: level "<4>", time "[    1.234567]", caller "[   T61]" or "[    C0]" (CONFIG_PRINTK_CALLER).
[[nodiscard]] std::string_view text_of(std::string_view line);

// func+0x10/0x20 [module] becomes func, func.isra.0 func; verifier.c:123 verifier.c:LINE; addresses
// ADDR, of the network IP; numbers NUM. Bytes that are not printable ASCII become '?'. At most kTitleLimit characters.
[[nodiscard]] std::string normalize(std::string_view text);

// The name in "do_check+0x10/0x20", without .isra.0, .constprop.0, .cold; empty where `text` does
// not begin with one.
[[nodiscard]] std::string_view function_at_start(std::string_view text);

// The last `count` lines that hold text, printable, at most 200 characters each.
[[nodiscard]] std::string last_lines(std::string_view console, size_t count);

// The first `count` of them, as far as they go into `limit` bytes, without what printk() puts before
// them: how a report begins.
[[nodiscard]] std::string first_lines(std::string_view console, size_t count, size_t limit);

}  // namespace bpfmatrix::console
