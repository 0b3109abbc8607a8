#include "spec/mode_sets.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "spec/extra.h"
#include "spec/mapping.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

constexpr size_t kMaxNesting = 32;
constexpr size_t kMaxModes = 1'000'000;
constexpr std::string_view kBufferRule =
    "a buffer: none, null:4KiB, a size such as 0, 100, 4KiB or 1GiB-1, true, true-1, true+2";

const std::vector<std::string> kInterfaces = {"prog_load", "object_load", "btf_load", "map_create",
                                              "kernel_btf"};

template <typename Value, typename Read>
std::vector<Value> read_distinct(const Node& node, std::string_view key, Diagnostics& diagnostics,
                                 Read read) {
  std::vector<Value> values;
  std::set<Value> seen;
  for (const Node* item : read_texts(node, key, diagnostics)) {
    const std::optional<Value> value = read(*item);
    if (value && seen.insert(*value).second) values.push_back(*value);
  }
  return values;
}

// To read the kernel's BTF makes no call, so there is nothing that could have a log.
bool reading_asks_for_no_log(const Place& place, const std::vector<Interface>& interfaces,
                             const std::vector<uint32_t>& levels,
                             const std::vector<Buffer>& buffers, Diagnostics& diagnostics) {
  if (std::find(interfaces.begin(), interfaces.end(), Interface::kernel_btf) == interfaces.end())
    return true;
  const bool plain =
      std::all_of(levels.begin(), levels.end(), [](uint32_t level) { return level == 0; }) &&
      std::all_of(buffers.begin(), buffers.end(),
                  [](const Buffer& buffer) { return buffer == Buffer{}; });
  if (!plain)
    diagnostics.add(place, "kernel_btf has no log: its level must be 0 and its buffer none");
  return plain;
}

std::vector<LogMode> distinct(std::vector<LogMode> modes) {
  std::set<LogMode> seen;
  std::vector<LogMode> once;
  for (auto& mode : modes)
    if (seen.insert(mode).second) once.push_back(std::move(mode));
  return once;
}

}  // namespace

std::vector<Interface> read_interfaces(const Node& node, Diagnostics& diagnostics) {
  return read_distinct<Interface>(
      node, "\"interface\"", diagnostics, [&](const Node& item) -> std::optional<Interface> {
        const auto word = read_word(item, "interface", kInterfaces, diagnostics);
        return word ? parse_interface(*word) : std::nullopt;
      });
}

std::vector<uint32_t> read_levels(const Node& node, Diagnostics& diagnostics) {
  return read_distinct<uint32_t>(node, "\"level\"", diagnostics, [&](const Node& item) {
    return read_value(item, "\"level\"", kLevelRule, diagnostics,
                      [](const std::string& text) { return parse_level(text); });
  });
}

std::vector<Buffer> read_buffers(const Node& node, Diagnostics& diagnostics) {
  return read_distinct<Buffer>(node, "\"buffer\"", diagnostics, [&](const Node& item) {
    return read_value(item, "\"buffer\"", kBufferRule, diagnostics,
                      [](const std::string& text) { return parse_buffer(text); });
  });
}

ModeSets::ModeSets(const Node* sets, bool partial, Diagnostics& diagnostics)
    : partial_(partial), diagnostics_(diagnostics) {
  if (sets == nullptr) return;
  partial_ = partial_ || sets->partial || sets->kind == Node::Kind::refused;
  if (sets->kind != Node::Kind::mapping) {
    if (sets->kind != Node::Kind::refused)
      diagnostics_.add(sets->place, "\"mode_sets\" must be a mapping from names to lists of modes");
    return;
  }
  for (const auto& entry : sets->entries) {
    sets_[entry.key].node = &entry.value;
    names_.push_back(entry.key);
    if (!is_id(entry.key))
      diagnostics_.add(entry.place, fmt::format("name of a mode set is {}: must be {}",
                                                quote(entry.key), kIdRule));
  }
  for (auto& [name, set] : sets_)
    if (set.state == Set::State::unread) read_set(name, set);
}

void ModeSets::read_set(const std::string& name, Set& set) {
  set.state = Set::State::open;
  open_.push_back(name);
  set.modes = read(*set.node, fmt::format("mode set {}", quote(name)));
  open_.pop_back();
  set.state = Set::State::read;
}

std::vector<LogMode> ModeSets::read(const Node& node, const std::string& what) {
  std::vector<LogMode> modes;
  if (node.kind == Node::Kind::text || node.kind == Node::Kind::mapping) {
    append_item(node, modes);
  } else {
    for (const Node* item : read_list(node, what, diagnostics_)) append_item(*item, modes);
  }
  return distinct(std::move(modes));
}

void ModeSets::append_item(const Node& item, std::vector<LogMode>& modes) {
  if (item.kind == Node::Kind::mapping) return append_crossed(item, modes);
  if (item.kind == Node::Kind::text) return append_set(item, modes);
  diagnostics_.add(item.place,
                   "a mode is the name of a mode set or a mapping with \"level\" and "
                   "\"buffer\"");
}

void ModeSets::append_set(const Node& item, std::vector<LogMode>& modes) {
  const auto at = sets_.find(item.text);
  if (at == sets_.end()) {
    if (partial_) return;
    const std::string near = did_you_mean(item.text, names_);
    diagnostics_.add(
        item.place,
        fmt::format("there is no mode set {}{}", quote(item.text),
                    near.empty() && !names_.empty() ? ": there are " + listed(names_) : near));
    return;
  }
  Set& set = at->second;
  if (set.state == Set::State::open) {
    diagnostics_.add(item.place, fmt::format("mode set {} contains itself", quote(item.text)));
    return;
  }
  if (set.state == Set::State::unread) {
    if (open_.size() >= kMaxNesting) {
      diagnostics_.add(item.place, fmt::format("mode sets nested deeper than {}", kMaxNesting));
      return;
    }
    read_set(item.text, set);
  }
  if (!spend(item.place, set.modes.size())) return;
  modes.insert(modes.end(), set.modes.begin(), set.modes.end());
}

void ModeSets::append_crossed(const Node& item, std::vector<LogMode>& modes) {
  const auto mapping =
      Mapping::of(item, "a mode", {"interface", "level", "buffer", "extra"}, diagnostics_);
  if (!mapping) return;
  std::vector<Interface> interfaces{Interface::prog_load};
  if (const Node* node = mapping->find("interface"))
    interfaces = read_interfaces(*node, diagnostics_);
  std::vector<uint32_t> levels;
  if (const Node* node = mapping->require("level")) levels = read_levels(*node, diagnostics_);
  std::vector<Buffer> buffers;
  if (const Node* node = mapping->require("buffer")) buffers = read_buffers(*node, diagnostics_);
  const Node* extra_node = mapping->find("extra");
  const auto extras = read_extras(extra_node, diagnostics_);
  if (!extras || !extras_fit(extra_node, interfaces, buffers, diagnostics_) ||
      !reading_asks_for_no_log(item.place, interfaces, levels, buffers, diagnostics_))
    return;
  if (!spend(item.place, interfaces.size() * levels.size() * buffers.size() * extras->size()))
    return;
  for (const Interface interface : interfaces)
    for (const uint32_t level : levels)
      for (const Buffer& buffer : buffers)
        for (const Extra& extra : *extras) modes.push_back({interface, level, buffer, extra});
}

bool ModeSets::spend(const Place& place, size_t more) {
  const bool was_within = spent_ <= kMaxModes;
  spent_ += more;
  if (spent_ <= kMaxModes) return true;
  if (was_within)
    diagnostics_.add(place, fmt::format("the matrix spells out more than {} modes", kMaxModes));
  return false;
}

}  // namespace bpfmatrix::spec
