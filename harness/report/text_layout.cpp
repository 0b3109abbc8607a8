#include "report/text_layout.h"

#include <array>

namespace bpfmatrix::report {
namespace {

// Decodes one character at `at` and moves on; a broken sequence is one byte wide and gives U+FFFD.
char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const size_t size = first < 0x80    ? 1
                      : first >= 0xf0 ? 4
                      : first >= 0xe0 ? 3
                      : first >= 0xc2 ? 2
                                      : 0;
  if (size == 0 || at + size > text.size()) return ++at, U'\ufffd';
  char32_t point = size == 1 ? first : first & (0xff >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return ++at, U'\ufffd';
    point = point << 6 | (byte(at + i) & 0x3f);
  }
  at += size;
  return point;
}

struct Range {
  char32_t first, last;
};
// Unicode 15: general category Mn of the common blocks, and format characters.
constexpr std::array<Range, 6> kZeroWidth = {{{0x300, 0x36f},
                                              {0x200b, 0x200f},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f},
                                              {0xfeff, 0xfeff}}};
// Unicode 15, EastAsianWidth.txt: the blocks that are wide throughout.
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115f},
                                         {0x2e80, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60},
                                         {0xffe0, 0xffe6},
                                         {0x1f300, 0x1faff},
                                         {0x20000, 0x3fffd}}};

template <size_t N>
bool in(const std::array<Range, N>& ranges, char32_t point) {
  for (const auto& range : ranges)
    if (point >= range.first && point <= range.last) return true;
  return false;
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t point = next_character(text, at);
    width += in(kZeroWidth, point) ? 0 : in(kWide, point) ? 2 : 1;
  }
  return width;
}

std::string pad(std::string_view text, size_t width) {
  std::string padded(text);
  const size_t used = display_width(text);
  if (used < width) padded.append(width - used, ' ');
  return padded;
}

std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent) {
  std::vector<std::string> lines;
  std::string line;
  size_t used = 0;  // columns of `line`
  bool fresh = true;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const size_t columns = display_width(word);
    if (!fresh && used + 1 + columns > width) {
      lines.push_back(std::move(line));
      line.assign(indent, ' ');
      used = indent;
      fresh = true;
    }
    if (!fresh) line += ' ';
    used += columns + (fresh ? 0 : 1);
    line += word;
    fresh = false;
  }
  lines.push_back(std::move(line));
  return lines;
}

std::string single_line(std::string_view text, size_t limit) {
  std::string line;
  for (const char c : text) {
    if (!is_space(c)) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  if (line.size() <= limit) return line;
  size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0) == 0x80) --cut;
  return line.substr(0, cut) + "…";
}

std::string superscript(uint32_t number) {
  static constexpr std::array<std::string_view, 10> kDigits = {"⁰", "¹", "²", "³", "⁴",
                                                               "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char digit : std::to_string(number)) text += kDigits[static_cast<size_t>(digit - '0')];
  return text;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace bpfmatrix::report
