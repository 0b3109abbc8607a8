// Kernel images that lie: they cost no more memory and time than they have bytes.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "../image_kernels/made_files.h"
#include "image/vmlinux.h"

namespace bpfmatrix::image {
namespace {

long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  return 0;
}

template <typename T>
void put(std::string& bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

TEST(HostileImages, that_lie_about_their_size_cost_no_memory) {
  std::string image = test::make_bzimage("6.1.0-1-test (x)");
  const auto sectors = static_cast<unsigned char>(image[0x1f1]);
  image.resize(std::max<size_t>(image.size(), (sectors + 1U) * 512));
  const size_t code = (size_t{sectors == 0 ? 4U : sectors} + 1) * 512;
  std::string payload = test::compress("a kernel of 25 characters", "xz");
  payload += std::string(4, '\0');
  put(payload, payload.size() - 4, uint32_t{500} << 20);
  put(image, 0x206, uint16_t{0x20f});
  put(image, 0x248, static_cast<uint32_t>(image.size() - code));
  put(image, 0x24c, static_cast<uint32_t>(payload.size()));
  const long before = peak_kib();
  const auto vmlinux = unpack_vmlinux(image + payload);
  ASSERT_FALSE(vmlinux.has_value());
  EXPECT_NE(vmlinux.error().message.find("25 of 524288000 bytes"), std::string::npos)
      << vmlinux.error().message;
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(peak_kib() - before, 64 << 10);
#endif
}

// Without a limit this takes longer than any test may.
TEST(HostileImages, whose_headers_all_name_one_large_segment_are_looked_at_only_so_long) {
  constexpr uint16_t kHeaders = 65535;
  constexpr size_t kNotes = size_t{8} << 20;
  std::string elf(sizeof(Elf64_Ehdr) + kHeaders * sizeof(Elf64_Phdr) + kNotes, '\0');
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = kHeaders;
  put(elf, 0, header);
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = elf.size() - kNotes;
  segment.p_filesz = kNotes;
  for (size_t i = 0; i < kHeaders; ++i) put(elf, sizeof header + i * sizeof segment, segment);
  EXPECT_FALSE(has_pvh_entry(elf));
}

}  // namespace
}  // namespace bpfmatrix::image
