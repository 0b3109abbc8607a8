#include "console/title.h"

#include <algorithm>
#include <vector>

namespace bpfmatrix::console {
namespace {

constexpr size_t kLineLimit = 200;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Does `inside` look like a time stamp or a caller, and not like "[ BUG: Invalid wait context ]"?
bool is_stamp(std::string_view inside) {
  bool digit = false;
  for (const char c : inside) {
    digit |= is_digit(c);
    if (!is_digit(c) && c != ' ' && c != '.' && c != 'T' && c != 'C' && c != 'P' && c != 'U')
      return false;
  }
  return digit;
}

char printable(char c) {
  return c >= ' ' && c <= '~' ? c : '?';
}

// The word that begins at `text`: letters, digits, '_', and what function names have besides.
size_t word_length(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && (is_word(text[n]) || text[n] == '.')) ++n;
  while (n > 0 && text[n - 1] == '.') --n;
  return n;
}

// "123" or "123:4" at the start of `text`.
size_t place_length(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  if (n == 0 || n + 1 >= text.size() || text[n] != ':' || !is_digit(text[n + 1])) return n;
  for (++n; n < text.size() && is_digit(text[n]); ++n) {
  }
  return n;
}

// What stands for a number or an address; null for a word.
const char* stands_for(std::string_view word) {
  if (std::count(word.begin(), word.end(), '.') == 3 &&
      word.find_first_not_of("0123456789.") == word.npos)
    return "IP";
  const bool prefixed = word.starts_with("0x") && word.size() > 2;
  const std::string_view digits = prefixed ? word.substr(2) : word;
  if (std::all_of(digits.begin(), digits.end(), is_digit) && !prefixed)
    return digits.size() < 8 ? "NUM" : "ADDR";
  if (std::all_of(digits.begin(), digits.end(), is_hex) &&
      (prefixed || (digits.size() >= 6 && std::any_of(digits.begin(), digits.end(), is_digit))))
    return "ADDR";
  // "22s", "10ms"
  size_t n = 0;
  while (n < word.size() && is_digit(word[n])) ++n;
  const auto unit = word.substr(n);
  return n > 0 && (unit == "s" || unit == "ms" || unit == "kB") ? "NUM" : nullptr;
}

std::string_view without_suffix(std::string_view function) {
  for (const std::string_view suffix : {".isra.", ".constprop.", ".part.", ".cold", ".llvm."})
    if (const auto at = function.find(suffix); at != function.npos && at > 0)
      function = function.substr(0, at);
  return function;
}

}  // namespace

std::string_view text_of(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  for (int i = 0; i < 4 && !line.empty(); ++i) {
    const char open = line.front();
    if (open != '[' && open != '<') break;
    const size_t close = line.substr(0, 26).find(open == '[' ? ']' : '>');
    if (close == line.npos || !is_stamp(line.substr(1, close - 1))) break;
    line.remove_prefix(close + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  }
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

std::string_view function_at_start(std::string_view text) {
  const size_t n = word_length(text);
  if (n == 0 || is_digit(text[0]) || !text.substr(n).starts_with("+0x")) return {};
  return without_suffix(text.substr(0, n));
}

std::string normalize(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kTitleLimit) {
    const char c = text.front();
    if (!is_word(c)) {
      // " [module]" behind a function
      if (c == '[' && out.ends_with("\x01 ")) {
        const size_t close = text.find(']');
        if (close != text.npos) {
          text.remove_prefix(close + 1);
          out.pop_back();
          continue;
        }
      }
      out += printable(c);
      text.remove_prefix(1);
      continue;
    }
    const size_t n = word_length(text);
    const auto word = text.substr(0, n);
    const auto rest = text.substr(n);
    const auto function = function_at_start(text);
    if (!function.empty()) {
      out += std::string(function) + "\x01";
      text.remove_prefix(n);
      while (!text.empty() && (is_word(text.front()) || text.front() == '+' || text.front() == '/'))
        text.remove_prefix(1);
      continue;
    }
    const bool source = word.ends_with(".c") || word.ends_with(".h") || word.ends_with(".rs") ||
                        word.ends_with(".S");
    const size_t place = source && rest.starts_with(":") ? place_length(rest.substr(1)) : 0;
    if (place > 0) {
      out += std::string(word) + ":LINE";
      text.remove_prefix(n + 1 + place);
      continue;
    }
    const char* instead = stands_for(word);
    out += instead != nullptr ? std::string(instead) : std::string(word);
    text.remove_prefix(n);
  }
  std::erase(out, '\x01');
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out.substr(0, kTitleLimit);
}

std::string first_lines(std::string_view console, size_t count, size_t limit) {
  std::string out;
  while (!console.empty() && count > 0) {
    const size_t end = console.find('\n');
    std::string line(text_of(console.substr(0, end)).substr(0, kLineLimit));
    std::transform(line.begin(), line.end(), line.begin(), printable);
    if (!line.empty()) {
      if (out.size() + 1 + line.size() > limit) break;
      out += (out.empty() ? "" : "\n") + line;
      --count;
    }
    if (end == console.npos) break;
    console.remove_prefix(end + 1);
  }
  return out;
}

std::string last_lines(std::string_view console, size_t count) {
  std::vector<std::string> kept;
  while (!console.empty() && kept.size() < count) {
    const size_t begin = console.rfind('\n');
    const auto text = text_of(begin == console.npos ? console : console.substr(begin + 1));
    if (!text.empty()) {
      std::string line(text.substr(0, kLineLimit));
      std::transform(line.begin(), line.end(), line.begin(), printable);
      kept.push_back(std::move(line));
    }
    if (begin == console.npos) break;
    console = console.substr(0, begin);
  }
  std::string out;
  for (auto line = kept.rbegin(); line != kept.rend(); ++line)
    out += (out.empty() ? "" : "\n") + *line;
  return out;
}

}  // namespace bpfmatrix::console
