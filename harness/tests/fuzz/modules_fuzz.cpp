// The modules of a package from a hostile mirror: names, what each says of itself, the order in which
// a guest is to load them.
//
// A line of the input is a module: its path, then entries of .modinfo between blanks. An input that
// begins as an ELF file is one module as it is.
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "image/module_order.h"
#include "input.h"

namespace {

using namespace bpfmatrix;

constexpr const char* kRelease = "6.1.0";
// Each asks for the next: deeper chains are refused before, by the number of names.
constexpr size_t kLines = 200;

std::string_view cut(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const auto piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// An ELF file with nothing but a .modinfo.
std::string make_module(const std::string& modinfo) {
  const std::string names = std::string("\0.modinfo\0.shstrtab", 19) + '\0';
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  header.e_shoff = (sizeof header + modinfo.size() + names.size() + 7) & ~size_t{7};
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[2].sh_name = 10;
  sections[1].sh_type = SHT_PROGBITS;
  sections[2].sh_type = SHT_STRTAB;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = modinfo.size();
  sections[2].sh_offset = sizeof header + modinfo.size();
  sections[2].sh_size = names.size();
  std::string object(reinterpret_cast<const char*>(&header), sizeof header);
  object += modinfo + names;
  object.resize(header.e_shoff);
  return object + std::string(reinterpret_cast<const char*>(sections), sizeof sections);
}

using Modules = std::map<std::string, std::string>;

Modules read_lines(std::string_view text) {
  Modules modules;
  for (size_t i = 0; i < kLines && !text.empty(); ++i) {
    auto line = cut(text, '\n');
    const auto name = image::module_name(cut(line, ' '));
    if (!name) continue;
    fuzz::require(!name->empty() && name->find_first_of("-/") == name->npos, "a name that is a path");
    std::string modinfo(line);
    std::replace(modinfo.begin(), modinfo.end(), ' ', '\0');
    // vermagic holds blanks of its own; its first word is what counts.
    modules[*name] = make_module(modinfo + '\0');
  }
  return modules;
}

void check_order(const std::vector<std::pair<std::string, std::string>>& order) {
  std::set<std::string> all, loaded;
  for (const auto& [name, content] : order) all.insert(name);
  for (const auto& [name, content] : order) {
    const auto info = image::read_module_info(content);
    fuzz::require(info.has_value() && info->release == kRelease, "a module of another kernel");
    for (const auto& before : info->depends)
      fuzz::require(!all.contains(before) || loaded.contains(before), "before what it depends on");
    fuzz::require(loaded.insert(name).second, "loaded twice");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with(ELFMAG)) {
    if (const auto info = image::read_module_info(bytes))
      for (const auto& name : info->depends) fuzz::require(!name.empty(), "an empty dependency");
    return 0;
  }
  const auto modules = read_lines(bytes);
  const auto order = image::collect_virtio_modules(
      [&](const std::set<std::string>& names) -> base::Result<Modules> {
        Modules found;
        for (const auto& name : names)
          if (const auto at = modules.find(name); at != modules.end()) found.insert(*at);
        return found;
      },
      kRelease);
  if (order) check_order(*order);
  return 0;
}
