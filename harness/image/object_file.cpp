#include "image/object_file.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/apart.h"
#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::image {
namespace {
using base::ErrorKind;
using base::fail;
using base::Result;
namespace fs = std::filesystem;

constexpr uint64_t kLargestObject = uint64_t{64} << 20;
constexpr const char* kHowTo =
    "give the path of an object built with `clang -target bpf -O2 -g -c`";

// A range of one section's bytes that something points into.
struct Place {
  size_t section = 0;
  uint64_t offset = 0;
};
struct Symbol {
  std::string name;
  Place place;
  uint64_t size = 0;
};

// What libbpf has no question for: sections, symbols and who is relocated.
struct ElfView {
  std::vector<std::string> sections;  // names by index
  std::vector<std::string> contents;  // by index; only of the sections used here
  std::vector<Symbol> functions;
  std::vector<Place> relocations;  // of ELF and CO-RE
  bool has_core_relocations = false;

  [[nodiscard]] std::optional<size_t> section(std::string_view name) const {
    const auto at = std::find(sections.begin(), sections.end(), name);
    if (at == sections.end()) return std::nullopt;
    return static_cast<size_t>(at - sections.begin());
  }
  [[nodiscard]] std::string_view content(std::string_view name) const {
    const auto index = section(name);
    return index ? std::string_view(contents[*index]) : std::string_view();
  }
};

// Little-endian numbers at an offset; nothing beyond the end.
template <typename T>
std::optional<T> number_at(std::string_view bytes, uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Everything that can be said from the first bytes. Offsets: Elf64_Ehdr of <elf.h>.
base::Status check_header(const std::string& bytes) {
  if (bytes.empty())
    return fail(ErrorKind::invalid_input, "the file is empty; was its compilation interrupted?");
  if (!bytes.starts_with(ELFMAG))
    return fail(ErrorKind::invalid_input, "not an ELF file; {}", kHowTo);
  if (bytes.size() < sizeof(Elf64_Ehdr))
    return fail(ErrorKind::invalid_input, "an ELF file cut off in its header; build it again");
  if (bytes[EI_DATA] != ELFDATA2LSB)
    return fail(ErrorKind::invalid_input,
                "a big-endian object; build it with -target bpfel (or bpf on this machine)");
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (bytes[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_BPF)
    return fail(ErrorKind::invalid_input, "an ELF file for machine {}, not for BPF ({}); {}",
                header.e_machine, EM_BPF, kHowTo);
  if (header.e_type != ET_REL)
    return fail(ErrorKind::invalid_input, "an ELF file of type {}, not a relocatable object; {}",
                header.e_type, kHowTo);
  return {};
}

Result<std::string> read_bytes(const fs::path& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (status.type() == fs::file_type::not_found)
    return fail(ErrorKind::invalid_input, "there is no such file; {}", kHowTo);
  if (status.type() == fs::file_type::directory)
    return fail(ErrorKind::invalid_input, "a folder, not an object; {}", kHowTo);
  if (const auto size = fs::file_size(path, ec); !ec && size > kLargestObject)
    return fail(ErrorKind::invalid_input, "{} bytes: objects are read up to 64 MiB", size);
  return base::read_file(path, kLargestObject);
}

void read_symbols(Elf_Data* data, size_t strings, Elf* elf, ElfView* view) {
  GElf_Sym symbol;
  for (int i = 0; gelf_getsym(data, i, &symbol) != nullptr; ++i) {
    const char* name = elf_strptr(elf, strings, symbol.st_name);
    if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || name == nullptr) continue;
    view->functions.push_back({name, {symbol.st_shndx, symbol.st_value}, symbol.st_size});
  }
}

// CO-RE relocations: .BTF.ext, struct btf_ext_header and btf_ext_info_sec of libbpf's src/btf.h.
void read_core_relocations(ElfView* view) {
  const std::string_view ext = view->content(".BTF.ext");
  const std::string_view btf = view->content(".BTF");
  const auto header_size = number_at<uint32_t>(ext, 4);
  const auto offset = number_at<uint32_t>(ext, 24);
  const auto size = number_at<uint32_t>(ext, 28);
  if (!header_size || *header_size < 32 || !offset || !size || *size == 0) return;
  const auto names = number_at<uint32_t>(btf, 16);  // struct btf_header: str_off
  const auto btf_header_size = number_at<uint32_t>(btf, 4);
  uint64_t at = uint64_t{*header_size} + *offset;
  const uint64_t end = std::min<uint64_t>(at + *size, ext.size());
  const auto record_size = number_at<uint32_t>(ext, at);
  if (!record_size || *record_size < 16 || !names || !btf_header_size) return;
  for (at += 4; at + 8 <= end;) {
    const uint64_t name_at = uint64_t{*btf_header_size} + *names + *number_at<uint32_t>(ext, at);
    const uint32_t count = *number_at<uint32_t>(ext, at + 4);
    at += 8;
    const std::string_view rest = name_at < btf.size() ? btf.substr(name_at) : std::string_view();
    const auto section = view->section(rest.substr(0, rest.find('\0')));
    for (uint32_t i = 0; i < count && at + *record_size <= end; ++i, at += *record_size) {
      view->has_core_relocations = true;
      if (section) view->relocations.push_back({*section, *number_at<uint32_t>(ext, at)});
    }
  }
}

Result<ElfView> read_elf(std::string* bytes) {
  elf_version(EV_CURRENT);
  const std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_memory(bytes->data(), bytes->size()), elf_end);
  size_t names = 0;
  if (!elf || elf_getshdrstrndx(elf.get(), &names) != 0)
    return fail(ErrorKind::invalid_input, "damaged ELF file: {}; build it again", elf_errmsg(-1));
  ElfView view;
  view.sections.emplace_back();
  view.contents.emplace_back();
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf.get(), scn)) != nullptr;) {
    GElf_Shdr header;
    const char* name = gelf_getshdr(scn, &header) != nullptr
                           ? elf_strptr(elf.get(), names, header.sh_name)
                           : nullptr;
    Elf_Data* data = name != nullptr ? elf_getdata(scn, nullptr) : nullptr;
    view.sections.emplace_back(name != nullptr ? name : "");
    view.contents.emplace_back();
    if (data == nullptr) continue;
    const std::string& here = view.sections.back();
    if (header.sh_type == SHT_SYMTAB) read_symbols(data, header.sh_link, elf.get(), &view);
    if (header.sh_type == SHT_REL) {
      GElf_Rel relocation;
      for (int i = 0; gelf_getrel(data, i, &relocation) != nullptr; ++i)
        view.relocations.push_back({header.sh_info, relocation.r_offset});
    }
    if ((here == "license" || here == ".BTF" || here == ".BTF.ext") && data->d_buf != nullptr)
      view.contents.back().assign(static_cast<const char*>(data->d_buf), data->d_size);
  }
  read_core_relocations(&view);
  return view;
}

// The last warning of libbpf, for the message when it cannot open an object.
std::string last_warning;
int keep_warning(enum libbpf_print_level level, const char* format, va_list arguments) {
  char line[512];
  const int size = std::vsnprintf(line, sizeof line, format, arguments);
  if (level == LIBBPF_WARN && size > 0) last_warning = line;
  return 0;
}

// Sections whose programs name a place in the kernel (or in another program) that must be found in
// BTF before the load: libbpf's section_defs with SEC_ATTACH_BTF (src/libbpf.c, 1.1 to 1.7), and
// struct_ops. By name too: the host's libbpf may be older than the section.
bool wants_target(uint32_t type, std::string_view section) {
  if (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_EXT || type == BPF_PROG_TYPE_LSM ||
      type == BPF_PROG_TYPE_STRUCT_OPS)
    return true;
  if (section.starts_with('?')) section.remove_prefix(1);  // "not loaded unless asked for", 1.0
  section = section.substr(0, section.find('/'));
  if (section.ends_with(".s")) section.remove_suffix(2);  // "may sleep"
  static constexpr std::string_view kSections[] = {"fentry", "fexit",   "fmod_ret",   "fsession",
                                                   "lsm",    "iter",    "lsm_cgroup", "struct_ops",
                                                   "tp_btf", "freplace"};
  return std::find(std::begin(kSections), std::end(kSections), section) != std::end(kSections);
}

// A call of another BPF function in the same section needs no ELF relocation, yet a library must
// put the callee behind the caller: BPF_JMP | BPF_CALL with src_reg BPF_PSEUDO_CALL.
bool calls_subprogram(std::span<const bpf_insn> instructions) {
  return std::any_of(instructions.begin(), instructions.end(), [](const bpf_insn& one) {
    return one.code == (BPF_JMP | BPF_CALL) && one.src_reg == BPF_PSEUDO_CALL;
  });
}

struct PlacedFunction {
  Place place;
  plan::Function function;
};

PlacedFunction describe(const bpf_program* program, const ElfView& view) {
  PlacedFunction out;
  plan::Function& function = out.function;
  const size_t count = bpf_program__insn_cnt(program);
  const std::span<const bpf_insn> instructions(bpf_program__insns(program), count);
  function.name = bpf_program__name(program);
  function.section = bpf_program__section_name(program);
  function.prog_type = bpf_program__type(program);
  function.expected_attach_type = bpf_program__expected_attach_type(program);
  function.instruction_count = static_cast<uint32_t>(count);
  function.instructions.assign(reinterpret_cast<const char*>(instructions.data()),
                               instructions.size_bytes());
  function.needs_attach_target = wants_target(function.prog_type, function.section);
  for (const Symbol& symbol : view.functions) {
    if (symbol.name == function.name && view.sections.size() > symbol.place.section &&
        view.sections[symbol.place.section] == function.section)
      out.place = symbol.place;
  }
  const uint64_t end = out.place.offset + instructions.size_bytes();
  const bool relocated =
      std::any_of(view.relocations.begin(), view.relocations.end(), [&](const Place& relocation) {
        return relocation.section == out.place.section && relocation.offset >= out.place.offset &&
               relocation.offset < end;
      });
  function.has_relocations = relocated || calls_subprogram(instructions);
  return out;
}

base::Status read_with_libbpf(const std::string& bytes, const ElfView& view, plan::Object* object) {
  const libbpf_print_fn_t previous = libbpf_set_print(keep_warning);
  last_warning.clear();
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = object->stem.c_str();
  const std::unique_ptr<bpf_object, void (*)(bpf_object*)> opened(
      bpf_object__open_mem(bytes.data(), bytes.size(), &options), bpf_object__close);
  libbpf_set_print(previous);
  if (!opened) {
    const size_t end = last_warning.find_last_not_of('\n');
    return fail(ErrorKind::invalid_input, "libbpf {} of this machine cannot read it: {}",
                libbpf_version_string(),
                end == std::string::npos ? "no reason given" : last_warning.substr(0, end + 1));
  }
  std::vector<PlacedFunction> functions;
  const bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(opened.get(), const_cast<bpf_program*>(program))) !=
         nullptr)
    functions.push_back(describe(program, view));
  // libbpf goes by the symbol table, which need not be in the order of the file.
  std::stable_sort(functions.begin(), functions.end(), [](const auto& a, const auto& b) {
    return std::pair(a.place.section, a.place.offset) < std::pair(b.place.section, b.place.offset);
  });
  for (auto& one : functions) object->functions.push_back(std::move(one.function));
  uint32_t size = 0;
  const btf* types = bpf_object__btf(opened.get());
  const void* raw = types != nullptr ? btf__raw_data(types, &size) : nullptr;
  // BTF that this libbpf cannot parse is passed on as it is: others may know it.
  object->btf = raw != nullptr ? std::string(static_cast<const char*>(raw), size)
                               : std::string(view.content(".BTF"));
  return {};
}

std::string stem_of(const fs::path& path) {
  std::string stem = path.filename().string();
  for (const std::string_view ending : {".o", ".bpf"})
    if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  return stem;
}

}  // namespace

Result<plan::Object> parse_object(std::string bytes, const fs::path& path) {
  BPFM_CHECK(check_header(bytes));
  plan::Object object;
  object.path = path;
  object.stem = stem_of(path);
  object.sha256 = base::sha256_hex(bytes);
  BPFM_TRY(const ElfView view, read_elf(&bytes));
  BPFM_CHECK(read_with_libbpf(bytes, view, &object));
  object.has_core_relocations = view.has_core_relocations;
  const std::string_view license = view.content("license");
  object.license = license.substr(0, license.find('\0'));
  if (object.functions.empty() && object.btf.empty())
    return fail(ErrorKind::invalid_input,
                "a BPF object with neither programs nor BTF; give its functions a SEC(\"...\") and "
                "compile with -g");
  return object;
}

namespace {

// Little-endian, as wire/protocol.h has it (str: u16 length and bytes). Written out here because
// image does not see wire; a test holds the two together.
constexpr uint32_t kPartsMagic = 0x50465042;  // BPFM_PARTS_MAGIC

void put_number(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) *out += static_cast<char>(value >> (8 * i) & 0xff);
}
void put_text(std::string* out, std::string_view text) {
  text = text.substr(0, UINT16_MAX);
  put_number(out, text.size(), 2);
  *out += text;
}

// An object as texts, for the way back from a process apart: three of its own, then four of each
// function.
std::vector<std::string> to_texts(plan::Object object) {
  std::vector<std::string> texts = {std::move(object.license), std::move(object.btf),
                                    object.has_core_relocations ? "core" : ""};
  for (auto& function : object.functions) {
    std::string numbers;
    for (const uint32_t number :
         {function.prog_type, function.expected_attach_type, function.instruction_count,
          uint32_t{function.has_relocations}, uint32_t{function.needs_attach_target}})
      put_number(&numbers, number, 4);
    texts.push_back(std::move(function.name));
    texts.push_back(std::move(function.section));
    texts.push_back(std::move(numbers));
    texts.push_back(std::move(function.instructions));
  }
  return texts;
}

std::optional<plan::Object> from_texts(std::vector<std::string> texts) {
  constexpr size_t kOwn = 3, kEach = 4;
  if (texts.size() < kOwn || (texts.size() - kOwn) % kEach != 0) return std::nullopt;
  plan::Object object;
  object.license = std::move(texts[0]);
  object.btf = std::move(texts[1]);
  object.has_core_relocations = !texts[2].empty();
  for (size_t at = kOwn; at < texts.size(); at += kEach) {
    plan::Function function;
    function.name = std::move(texts[at]);
    function.section = std::move(texts[at + 1]);
    const auto number = [&](uint64_t i) { return number_at<uint32_t>(texts[at + 2], 4 * i).value_or(0); };
    function.prog_type = number(0);
    function.expected_attach_type = number(1);
    function.instruction_count = number(2);
    function.has_relocations = number(3) != 0;
    function.needs_attach_target = number(4) != 0;
    function.instructions = std::move(texts[at + 3]);
    if (function.instructions.size() != uint64_t{function.instruction_count} * sizeof(bpf_insn))
      return std::nullopt;
    object.functions.push_back(std::move(function));
  }
  return object;
}

Result<plan::Object> read(const fs::path& path) {
  BPFM_TRY(std::string bytes, read_bytes(path));
  BPFM_CHECK(check_header(bytes));
  BPFM_TRY(auto texts, base::run_apart([&]() -> Result<std::vector<std::string>> {
             BPFM_TRY(auto object, parse_object(bytes, path));
             return to_texts(std::move(object));
           }));
  auto object = from_texts(std::move(texts));
  if (!object) return fail(ErrorKind::invalid_input, "the process that read it gave no object");
  object->path = path;
  object->stem = stem_of(path);
  object->sha256 = base::sha256_hex(bytes);
  return std::move(*object);
}

}  // namespace

base::Result<plan::Object> read_object(const fs::path& path) {
  return read(path).in(path.string());
}

std::string make_parts(const plan::Object& object, const plan::Function* function) {
  static const plan::Function kNone;
  const plan::Function& code = function != nullptr ? *function : kNone;
  std::string out;
  put_number(&out, kPartsMagic, 4);
  put_number(&out, code.prog_type, 4);
  put_number(&out, code.expected_attach_type, 4);
  put_text(&out, object.license);
  put_text(&out, code.name);
  put_number(&out, code.instruction_count, 4);
  out += code.instructions;
  put_number(&out, object.btf.size(), 4);
  out += object.btf;
  return out;
}

}  // namespace bpfmatrix::image
