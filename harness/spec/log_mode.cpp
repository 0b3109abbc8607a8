#include "spec/log_mode.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/text.h"

namespace bpfmatrix::spec {
namespace {

constexpr std::array<std::pair<Interface, std::string_view>, 5> kInterfaces = {{
    {Interface::prog_load, "prog_load"},
    {Interface::object_load, "object_load"},
    {Interface::btf_load, "btf_load"},
    {Interface::map_create, "map_create"},
    {Interface::kernel_btf, "kernel_btf"},
}};

struct Bit {
  uint32_t bit;
  std::string_view name;
};
// include/linux/bpf_verifier.h; BPF_LOG_FIXED since Linux 6.4.
constexpr std::array<Bit, 4> kBits = {{{1, "LEVEL1"}, {2, "LEVEL2"}, {4, "STATS"}, {8, "FIXED"}}};

constexpr std::string_view kNull = "null:";
constexpr std::string_view kTrue = "true";
// log_size is a __u32 in union bpf_attr.
constexpr uint64_t kMaxSize = std::numeric_limits<uint32_t>::max();

std::optional<int64_t> parse_size(std::string_view text) {
  const auto bytes = base::parse_bytes(text);
  if (!bytes || *bytes > kMaxSize) return std::nullopt;
  return static_cast<int64_t>(*bytes);
}

// "" -> 0, "-1" -> -1, "+2" -> 2.
std::optional<int64_t> parse_difference(std::string_view text) {
  if (text.empty()) return 0;
  const char sign = text.front();
  if (sign != '+' && sign != '-') return std::nullopt;
  text.remove_prefix(1);
  uint32_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{} || at != end || number == 0) return std::nullopt;
  return sign == '-' ? -int64_t{number} : int64_t{number};
}

}  // namespace

std::string_view name(Interface interface) {
  for (const auto& [value, text] : kInterfaces)
    if (value == interface) return text;
  return "?";
}

std::optional<Interface> parse_interface(std::string_view text) {
  for (const auto& [value, known] : kInterfaces)
    if (known == text) return value;
  return std::nullopt;
}

std::string to_text(const Buffer& buffer) {
  switch (buffer.kind) {
    case Buffer::Kind::none:
      return "none";
    case Buffer::Kind::null:
      return fmt::format("null:{}", buffer.value);
    case Buffer::Kind::fixed:
      return fmt::format("{}", buffer.value);
    case Buffer::Kind::relative:
      break;
  }
  return buffer.value == 0 ? std::string(kTrue) : fmt::format("true{:+}", buffer.value);
}

std::optional<Buffer> parse_buffer(std::string_view text) {
  if (text == "none") return Buffer{};
  if (text.starts_with(kTrue)) {
    const auto difference = parse_difference(text.substr(kTrue.size()));
    if (!difference) return std::nullopt;
    return Buffer{Buffer::Kind::relative, *difference};
  }
  if (text.starts_with(kNull)) {
    const auto size = parse_size(text.substr(kNull.size()));
    // NULL with size 0 has a name already: one mode, one text.
    if (!size || *size == 0) return std::nullopt;
    return Buffer{Buffer::Kind::null, *size};
  }
  const auto size = parse_size(text);
  if (!size) return std::nullopt;
  return Buffer{Buffer::Kind::fixed, *size};
}

std::string to_text(const LogMode& mode) {
  std::string text =
      fmt::format("{}:{}:{}", name(mode.interface), mode.level, to_text(mode.buffer));
  char separator = ':';
  for (const auto& [key, value] : mode.extra) {
    text += fmt::format("{}{}={}", separator, key, value);
    separator = ',';
  }
  return text;
}

std::string level_text(uint32_t level) {
  std::string names;
  uint32_t rest = level;
  const auto append = [&](std::string_view one) {
    if (!names.empty()) names += '|';
    names += one;
  };
  for (const auto& [bit, bit_name] : kBits) {
    if ((level & bit) == 0) continue;
    append(bit_name);
    rest &= ~bit;
  }
  if (level == 0) return "0";
  if (rest != 0) append(fmt::format("{:#x}", rest));
  return fmt::format("{} ({})", level, names);
}

}  // namespace bpfmatrix::spec
