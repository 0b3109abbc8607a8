#include "image/kernel_image.h"

#include <cctype>
#include <cstdint>

#include "image/setup_header.h"

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

constexpr size_t kLongestRelease = 64;  // __NEW_UTS_LEN, include/uapi/linux/utsname.h

uint16_t read16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at]) |
                               static_cast<unsigned char>(bytes[at + 1]) << 8);
}

// The first word at `at`, if it looks like a release: it enters file names and tables.
base::Result<std::string> release_at(std::string_view bytes, size_t at) {
  std::string_view word = bytes.substr(at, kLongestRelease + 1);
  size_t size = 0;
  while (size < word.size() && (std::isalnum(static_cast<unsigned char>(word[size])) != 0 ||
                                std::string_view("._+~-").find(word[size]) != word.npos))
    ++size;
  const bool ended = size < word.size() && (word[size] == ' ' || word[size] == '\0');
  if (size == 0 || !ended || std::isdigit(static_cast<unsigned char>(word[0])) == 0)
    return fail(ErrorKind::invalid_input, "the image does not say its release");
  return std::string(word.substr(0, size));
}

base::Result<std::string> bzimage_release(std::string_view image) {
  using namespace setup_header;
  const uint16_t protocol = read16(image, kProtocol);
  if (protocol < kProtocolWithExtendedFlags || (read16(image, kExtendedFlags) & 1) == 0)
    return fail(ErrorKind::invalid_input, "the image is a 32-bit or very old x86 kernel");
  const size_t setup = code_offset(image);
  if (image.size() <= setup)
    return fail(ErrorKind::invalid_input, "the image is cut off: {} bytes", image.size());
  const size_t version = read16(image, kKernelVersion);
  if (version == 0 || version + 0x200 >= setup)
    return fail(ErrorKind::invalid_input, "the image does not say its release");
  return release_at(image.substr(0, setup), version + 0x200);
}

base::Result<std::string> vmlinux_release(std::string_view image) {
  constexpr size_t kClass = 4, kMachine = 18;
  constexpr uint16_t kX86_64 = 62;  // EM_X86_64
  if (image[kClass] != 2 || read16(image, kMachine) != kX86_64)
    return fail(ErrorKind::invalid_input, "the ELF file is not one of 64-bit x86");
  constexpr std::string_view kBanner = "Linux version ";
  for (size_t at = image.find(kBanner); at != image.npos; at = image.find(kBanner, at + 1)) {
    if (auto release = release_at(image, at + kBanner.size())) return release;
  }
  return fail(ErrorKind::invalid_input, "the ELF file is not a kernel: it has no banner");
}

}  // namespace

base::Result<std::string> kernel_release(std::string_view image) {
  if (image.size() >= 64 && image.starts_with("\x7f"
                                              "ELF"))
    return vmlinux_release(image);
  if (image.size() < setup_header::kEnd)
    return fail(ErrorKind::invalid_input, "{} bytes are no kernel", image.size());
  if (read16(image, setup_header::kBootFlag) != 0xaa55 ||
      image.substr(setup_header::kMagic, 4) != "HdrS")
    return fail(ErrorKind::invalid_input, "neither a bzImage nor a vmlinux");
  return bzimage_release(image);
}

Built built(std::string_view config, std::string_view option) {
  const std::string key = fmt::format("{}=", option);
  for (size_t at = config.find(key); at != config.npos; at = config.find(key, at + 1)) {
    if (at != 0 && config[at - 1] != '\n') continue;
    const std::string_view value = config.substr(at + key.size(), 2);
    const bool ended = value.size() == 1 || (value.size() == 2 && value[1] == '\n');
    if (ended && value[0] == 'y') return Built::in;
    if (ended && value[0] == 'm') return Built::module;
  }
  return Built::absent;
}

base::Result<bool> needs_virtio_modules(std::string_view config) {
  bool modules = false;
  for (const char* option : {"CONFIG_VIRTIO_PCI", "CONFIG_VIRTIO_CONSOLE"}) {
    const Built how = built(config, option);
    if (how == Built::absent) {
      return fail(ErrorKind::invalid_input,
                  "the kernel was built without {}: the agent would have no channel to talk over",
                  option);
    }
    modules = modules || how == Built::module;
  }
  return modules;
}

}  // namespace bpfmatrix::image
