#include "image/module_order.h"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <memory>

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

// What is looked for at first. More than is needed in some kernels, so that one reading of the
// package is enough: 5.10 has no virtio_pci_*_dev, 6.1 has both.
constexpr const char* kFirstAsked[] = {
    "virtio",     "virtio_ring",           "virtio_console",
    "virtio_pci", "virtio_pci_modern_dev", "virtio_pci_legacy_dev"};
// Each round reads the package once more; the longest real chain needs one.
constexpr int kMostRounds = 8;
// Names that are looked for; the longest real list has ten. Modules that name thousands would be
// read one by one, and their order found by as many calls within each other.
constexpr size_t kMostModules = 99;
const std::vector<std::string> kRoots = {"virtio_pci", "virtio_console"};

std::string with_underscores(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

// The words of `list` between separators, empty ones left out.
std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const size_t end = std::min(list.find(separator), list.size());
    if (end != 0) words.push_back(with_underscores(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

ModuleInfo parse_modinfo(std::string_view section) {
  ModuleInfo info;
  while (!section.empty()) {
    const size_t end = std::min(section.find('\0'), section.size());
    const std::string_view entry = section.substr(0, end);
    constexpr std::string_view kDepends = "depends=", kVermagic = "vermagic=";
    if (entry.starts_with(kDepends)) info.depends = split(entry.substr(kDepends.size()), ',');
    if (entry.starts_with(kVermagic)) {
      const std::string_view magic = entry.substr(kVermagic.size());
      info.release = std::string(magic.substr(0, magic.find(' ')));
    }
    section.remove_prefix(std::min(end + 1, section.size()));
  }
  return info;
}

enum class Mark { open, done };

base::Status visit(const std::map<std::string, std::vector<std::string>>& depends,
                   const std::string& name, std::map<std::string, Mark>& marks,
                   std::vector<std::string>& order) {
  const auto found = depends.find(name);
  if (found == depends.end()) return {};
  const auto [mark, first] = marks.emplace(name, Mark::open);
  if (!first && mark->second == Mark::open)
    return fail(ErrorKind::invalid_input, "module {} depends on itself", name);
  if (!first) return {};
  for (const auto& before : found->second) BPFM_CHECK(visit(depends, before, marks, order));
  marks[name] = Mark::done;
  order.push_back(name);
  return {};
}

}  // namespace

base::Result<ModuleInfo> read_module_info(std::string_view object) {
  if (elf_version(EV_CURRENT) == EV_NONE) return fail(ErrorKind::internal, "libelf is too old");
  // libelf wants memory that it might write to; it is opened for reading.
  const std::unique_ptr<Elf, decltype(&elf_end)> elf(
      elf_memory(const_cast<char*>(object.data()), object.size()), &elf_end);
  size_t names = 0;
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF ||
      elf_getshdrstrndx(elf.get(), &names) != 0)
    return fail(ErrorKind::invalid_input, "not a kernel module: not an ELF file");
  for (Elf_Scn* section = elf_nextscn(elf.get(), nullptr); section != nullptr;
       section = elf_nextscn(elf.get(), section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf.get(), names, header.sh_name);
    if (name == nullptr || std::string_view(name) != ".modinfo") continue;
    const Elf_Data* data = elf_rawdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) break;
    return parse_modinfo({static_cast<const char*>(data->d_buf), data->d_size});
  }
  return fail(ErrorKind::invalid_input, "not a kernel module: no .modinfo");
}

std::optional<std::string> module_name(std::string_view path) {
  std::string_view file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  for (std::string_view end : {".xz", ".zst", ".gz"}) {
    if (file.ends_with(end)) {
      file.remove_suffix(end.size());
      break;
    }
  }
  if (!file.ends_with(".ko") || file.size() == 3) return std::nullopt;
  return with_underscores(file.substr(0, file.size() - 3));
}

base::Result<std::vector<std::string>> loading_order(
    const std::map<std::string, std::vector<std::string>>& depends,
    const std::vector<std::string>& wanted) {
  std::vector<std::string> order;
  std::map<std::string, Mark> marks;
  for (const auto& name : wanted) BPFM_CHECK(visit(depends, name, marks, order));
  return order;
}

base::Result<std::vector<std::pair<std::string, std::string>>> collect_virtio_modules(
    const ModuleReader& read, const std::string& release) {
  std::map<std::string, std::string> contents;
  std::map<std::string, std::vector<std::string>> depends;
  std::set<std::string> asked(std::begin(kFirstAsked), std::end(kFirstAsked));
  int rounds = 0;
  for (std::set<std::string> ask = asked; !ask.empty();) {
    if (++rounds > kMostRounds)
      return fail(ErrorKind::invalid_input, "the chain of module dependencies does not end");
    BPFM_TRY(auto found, read(ask));
    ask.clear();
    for (auto& [name, content] : found) {
      BPFM_TRY(const ModuleInfo info, read_module_info(content).in(name));
      if (info.release != release) {
        return fail(ErrorKind::invalid_input, "module {} was built for '{}' and not for {}", name,
                    info.release, release);
      }
      for (const auto& before : info.depends)
        if (asked.insert(before).second) ask.insert(before);
      if (asked.size() > kMostModules)
        return fail(ErrorKind::invalid_input, "more than {} modules are said to be needed",
                    kMostModules);
      depends.emplace(name, info.depends);
      contents.emplace(name, std::move(content));
    }
  }
  BPFM_TRY(const auto order, loading_order(depends, kRoots));
  std::vector<std::pair<std::string, std::string>> modules;
  for (const auto& name : order) modules.emplace_back(name, std::move(contents[name]));
  return modules;
}

}  // namespace bpfmatrix::image
