// Text on a grid of columns: widths, padding, wrapping, superscripts. UTF-8 in, UTF-8 out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::report {

// Columns that a terminal gives `text`: 0 for combining marks and zero-width characters, 2 for East
// Asian wide ones, 1 for everything else, a byte that is no UTF-8 included.
[[nodiscard]] size_t display_width(std::string_view text);

// `text` with spaces behind it up to `width` columns.
[[nodiscard]] std::string pad(std::string_view text, size_t width);

// Lines of at most `width` columns, cut at spaces; lines from the second on begin with `indent`
// spaces. A word that is longer stays whole.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent);

// `text` as one line: white space and line ends become single spaces; longer than `limit` bytes it
// is cut at a character and ends in "…".
[[nodiscard]] std::string single_line(std::string_view text, size_t limit = 200);

// 12 -> "¹²".
[[nodiscard]] std::string superscript(uint32_t number);

// "a, b, c".
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace bpfmatrix::report
