#include "spec/values.h"

#include <algorithm>
#include <charconv>

namespace bpfmatrix::spec {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int radix) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, number, radix);
  if (ec != std::errc{} || at != end) return std::nullopt;
  return number;
}

}  // namespace

bool is_id(std::string_view text) {
  const auto alphanumeric = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
  return !text.empty() && text.size() <= 64 && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_version(std::string_view text) {
  bool digit_needed = true;
  for (const char c : text) {
    if (!is_digit(c) && (c != '.' || digit_needed)) return false;
    digit_needed = c == '.';
  }
  return !digit_needed;
}

std::optional<uint32_t> parse_level(std::string_view text) {
  if (const size_t shift = text.find("<<"); shift != std::string_view::npos) {
    const auto number = parse_level(text.substr(0, shift));
    const auto by = parse_number<uint32_t>(text.substr(shift + 2), 10);
    if (!number || !by || *by > 31) return std::nullopt;
    const uint64_t value = uint64_t{*number} << *by;
    if (value > UINT32_MAX) return std::nullopt;
    return static_cast<uint32_t>(value);
  }
  if (text.starts_with("0x")) return parse_number<uint32_t>(text.substr(2), 16);
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_number<uint32_t>(text, 10);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  int64_t unit = 0;
  if (text.ends_with("ms")) {
    unit = 1;
    text.remove_suffix(2);
  } else if (text.ends_with('s') || text.ends_with('m')) {
    unit = text.ends_with('s') ? 1000 : 60'000;
    text.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  const auto number = parse_number<uint32_t>(text, 10);
  const milliseconds longest = std::chrono::hours(24);
  if (!number || *number == 0 || int64_t{*number} > longest.count() / unit) return std::nullopt;
  return milliseconds(int64_t{*number} * unit);
}

}  // namespace bpfmatrix::spec
