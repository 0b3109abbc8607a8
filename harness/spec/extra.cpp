#include "spec/extra.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

using Canonical = std::optional<std::string>;

// Decimal and without leading zeros: one value, one text, since texts are part of ids.
template <uint64_t kLeast, uint64_t kMost>
Canonical number(const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, value);
  if (ec != std::errc{} || at != end || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  if (value < kLeast || value > kMost) return std::nullopt;
  return text;
}

template <size_t N>
Canonical one_of(const std::array<std::string_view, N>& words, const std::string& text) {
  if (std::find(words.begin(), words.end(), text) == words.end()) return std::nullopt;
  return text;
}

// include/uapi/linux/capability.h, those that bpf() asks for; guest/loader/apart.c has the numbers.
constexpr std::array<std::string_view, 7> kCapabilities = {
    "bpf", "perfmon", "net_admin", "sys_admin", "net_raw", "sys_resource", "syslog"};

// "perfmon+bpf" is "bpf+perfmon": the order of the table.
Canonical capabilities(const std::string& text) {
  if (text == "none") return text;
  std::array<bool, kCapabilities.size()> has{};
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('+', begin), text.size());
    const auto at = std::find(kCapabilities.begin(), kCapabilities.end(),
                              std::string_view(text).substr(begin, end - begin));
    if (at == kCapabilities.end()) return std::nullopt;
    bool& one = has[static_cast<size_t>(at - kCapabilities.begin())];
    if (std::exchange(one, true)) return std::nullopt;
    begin = end + 1;
  }
  std::string sorted;
  for (size_t i = 0; i < has.size(); ++i)
    if (has[i]) sorted += (sorted.empty() ? "" : "+") + std::string(kCapabilities[i]);
  return sorted;
}

Canonical unmapped(const std::string& text) {
  return text == "unmapped" ? Canonical(text) : std::nullopt;
}
Canonical hidden(const std::string& text) {
  return text == "hidden" ? Canonical(text) : std::nullopt;
}
Canonical fresh(const std::string& text) {
  return text == "fresh" ? Canonical(text) : std::nullopt;
}
Canonical common(const std::string& text) {
  return one_of<6>({"only", "same", "different", "null", "size0", "pad"}, text);
}
Canonical strategy(const std::string& text) {
  return one_of<4>({"double", "exact", "fixed-first", "query"}, text);
}

constexpr uint64_t kMax32 = std::numeric_limits<uint32_t>::max();
constexpr unsigned kProg = 1, kBtf = 2, kMap = 4, kCalls = kProg | kBtf | kMap, kAll = ~0U;
constexpr unsigned kFixed = 1, kRelative = 2, kAnyBuffer = ~0U;

struct Key {
  std::string_view name;
  Canonical (*canonical)(const std::string&);
  std::string_view rule;
  unsigned interfaces;            // that it says something to
  unsigned buffers = kAnyBuffer;  // that it can go with
};
// 8192: what the loader keeps for an attribute (guest/loader/api_raw.c), twice what a kernel takes.
constexpr std::array<Key, 13> kKeys = {{
    {"attr_size", number<1, 8192>, "a size from 1 to 8192", kCalls},
    {"buffer", unmapped, "unmapped", kCalls, kFixed | kRelative},
    {"caps", capabilities,
     "none, or names out of bpf, perfmon, net_admin, sys_admin, net_raw, sys_resource, syslog "
     "joined by +, each once",
     kAll},
    {"common", common, "one of only, same, different, null, size0, pad", kCalls},
    {"insn_cnt", number<0, kMax32>, "a number of instructions of 32 bits", kProg},
    {"kernel_btf", hidden, "hidden", kAll},
    {"map_extra", number<0, std::numeric_limits<uint64_t>::max()>, "a number of 64 bits", kMap},
    {"map_type", number<0, kMax32>, "a number of 32 bits (enum bpf_map_type)", kMap},
    {"process", fresh, "fresh", kAll},
    {"strategy", strategy, "one of double, exact, fixed-first, query", kProg, kFixed},
    {"tail_byte", number<0, 8191>, "an offset from 0 to 8191", kCalls},
    {"true_size_in", number<1, kMax32>, "a number from 1 to 4294967295", kProg | kBtf},
    {"uid", number<0, kMax32 - 1>, "a user id from 0 to 4294967294", kAll},
}};

const Key* find_key(std::string_view name) {
  const auto at =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
  return at == kKeys.end() ? nullptr : &*at;
}

unsigned bit_of(Interface interface) {
  switch (interface) {
    case Interface::prog_load:
      return kProg;
    case Interface::btf_load:
      return kBtf;
    case Interface::map_create:
      return kMap;
    case Interface::object_load:
    case Interface::kernel_btf:
      break;
  }
  return ~kCalls;
}

unsigned bit_of(const Buffer& buffer) {
  switch (buffer.kind) {
    case Buffer::Kind::fixed:
      return kFixed;
    case Buffer::Kind::relative:
      return kRelative;
    case Buffer::Kind::none:
    case Buffer::Kind::null:
      break;
  }
  return ~(kFixed | kRelative);
}

bool entry_fits(const Entry& entry, const Key& key, const std::vector<Interface>& interfaces,
                const std::vector<Buffer>& buffers, Diagnostics& diagnostics) {
  for (const auto interface : interfaces) {
    if ((key.interfaces & bit_of(interface)) != 0) continue;
    diagnostics.add(entry.place, fmt::format("{} says nothing to {}", quote(entry.key),
                                             name(interface)));
    return false;
  }
  for (const auto& buffer : buffers) {
    if ((key.buffers & bit_of(buffer)) != 0) continue;
    diagnostics.add(entry.place,
                    fmt::format("{} needs a buffer with a size{}, not {}", quote(entry.key),
                                key.buffers == kFixed ? " of its own" : "", to_text(buffer)));
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<Extra>> read_extras(const Node* node, Diagnostics& diagnostics) {
  std::vector<Extra> extras(1);
  if (node == nullptr) return extras;
  std::vector<std::string> names;
  for (const auto& key : kKeys) names.emplace_back(key.name);
  if (!Mapping::of(*node, "\"extra\"", names, diagnostics)) return std::nullopt;
  bool good = !node->partial;
  for (const auto& entry : node->entries) {
    const Key* key = find_key(entry.key);
    std::vector<std::string> values;
    for (const Node* item : read_texts(entry.value, quote(entry.key), diagnostics)) {
      if (key == nullptr) break;
      const auto value =
          read_value(*item, quote(entry.key), key->rule, diagnostics, key->canonical);
      if (value && std::find(values.begin(), values.end(), *value) == values.end())
        values.push_back(*value);
      good = good && value.has_value();
    }
    good = good && !values.empty();
    std::vector<Extra> crossed;
    for (const auto& extra : extras)
      for (const auto& value : values) crossed.emplace_back(extra).emplace(entry.key, value);
    if (!good) continue;
    extras = std::move(crossed);
  }
  return good ? std::optional(std::move(extras)) : std::nullopt;
}

bool extras_fit(const Node* node, const std::vector<Interface>& interfaces,
                const std::vector<Buffer>& buffers, Diagnostics& diagnostics) {
  if (node == nullptr) return true;
  bool fit = true;
  for (const auto& entry : node->entries)
    if (const Key* key = find_key(entry.key))
      fit = entry_fits(entry, *key, interfaces, buffers, diagnostics) && fit;
  return fit;
}

}  // namespace bpfmatrix::spec
