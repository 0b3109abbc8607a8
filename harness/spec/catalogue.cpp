#include "spec/catalogue.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "spec/git_loaders.h"
#include "spec/mapping.h"
#include "spec/values.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {
namespace {

const std::vector<std::string> kArchives = {"debian", "debian-security"};

std::optional<std::string> id_of(const Mapping& entry, std::set<std::string>& seen,
                                 Diagnostics& diagnostics) {
  const Node* node = entry.require("id");
  if (node == nullptr) return std::nullopt;
  auto id = read_value(*node, "\"id\"", kIdRule, diagnostics, [](const std::string& text) {
    return is_id(text) ? std::optional(text) : std::nullopt;
  });
  if (id && !seen.insert(*id).second) {
    diagnostics.add(node->place, fmt::format("id {} is given twice", quote(*id)));
    return std::nullopt;
  }
  return id;
}

std::optional<std::string> required_text(const Mapping& mapping, const char* key,
                                         Diagnostics& diagnostics) {
  const Node* node = mapping.require(key);
  if (node == nullptr) return std::nullopt;
  const std::string* text = read_text(*node, fmt::format("\"{}\"", key), diagnostics);
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

std::optional<std::string> required_version(const Mapping& mapping, const char* key,
                                            Diagnostics& diagnostics) {
  const Node* node = mapping.require(key);
  if (node == nullptr) return std::nullopt;
  return read_value(*node, fmt::format("\"{}\"", key), "a version such as 6.1", diagnostics,
                    [](const std::string& text) {
                      return is_version(text) ? std::optional(text) : std::nullopt;
                    });
}

std::optional<SuiteEntry> read_suite(const Node& node, std::set<std::string>& seen,
                                     Diagnostics& diagnostics) {
  const auto mapping = Mapping::of(node, "a suite", {"name", "archive"}, diagnostics);
  if (!mapping) return std::nullopt;
  const auto suite = required_text(*mapping, "name", diagnostics);
  std::optional<std::string> archive;
  if (const Node* value = mapping->require("archive"))
    archive = read_word(*value, "archive", kArchives, diagnostics);
  if (suite && !seen.insert(*suite).second)
    diagnostics.add(node.place, fmt::format("suite {} is given twice", quote(*suite)));
  if (!suite || !archive) return std::nullopt;
  return SuiteEntry{*suite, *archive};
}

std::optional<KernelEntry> read_kernel(const Node& node, const std::vector<std::string>& suites,
                                       std::set<std::string>& ids, Diagnostics& diagnostics) {
  const auto mapping = Mapping::of(node, "a kernel", {"id", "debian"}, diagnostics);
  if (!mapping) return std::nullopt;
  const auto id = id_of(*mapping, ids, diagnostics);
  const Node* source = mapping->require("debian");
  if (source == nullptr) return std::nullopt;
  const auto debian =
      Mapping::of(*source, "\"debian\"", {"suite", "series", "flavour"}, diagnostics);
  if (!debian) return std::nullopt;
  std::optional<std::string> suite;
  if (const Node* value = debian->require("suite"))
    suite = read_word(*value, "suite", suites, diagnostics);
  const auto series = required_version(*debian, "series", diagnostics);
  const auto flavour = required_text(*debian, "flavour", diagnostics);
  if (!id || !suite || !series || !flavour) return std::nullopt;
  return KernelEntry{.id = *id,
                     .vendor = "debian",
                     .series = *series,
                     .source = DebianKernel{*suite, *series, *flavour},
                     .place = node.place};
}

// The libbpf inside a release of the crate libbpf-sys: behind "+v" where it is said
// ("0.8.3+v0.8.1"), else the crate's own number without its revision ("0.5.0-2").
std::string version_inside(const std::string& crate) {
  if (const size_t at = crate.find("+v"); at != std::string::npos) return crate.substr(at + 2);
  return crate.substr(0, crate.find('-'));
}

std::optional<LoaderEntry> read_raw(const Mapping& mapping, const std::string& id, const Node& node,
                                    Diagnostics& diagnostics) {
  const Node* raw = mapping.find("raw");
  if (!Mapping::of(*raw, "\"raw\"", {}, diagnostics)) return std::nullopt;
  if (const Node* version = mapping.find("version"))
    diagnostics.add(version->place, "\"raw\" has no version: it is the system call");
  return LoaderEntry{
      .id = id, .kind = "raw", .version = "", .source = RawLoader{}, .place = node.place};
}

std::optional<LoaderEntry> read_libbpf(const Mapping& mapping, const std::string& id,
                                       const Node& node, Diagnostics& diagnostics) {
  LoaderEntry entry{.id = id, .kind = "libbpf", .version = "", .source = {}, .place = node.place};
  const Node* version = mapping.find("version");
  if (const Node* crate = mapping.find("crate")) {
    const std::string* text = read_text(*crate, "\"crate\"", diagnostics);
    if (text == nullptr) return std::nullopt;
    entry.version = version_inside(*text);
    entry.source = CrateLibbpf{*text};
    if (!is_version(entry.version)) {
      diagnostics.add(crate->place, fmt::format("crate version {} names no libbpf version such as "
                                                "0.8.3+v0.8.1 or 0.5.0-2",
                                                quote(*text)));
    } else if (version != nullptr && version->text != entry.version) {
      diagnostics.add(version->place, fmt::format("version {} is not that of the crate, {}",
                                                  quote(version->text), entry.version));
    }
    return entry;
  }
  const auto number = required_version(mapping, "version", diagnostics);
  const auto debian = Mapping::of(*mapping.find("debian"), "\"debian\"", {"suite"}, diagnostics);
  const auto suite = debian ? required_text(*debian, "suite", diagnostics) : std::nullopt;
  if (!number || !suite) return std::nullopt;
  entry.version = *number;
  entry.source = DebianLibbpf{*suite};
  return entry;
}

// The loaders of one entry: none where a mistake was reported, several of a family.
std::vector<LoaderEntry> read_loader(const Node& node, std::set<std::string>& ids,
                                     const TagLister& list_tags, bool& partial,
                                     Diagnostics& diagnostics) {
  const auto mapping = Mapping::of(
      node, "a loader", {"id", "version", "raw", "debian", "crate", "git", "rev", "tags"},
      diagnostics);
  if (!mapping) return {};
  const auto id = is_family(node) ? std::nullopt : id_of(*mapping, ids, diagnostics);
  int sources = 0;
  for (const char* key : {"raw", "debian", "crate", "git"})
    sources += mapping->find(key) != nullptr;
  if (sources != 1) {
    if (!node.partial)
      diagnostics.add(node.place, "a loader has one of \"raw\", \"debian\", \"crate\" and \"git\"");
    return {};
  }
  if (mapping->find("git") != nullptr) {
    const auto take = [&](const std::string& wanted) { return ids.insert(wanted).second; };
    auto read = read_git_loaders(*mapping, id, take, list_tags, diagnostics);
    if (!read) return {};
    partial = partial || read->unlisted;
    return std::move(read->loaders);
  }
  for (const char* key : {"rev", "tags"})
    if (const Node* value = mapping->find(key))
      diagnostics.add(value->place, fmt::format("\"{}\" goes with \"git\"", key));
  const std::string name = id.value_or("");
  auto loader = mapping->find("raw") != nullptr ? read_raw(*mapping, name, node, diagnostics)
                                                : read_libbpf(*mapping, name, node, diagnostics);
  if (!loader) return {};
  return {std::move(*loader)};
}

// What is known of the version without the source; of a branch nothing, so that it comes last.
std::string version_for_order(const LoaderEntry& entry) {
  const auto* git = std::get_if<GitLibbpf>(&entry.source);
  if (git == nullptr) return entry.version;
  return version_in_tag(git->revision).value_or("999999");
}

// The numbers at the beginning: "6.12" -> "6", "12"; a suffix ("-rc1") ends them.
std::vector<std::string_view> numbers_of(std::string_view version) {
  std::vector<std::string_view> numbers;
  while (!version.empty()) {
    const size_t end = std::min(version.find_first_not_of("0123456789"), version.size());
    std::string_view number = version.substr(0, end);
    if (number.empty()) break;
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    numbers.push_back(number);
    if (end == version.size() || version[end] != '.') break;
    version.remove_prefix(end + 1);
  }
  return numbers;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto left = numbers_of(a);
  const auto right = numbers_of(b);
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    // Without leading zeros the longer number is the greater one, whatever its size.
    const std::string_view x = i < left.size() ? left[i] : "";
    const std::string_view y = i < right.size() ? right[i] : "";
    const auto order = std::pair(x.size(), x) <=> std::pair(y.size(), y);
    if (order != 0) return order < 0 ? -1 : 1;
  }
  return 0;
}

base::Result<KernelCatalogue> read_kernel_catalogue(const std::filesystem::path& file) {
  Diagnostics diagnostics;
  KernelCatalogue catalogue;
  const auto root = read_yaml_file(file, diagnostics);
  if (!root) return diagnostics.error();
  const auto top = Mapping::of(*root, "a kernel catalogue", {"suites", "kernels"}, diagnostics);
  if (!top) return diagnostics.error();

  std::set<std::string> seen;
  std::vector<std::string> suites;
  if (const Node* list = top->require("suites")) {
    for (const Node* item : read_list(*list, "\"suites\"", diagnostics)) {
      if (auto suite = read_suite(*item, seen, diagnostics)) {
        suites.push_back(suite->name);
        catalogue.suites.push_back(std::move(*suite));
      }
    }
  }
  std::set<std::string> ids;
  if (const Node* list = top->require("kernels")) {
    for (const Node* item : read_list(*list, "\"kernels\"", diagnostics)) {
      if (auto kernel = read_kernel(*item, suites, ids, diagnostics))
        catalogue.kernels.push_back(std::move(*kernel));
    }
  }
  if (!diagnostics.empty()) return diagnostics.error();
  std::stable_sort(catalogue.kernels.begin(), catalogue.kernels.end(),
                   [](const KernelEntry& a, const KernelEntry& b) {
                     return compare_versions(a.series, b.series) < 0;
                   });
  return catalogue;
}

base::Result<LoaderCatalogue> read_loader_catalogue(const std::filesystem::path& file,
                                                    const TagLister& list_tags) {
  Diagnostics diagnostics;
  LoaderCatalogue catalogue;
  const auto root = read_yaml_file(file, diagnostics);
  if (!root) return diagnostics.error();
  const auto top = Mapping::of(*root, "a loader catalogue", {"loaders"}, diagnostics);
  if (!top) return diagnostics.error();

  std::set<std::string> ids;
  if (const Node* list = top->require("loaders")) {
    auto items = read_list(*list, "\"loaders\"", diagnostics);
    // A family takes the ids that the others leave.
    std::stable_partition(items.begin(), items.end(), [](auto* item) { return !is_family(*item); });
    for (const Node* item : items)
      for (auto& loader : read_loader(*item, ids, list_tags, catalogue.partial, diagnostics))
        catalogue.loaders.push_back(std::move(loader));
  }
  if (!diagnostics.empty()) return diagnostics.error();
  std::stable_sort(catalogue.loaders.begin(), catalogue.loaders.end(),
                   [](const LoaderEntry& a, const LoaderEntry& b) {
                     const bool a_raw = a.kind == "raw";
                     const bool b_raw = b.kind == "raw";
                     if (a_raw != b_raw) return a_raw;
                     return compare_versions(version_for_order(a), version_for_order(b)) < 0;
                   });
  return catalogue;
}

}  // namespace bpfmatrix::spec
