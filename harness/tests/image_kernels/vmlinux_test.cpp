#include "image/vmlinux.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/digest.h"
#include "image/boot_image.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using base::ErrorKind;
using testing::HasSubstr;

// An ELF file with one note of `type` by "Xen", and `filling` behind it.
std::string elf_with_note(uint32_t type, const std::string& filling = "Linux version 6.1.0 (x)") {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  header.e_phentsize = sizeof(Elf64_Phdr);
  const Elf64_Nhdr note{4, 4, type};
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = sizeof note + 8;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  bytes.append(reinterpret_cast<const char*>(&note), sizeof note);
  bytes.append("Xen\0\0\0\0\1", 8);
  return bytes + filling;
}

// A bzImage that carries `elf`, packed by `filter`, as the kernel's build makes it.
std::string bzimage_of(const std::string& elf, const std::string& filter) {
  std::string payload = test::compress(elf, filter);
  const auto size = static_cast<uint32_t>(elf.size());
  if (filter != "gzip") payload.append(reinterpret_cast<const char*>(&size), sizeof size);
  std::string image = test::make_bzimage("6.1.0 (x)");
  const auto offset = static_cast<uint32_t>(image.size() - 4 * 512);
  const auto length = static_cast<uint32_t>(payload.size());
  std::memcpy(image.data() + 0x248, &offset, sizeof offset);
  std::memcpy(image.data() + 0x24c, &length, sizeof length);
  return image + payload + std::string(100, 'p');
}

TEST(Vmlinux, the_payload_of_a_bzimage_is_unpacked_whatever_it_was_packed_with) {
  const std::string elf = elf_with_note(18, std::string(300'000, 'k'));
  for (const char* filter : {"gzip", "xz", "zstd", "lz4"}) {
    const auto unpacked = unpack_vmlinux(bzimage_of(elf, filter));
    ASSERT_TRUE(unpacked) << filter << ": " << unpacked.error().message;
    EXPECT_EQ(*unpacked, elf) << filter;
  }
}

TEST(Vmlinux, a_damaged_or_foreign_payload_is_refused) {
  const auto refusal = [](const std::string& image) {
    const auto unpacked = unpack_vmlinux(image);
    if (unpacked) return std::string("taken");
    EXPECT_EQ(unpacked.error().kind, ErrorKind::invalid_input);
    return unpacked.error().message;
  };
  EXPECT_THAT(refusal("short"), HasSubstr("no payload"));
  EXPECT_THAT(refusal(test::make_bzimage("6.1.0 (x)")), HasSubstr("cut off"));
  const std::string good = bzimage_of(elf_with_note(18, std::string(300'000, 'k')), "xz");
  EXPECT_THAT(refusal(good.substr(0, good.size() - 110)), HasSubstr("cut off"));
  std::string broken = good;
  broken[0x4000 + 60] = static_cast<char>(broken[0x4000 + 60] ^ 0x55);
  EXPECT_THAT(refusal(broken), testing::AnyOf(HasSubstr("damaged"), HasSubstr("not known")));
  EXPECT_THAT(refusal(bzimage_of(std::string(1000, 'n'), "zstd")), HasSubstr("no 64-bit x86"));
}

TEST(Vmlinux, a_pvh_entry_is_the_note_of_that_type) {
  EXPECT_TRUE(has_pvh_entry(elf_with_note(18)));
  EXPECT_FALSE(has_pvh_entry(elf_with_note(6)));
  EXPECT_FALSE(has_pvh_entry(elf_with_note(18).substr(0, 130)));
  EXPECT_FALSE(has_pvh_entry(test::make_vmlinux("Linux version 6.1.0 (x)")));
  EXPECT_FALSE(has_pvh_entry(""));
}

class BootImageTest : public testing::Test {
 protected:
  base::TemporaryFolder folder_ = test::make_folder();
  ContentStore store_{folder_.path()};
};

TEST_F(BootImageTest, a_kernel_with_a_pvh_entry_is_booted_unpacked) {
  const std::string elf = elf_with_note(18);
  const auto image = *store_.put(bzimage_of(elf, "zstd"));
  for (int time = 1; time <= 2; ++time) {
    const auto boot = boot_image(store_, image);
    ASSERT_TRUE(boot) << boot.error().message;
    EXPECT_EQ(boot->sha256, base::sha256_hex(elf));
    EXPECT_TRUE(*base::read_file(boot->path) == elf);
  }
}

TEST_F(BootImageTest, any_other_is_booted_as_it_is) {
  for (const auto& bytes : {bzimage_of(elf_with_note(6), "zstd"), elf_with_note(18),
                            test::make_bzimage("6.1.0 (x)")}) {
    const auto image = *store_.put(bytes);
    EXPECT_EQ(boot_image(store_, image)->sha256, image);
  }
}

TEST_F(BootImageTest, an_unpacked_kernel_that_was_damaged_or_lost_is_unpacked_again) {
  const std::string elf = elf_with_note(18);
  const auto image = *store_.put(bzimage_of(elf, "gzip"));
  const auto path = boot_image(store_, image)->path;
  ASSERT_TRUE(base::write_file(path, elf + "x"));
  EXPECT_EQ(*base::read_file(boot_image(store_, image)->path), elf);
  ASSERT_TRUE(base::write_file(folder_.path() / "boot" / image, "nonsense"));
  EXPECT_EQ(boot_image(store_, image)->sha256, base::sha256_hex(elf));
}

}  // namespace
}  // namespace bpfmatrix::image
