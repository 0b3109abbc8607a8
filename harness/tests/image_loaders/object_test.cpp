// Objects as the host reads them, and the parts files made of them.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstring>
#include <map>

#include "base/digest.h"
#include "image/object_file.h"
#include "tests/image_loaders/scratch.h"
#include "wire/protocol.h"

namespace bpfmatrix::image {
namespace {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

plan::Object read(const std::string& name) {
  auto object = read_object(test_program(name));
  if (!object) ADD_FAILURE() << object.error().message;
  return object ? *object : plan::Object{};
}

uint32_t word(std::string_view bytes, size_t at) {
  return bpfm_get32(reinterpret_cast<const uint8_t*>(bytes.data()) + at);
}

// Kinds that occur in BTF: header and struct btf_type as in include/uapi/linux/btf.h.
std::map<int, int> kinds_of(const std::string& btf) {
  std::map<int, int> kinds;
  const size_t begin = word(btf, 4) + word(btf, 8);
  const size_t end = begin + word(btf, 12);
  for (size_t at = begin; at + 12 <= end;) {
    const uint32_t info = word(btf, at + 4);
    const int kind = info >> 24 & 0x1f;
    const size_t members = info & 0xffff;
    ++kinds[kind];
    // Bytes behind the header, by kind: INT and ARRAY and so on.
    static const std::map<int, size_t> kFixed = {{1, 4}, {3, 12}, {14, 4}, {17, 4}};
    static const std::map<int, size_t> kEach = {{4, 12}, {5, 12},  {6, 8},
                                                {13, 8}, {15, 12}, {19, 12}};
    at += 12 + (kFixed.contains(kind) ? kFixed.at(kind) : 0) +
          (kEach.contains(kind) ? kEach.at(kind) * members : 0);
    EXPECT_LE(at, end) << "kind " << kind;
  }
  return kinds;
}

class Refused : public Scratch {
 protected:
  // The message of the refusal, which must be of kind invalid_input and name the file.
  static std::string why(const fs::path& path) {
    const auto object = read_object(path);
    if (object) return "not refused";
    EXPECT_EQ(object.error().kind, base::ErrorKind::invalid_input);
    EXPECT_THAT(object.error().message, HasSubstr(path.string()));
    return object.error().message;
  }
  static std::string trivial_bytes() { return base::read_file(test_program("trivial")).value(); }
};

TEST(ObjectFile, a_function_has_its_name_section_type_and_instructions) {
  const plan::Object object = read("trivial");
  EXPECT_EQ(object.stem, "trivial");
  EXPECT_EQ(object.license, "GPL");
  EXPECT_EQ(object.sha256, base::sha256_file(test_program("trivial")).value());
  ASSERT_EQ(object.functions.size(), 1U);
  const plan::Function& function = object.functions[0];
  EXPECT_EQ(function.name, "trivial");
  EXPECT_EQ(function.section, "socket");
  EXPECT_EQ(function.prog_type, static_cast<uint32_t>(BPF_PROG_TYPE_SOCKET_FILTER));
  EXPECT_EQ(function.instruction_count, 2U);
  // r0 = 0; exit
  EXPECT_EQ(function.instructions, std::string("\xb7\0\0\0\0\0\0\0\x95\0\0\0\0\0\0\0", 16));
}

TEST(ObjectFile, programs_for_raw_have_no_relocations_and_are_socket_filters) {
  for (const char* name :
       {"trivial", "uninitialised", "long_valid", "long_fault", "endless_loop", "too_complex"}) {
    const plan::Object object = read(name);
    ASSERT_EQ(object.functions.size(), 1U) << name;
    EXPECT_EQ(object.functions[0].name, name);
    EXPECT_FALSE(object.functions[0].has_relocations) << name;
    EXPECT_FALSE(object.functions[0].needs_attach_target) << name;
    EXPECT_FALSE(object.has_core_relocations) << name;
    EXPECT_EQ(object.functions[0].prog_type, static_cast<uint32_t>(BPF_PROG_TYPE_SOCKET_FILTER));
  }
}

TEST(ObjectFile, the_long_programs_have_3000_instructions) {
  EXPECT_EQ(read("long_valid").functions.at(0).instruction_count, 3000U);
  EXPECT_EQ(read("long_fault").functions.at(0).instruction_count, 3000U);
}

TEST(ObjectFile, maps_and_global_variables_are_relocations) {
  const plan::Object object = read("global_data");
  EXPECT_TRUE(object.functions.at(0).has_relocations);
  EXPECT_FALSE(object.has_core_relocations);
}

TEST(ObjectFile, core_relocations_are_seen_although_elf_has_none) {
  const plan::Object object = read("core_relocation");
  EXPECT_TRUE(object.has_core_relocations);
  EXPECT_TRUE(object.functions.at(0).has_relocations);
  EXPECT_FALSE(object.functions.at(0).needs_attach_target);
  EXPECT_EQ(object.functions.at(0).prog_type, static_cast<uint32_t>(BPF_PROG_TYPE_RAW_TRACEPOINT));
}

TEST(ObjectFile, fentry_needs_a_target_and_has_its_attach_type) {
  const plan::Function function = read("fentry").functions.at(0);
  EXPECT_TRUE(function.needs_attach_target);
  EXPECT_EQ(function.prog_type, static_cast<uint32_t>(BPF_PROG_TYPE_TRACING));
  EXPECT_EQ(function.expected_attach_type, static_cast<uint32_t>(BPF_TRACE_FENTRY));
}

TEST(ObjectFile, functions_come_in_file_order_with_relocations_of_their_own) {
  const auto object = read_object(CALLS_OBJECT);
  ASSERT_TRUE(object) << object.error().message;
  std::vector<std::pair<std::string, bool>> seen;
  for (const auto& function : object->functions)
    seen.emplace_back(function.name, function.has_relocations);
  const std::vector<std::pair<std::string, bool>> expected = {{"plain", false},
                                                              {"calls_outside", true},
                                                              {"reads_global", true},
                                                              {"calls_inside", true},
                                                              {"other_section", false}};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(object->functions.at(4).prog_type, static_cast<uint32_t>(BPF_PROG_TYPE_XDP));
  EXPECT_EQ(object->license, "Dual BSD/GPL");
}

TEST(ObjectFile, own_btf_has_float_both_tags_and_enum64) {
  const auto kinds = kinds_of(read("own_btf").btf);
  for (const int kind : {16, 17, 18, 19}) EXPECT_TRUE(kinds.contains(kind)) << kind;
  const auto plain = kinds_of(read("trivial").btf);
  for (const int kind : {16, 17, 18, 19}) EXPECT_FALSE(plain.contains(kind)) << kind;
}

TEST(ObjectFile, sizes_of_data_sections_are_filled_in_so_that_a_kernel_takes_the_btf) {
  const std::string btf = read("trivial").btf;
  const size_t end = word(btf, 4) + word(btf, 8) + word(btf, 12);
  // The last type is the DATASEC of `license`: {name, info, size}, one {type, offset, size}.
  ASSERT_GE(end, 24U);
  EXPECT_EQ(word(btf, end - 20) >> 24 & 0x1f, 15U);
  EXPECT_EQ(word(btf, end - 16), 4U);
}

TEST_F(Refused, what_is_not_there_is_told_apart) {
  EXPECT_THAT(why(folder() / "absent.bpf.o"), HasSubstr("there is no such file"));
  EXPECT_THAT(why(folder()), HasSubstr("a folder"));
  EXPECT_THAT(why(write("empty.bpf.o", "")), HasSubstr("empty"));
  EXPECT_THAT(why(write("text.bpf.o", "#include <linux/bpf.h>")),
              AllOf(HasSubstr("not an ELF file"), HasSubstr("clang -target bpf")));
}

TEST_F(Refused, an_elf_file_of_another_machine_is_no_object) {
  EXPECT_THAT(why("/proc/self/exe"), HasSubstr("not for BPF"));
}

TEST_F(Refused, a_big_endian_object_is_refused) {
  std::string bytes = trivial_bytes();
  bytes[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(why(write("big.bpf.o", bytes)), HasSubstr("big-endian"));
}

TEST_F(Refused, an_object_of_more_than_64_mib_is_not_read) {
  const auto path = write("large.bpf.o", trivial_bytes());
  fs::resize_file(path, (uint64_t{64} << 20) + 1);
  EXPECT_THAT(why(path), HasSubstr("64 MiB"));
}

TEST_F(Refused, truncated_objects_are_refused_or_read_but_never_harm) {
  const std::string bytes = trivial_bytes();
  for (size_t size = 0; size < bytes.size(); size += 97) {
    const auto object = read_object(write("cut.bpf.o", bytes.substr(0, size)));
    EXPECT_TRUE(object || object.error().kind == base::ErrorKind::invalid_input) << size;
  }
  EXPECT_THAT(why(write("cut.bpf.o", bytes.substr(0, 40))), HasSubstr("cut off"));
  EXPECT_THAT(why(write("cut.bpf.o", bytes.substr(0, 200))), Not(HasSubstr("not refused")));
}

TEST_F(Refused, an_object_with_neither_programs_nor_btf_is_refused) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_BPF;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 1;
  const std::string names("\0.strtab\0.symtab\0", 17);
  const Elf64_Sym symbol{};
  Elf64_Shdr sections[3] = {};
  sections[1] = {1, SHT_STRTAB, 0, 0, sizeof header, names.size(), 0, 0, 1, 0};
  sections[2] = {9, SHT_SYMTAB, 0, 0, 88, sizeof symbol, 1, 1, 8, sizeof symbol};
  header.e_shoff = 88 + sizeof symbol;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += names;
  bytes.resize(88);
  bytes.append(reinterpret_cast<const char*>(&symbol), sizeof symbol);
  bytes.append(reinterpret_cast<const char*>(sections), sizeof sections);
  EXPECT_THAT(why(write("bare.bpf.o", bytes)), HasSubstr("neither programs nor BTF"));
}

TEST_F(Refused, but_a_section_that_libbpf_does_not_know_is_not) {
  std::string bytes = trivial_bytes();
  for (size_t at = 0; (at = bytes.find("socket", at)) != std::string::npos;) bytes[at + 3] = '9';
  const auto object = read_object(write("unknown.bpf.o", bytes));
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->functions.at(0).section, "soc9et");
  EXPECT_EQ(object->functions.at(0).prog_type, 0U);
  EXPECT_EQ(object->stem, "unknown");
}

TEST(Parts, have_the_layout_of_the_protocol) {
  const plan::Object object = read("uninitialised");
  const plan::Function& function = object.functions.at(0);
  const std::string parts = make_parts(object, &function);
  const auto* at = reinterpret_cast<const uint8_t*>(parts.data());
  const auto text = [&at] {
    const std::string value(reinterpret_cast<const char*>(at) + 2, bpfm_get16(at));
    at += 2 + value.size();
    return value;
  };
  EXPECT_EQ(bpfm_get32(at), BPFM_PARTS_MAGIC);
  EXPECT_EQ(bpfm_get32(at + 4), static_cast<uint32_t>(BPF_PROG_TYPE_SOCKET_FILTER));
  EXPECT_EQ(bpfm_get32(at + 8), function.expected_attach_type);
  at += 12;
  EXPECT_EQ(text(), "GPL");
  EXPECT_EQ(text(), "uninitialised");
  ASSERT_EQ(bpfm_get32(at), 2U);
  at += 4;
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(at), 16), function.instructions);
  at += 16;
  ASSERT_EQ(bpfm_get32(at), object.btf.size());
  at += 4;
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(at), object.btf.size()), object.btf);
  EXPECT_EQ(reinterpret_cast<const char*>(at) + object.btf.size(), parts.data() + parts.size());
}

TEST(Parts, numbers_are_little_endian_whatever_their_size) {
  plan::Object object;
  object.license = std::string(300, 'x');
  plan::Function function;
  function.prog_type = 0x01020304;
  function.expected_attach_type = 0xfffefdfc;
  const std::string parts = make_parts(object, &function);
  const auto* at = reinterpret_cast<const uint8_t*>(parts.data());
  EXPECT_EQ(bpfm_get32(at + 4), 0x01020304U);
  EXPECT_EQ(bpfm_get32(at + 8), 0xfffefdfcU);
  EXPECT_EQ(bpfm_get16(at + 12), 300U);
  EXPECT_EQ(parts.size(), 14U + 300 + 2 + 4 + 4);
}

TEST(Parts, without_a_function_there_is_only_btf) {
  const plan::Object object = read("own_btf");
  const std::string parts = make_parts(object, nullptr);
  // magic, two types, "GPL", "", no instruction, BTF
  EXPECT_EQ(word(parts, 4), 0U);
  EXPECT_EQ(word(parts, 19), 0U);
  EXPECT_EQ(word(parts, 23), object.btf.size());
  EXPECT_TRUE(parts.ends_with(object.btf));
  EXPECT_EQ(parts.size(), 27 + object.btf.size());
}

}  // namespace
}  // namespace bpfmatrix::image
