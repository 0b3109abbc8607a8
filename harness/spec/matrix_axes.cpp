#include "spec/matrix_axes.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "spec/document.h"
#include "spec/git_loaders.h"
#include "spec/mapping.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

// Mistakes of a file behind which globs that match nothing are no longer told: the file is refused
// anyway, and each takes a search for what was meant.
constexpr size_t kMostTold = 1000;
// Globs and entries of one axis: each is held against each.
constexpr size_t kMostItems = 1000;

std::optional<std::string> new_id(const Mapping& entry, AxisIds& ids, Diagnostics& diagnostics) {
  const Node* node = entry.require("id");
  if (node == nullptr) return std::nullopt;
  auto id = read_value(*node, "\"id\"", kIdRule, diagnostics, [](const std::string& text) {
    return is_id(text) ? std::optional(text) : std::nullopt;
  });
  if (!id) return std::nullopt;
  if (ids.contains(*id)) {
    diagnostics.add(node->place, fmt::format("id {} is taken", quote(*id)));
    return std::nullopt;
  }
  ids.add(*id);
  return id;
}

std::optional<std::string> version(const Node& node, std::string_view key,
                                   Diagnostics& diagnostics) {
  return read_value(node, key, "a version such as 6.9 or 1.8.0", diagnostics,
                    [](const std::string& text) {
                      return is_version(text) ? std::optional(text) : std::nullopt;
                    });
}

std::optional<KernelEntry> read_kernel(const Node& node, AxisIds& ids, Diagnostics& diagnostics) {
  const auto mapping =
      Mapping::of(node, "a kernel of the matrix", {"id", "file", "modules", "series"}, diagnostics);
  if (!mapping) return std::nullopt;
  auto id = new_id(*mapping, ids, diagnostics);
  FileKernel source;
  KernelEntry kernel{.id = id.value_or(""), .vendor = "local", .source = {}, .place = node.place};
  bool good = id.has_value();
  const auto path = [&](const Node& value, const char* key) {
    const std::string* text = read_text(value, key, diagnostics);
    good = good && text != nullptr;
    return text != nullptr ? resolve_path(*text, value.place) : std::filesystem::path();
  };
  const Node* file = mapping->require("file");
  good = good && file != nullptr;
  if (file != nullptr) source.image = path(*file, "\"file\"");
  if (const Node* modules = mapping->find("modules"))
    source.modules = path(*modules, "\"modules\"");
  if (const Node* series = mapping->find("series")) {
    const auto text = version(*series, "\"series\"", diagnostics);
    good = good && text.has_value();
    kernel.series = text.value_or("");
  }
  kernel.source = std::move(source);
  return good ? std::optional(std::move(kernel)) : std::nullopt;
}

std::optional<LoaderEntry> read_checkout(const Mapping& mapping,
                                         const std::optional<std::string>& id, const Place& place,
                                         Diagnostics& diagnostics) {
  for (const char* key : {"rev", "tags"}) {
    if (const Node* value = mapping.find(key)) {
      diagnostics.add(value->place, fmt::format("\"{}\" goes with \"git\"", key));
      return std::nullopt;
    }
  }
  const Node* number = mapping.require("version");
  const auto text = number != nullptr ? version(*number, "\"version\"", diagnostics) : std::nullopt;
  const Node* checkout = mapping.find("checkout");
  if (checkout == nullptr)
    diagnostics.add(place, "a loader of the matrix has one of \"checkout\" and \"git\"");
  const std::string* folder =
      checkout != nullptr ? read_text(*checkout, "\"checkout\"", diagnostics) : nullptr;
  if (!id || !text || folder == nullptr) return std::nullopt;
  return LoaderEntry{.id = *id,
                     .kind = "libbpf",
                     .version = *text,
                     .source = CheckoutLibbpf{resolve_path(*folder, checkout->place)},
                     .place = place};
}

std::vector<LoaderEntry> read_loader(const Node& node, AxisIds& ids, const TagLister& list_tags,
                                     Diagnostics& diagnostics) {
  const auto mapping =
      Mapping::of(node, "a loader of the matrix",
                  {"id", "version", "checkout", "git", "rev", "tags"}, diagnostics);
  if (!mapping) return {};
  const auto id = is_family(node) ? std::nullopt : new_id(*mapping, ids, diagnostics);
  if (mapping->find("git") == nullptr) {
    auto loader = read_checkout(*mapping, id, node.place, diagnostics);
    return loader ? std::vector{std::move(*loader)} : std::vector<LoaderEntry>{};
  }
  if (const Node* checkout = mapping->find("checkout")) {
    diagnostics.add(checkout->place,
                    "a loader of the matrix has one of \"checkout\" and \"git\"");
    return {};
  }
  const auto take = [&](const std::string& wanted) {
    if (ids.contains(wanted)) return false;
    ids.add(wanted);
    return true;
  };
  auto read = read_git_loaders(*mapping, id, take, list_tags, diagnostics);
  if (!read) return {};
  if (read->unlisted) ids.set_partial();
  return std::move(read->loaders);
}

// Entries first, so that a glob may match one that is written below it.
template <typename Axis, typename ReadEntries>
Axis read_axis(const Node* node, const std::string& key, AxisIds& ids, Diagnostics& diagnostics,
               ReadEntries read_entries) {
  Axis axis;
  if (node == nullptr) return axis;
  if (node->kind != Node::Kind::list) {
    axis.globs = ids.read_globs(*node, key, diagnostics);
    return axis;
  }
  const auto items = read_list(*node, key, diagnostics);
  if (items.size() > kMostItems) {
    diagnostics.add(items[kMostItems]->place, fmt::format("{} has more than {} entries", key, kMostItems));
    ids.set_partial();
    return axis;
  }
  // A family takes the ids that the others leave; shown they are in the order in which they stand.
  std::vector<decltype(axis.entries)> entries(items.size());
  for (const bool family : {false, true}) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i]->kind != Node::Kind::mapping || is_family(*items[i]) != family) continue;
      entries[i] = read_entries(*items[i]);
      if (entries[i].empty()) ids.set_partial();
    }
  }
  for (auto& some : entries) {
    for (auto& entry : some) {
      axis.globs.push_back(entry.id);
      axis.entries.push_back(std::move(entry));
    }
  }
  for (const Node* item : items) {
    if (item->kind == Node::Kind::mapping) continue;
    if (auto glob = ids.read_glob(*item, key, diagnostics)) axis.globs.push_back(std::move(*glob));
  }
  return axis;
}

}  // namespace

void AxisIds::add(const std::string& id) {
  if (known_.insert(id).second) ids_.push_back(id);
}

std::vector<std::string> AxisIds::read_globs(const Node& node, const std::string& key,
                                             Diagnostics& diagnostics) const {
  std::vector<std::string> globs;
  for (const Node* item : read_texts(node, key, diagnostics))
    if (auto glob = read_glob(*item, key, diagnostics)) globs.push_back(std::move(*glob));
  return globs;
}

std::optional<std::string> AxisIds::read_glob(const Node& node, const std::string& key,
                                              Diagnostics& diagnostics) const {
  const std::string* glob = read_text(node, key, diagnostics);
  if (glob == nullptr) return std::nullopt;
  const bool matched = contains(*glob) || std::any_of(ids_.begin(), ids_.end(), [&](auto& id) {
                         return base::glob_matches(*glob, id);
                       });
  if (!matched && !partial_ && diagnostics.list().size() < kMostTold) {
    const std::string near = did_you_mean(*glob, ids_);
    diagnostics.add(node.place, fmt::format("{} matches no {}{}", quote(*glob), what_,
                                            near.empty() ? ": there are " + listed(ids_) : near));
  }
  return *glob;
}

KernelAxis read_kernel_axis(const Node* node, AxisIds& ids, Diagnostics& diagnostics) {
  return read_axis<KernelAxis>(node, "\"kernels\"", ids, diagnostics, [&](const Node& item) {
    auto kernel = read_kernel(item, ids, diagnostics);
    return kernel ? std::vector{std::move(*kernel)} : std::vector<KernelEntry>{};
  });
}

LoaderAxis read_loader_axis(const Node* node, AxisIds& ids, const TagLister& list_tags,
                            Diagnostics& diagnostics) {
  return read_axis<LoaderAxis>(node, "\"loaders\"", ids, diagnostics, [&](const Node& item) {
    return read_loader(item, ids, list_tags, diagnostics);
  });
}

}  // namespace bpfmatrix::spec
