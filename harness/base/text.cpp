#include "base/text.h"

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace bpfmatrix::base {
namespace {

// libbpf's own codes, include/libbpf_errno (tools/lib/bpf/libbpf.h, enum libbpf_errno, from 4000).
constexpr std::array<std::string_view, 15> kLibbpfCodes = {
    "LIBBPF_ERRNO__LIBELF", "LIBBPF_ERRNO__FORMAT",   "LIBBPF_ERRNO__KVERSION",
    "LIBBPF_ERRNO__ENDIAN", "LIBBPF_ERRNO__INTERNAL", "LIBBPF_ERRNO__RELOC",
    "LIBBPF_ERRNO__LOAD",   "LIBBPF_ERRNO__VERIFY",   "LIBBPF_ERRNO__PROG2BIG",
    "LIBBPF_ERRNO__KVER",   "LIBBPF_ERRNO__PROGTYPE", "LIBBPF_ERRNO__WRNGPID",
    "LIBBPF_ERRNO__INVSEQ", "LIBBPF_ERRNO__NLPARSE",  "LIBBPF_ERRNO__INTERNAL_END"};
constexpr int kLibbpfBase = 4000;

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr std::array<Unit, 3> kUnits = {
    {{"GiB", uint64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}};

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Length of the valid UTF-8 sequence at `at`, and its code point; 0 when invalid.
size_t utf8_at(std::string_view text, size_t at, uint32_t* point) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  const size_t size = first < 0x80                    ? 1
                      : first >= 0xf0 && first < 0xf5 ? 4
                      : first >= 0xe0 && first < 0xf0 ? 3
                      : first >= 0xc2 && first < 0xe0 ? 2
                                                      : 0;
  if (size == 0 || at + size > text.size()) return 0;
  uint32_t value = size == 1 ? first : first & (0xff >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
  *point = value;
  return size;
}

// The length of the first element of a glob: "*", "?", "x", "\\x", "[a-z]".
size_t element_size(std::string_view glob) {
  if (glob.front() == '\\') return std::min<size_t>(2, glob.size());
  if (glob.front() != '[') return 1;
  size_t at = 1;
  if (at < glob.size() && (glob[at] == '!' || glob[at] == '^')) ++at;
  for (const size_t first = at; at < glob.size(); ++at) {
    if (glob[at] == ']' && at != first) return at + 1;  // one that comes first is a member
    const size_t close = glob.substr(at).starts_with("[:") ? glob.find(":]", at + 2) : glob.npos;
    if (close != glob.npos) at = close + 1;
  }
  return 1;  // without an end it stands for itself
}

bool element_matches(std::string_view element, char c) {
  if (element.size() == 1 && element != "[" && element != "\\")
    return element == "?" || element.front() == c;
  const char text[2] = {c, '\0'};
  return ::fnmatch(std::string(element).c_str(), text, 0) == 0;
}

bool is_control(uint32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0) ||
         point == 0x61c || point == 0x200e || point == 0x200f ||
         (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0x2028 || point == 0x2029;
}

}  // namespace

// Only the last "*" is ever taken back, which finds every match: what stands before it fits already.
// fnmatch(3) takes all of them back, and does not end in a lifetime for thirty on a text of sixty.
bool glob_matches(const std::string& glob, const std::string& text) {
  std::string_view rest = glob, behind_star;
  bool star = false;
  size_t at = 0, star_at = 0;
  while (at < text.size() || !rest.empty()) {
    if (rest.starts_with('*')) {
      rest.remove_prefix(1);
      behind_star = rest;
      star = true;
      star_at = at;
      continue;
    }
    const size_t size = rest.empty() ? 0 : element_size(rest);
    if (size != 0 && at < text.size() && element_matches(rest.substr(0, size), text[at])) {
      rest.remove_prefix(size);
      ++at;
      continue;
    }
    if (!star || star_at >= text.size()) return false;
    rest = behind_star;
    at = ++star_at;
  }
  return true;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  size_t best_distance = limit + 1;
  for (const auto& candidate : candidates) {
    if (const size_t d = distance(word, candidate); d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  auto [at, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{}) return std::nullopt;
  std::string_view rest(at, static_cast<size_t>(end - at));
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  for (const auto& unit : kUnits) {
    if (!rest.starts_with(unit.name)) continue;
    if (number > UINT64_MAX / unit.bytes) return std::nullopt;
    number *= unit.bytes;
    rest.remove_prefix(unit.name.size());
    break;
  }
  if (rest.empty()) return number;
  if (rest != "-1" || number == 0) return std::nullopt;
  return number - 1;
}

std::string format_bytes(uint64_t bytes) {
  for (const auto& unit : kUnits) {
    if (bytes != 0 && bytes % unit.bytes == 0)
      return fmt::format("{} {}", bytes / unit.bytes, unit.name);
  }
  for (const auto& unit : kUnits) {
    if (unit.bytes > 1024 && (bytes + 1) % unit.bytes == 0)
      return fmt::format("{} {}-1", (bytes + 1) / unit.bytes, unit.name);
  }
  return fmt::format("{}", bytes);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    uint32_t point = 0;
    const size_t size = utf8_at(text, at, &point);
    if (size == 0 || is_control(point)) {
      out += '?';
    } else {
      out += text.substr(at, size);
    }
    at += std::max<size_t>(size, 1);
  }
  return out;
}

std::string errno_name(int code) {
  if (code == 0) return "0";
  if (code == 524) return "ENOTSUPP";  // the kernel's own, include/linux/errno.h; glibc has no name
  if (code >= kLibbpfBase && code < kLibbpfBase + static_cast<int>(kLibbpfCodes.size()) - 1)
    return std::string(kLibbpfCodes[static_cast<size_t>(code - kLibbpfBase)]);
  const char* name = ::strerrorname_np(code);
  return name != nullptr ? std::string(name) : fmt::format("{}", code);
}

std::optional<int> errno_number(std::string_view name) {
  for (int code = 0; code < 134; ++code)
    if (errno_name(code) == name) return code;
  if (name == "ENOTSUPP") return 524;
  for (int code = kLibbpfBase; code < kLibbpfBase + 14; ++code)
    if (errno_name(code) == name) return code;
  return std::nullopt;
}

}  // namespace bpfmatrix::base
