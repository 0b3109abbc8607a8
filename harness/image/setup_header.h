// The setup header of a bzImage: Documentation/arch/x86/boot.rst (6.1). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bpfmatrix::image::setup_header {

// Offsets in the image, bytes; values are little-endian.
constexpr size_t kSetupSectors = 0x1f1;   // u8, 0 means 4
constexpr size_t kBootFlag = 0x1fe;       // u16, 0xaa55
constexpr size_t kMagic = 0x202;          // "HdrS"
constexpr size_t kProtocol = 0x206;       // u16, of the constants below
constexpr size_t kKernelVersion = 0x20e;  // u16, from 0x200 on: the release as text
constexpr size_t kExtendedFlags = 0x236;  // u16, 1: 64-bit
constexpr size_t kPayloadOffset = 0x248;  // u32, from the code on
constexpr size_t kPayloadLength = 0x24c;  // u32
constexpr size_t kEnd = 0x250;

constexpr uint16_t kProtocolWithPayload = 0x208;
constexpr uint16_t kProtocolWithExtendedFlags = 0x20c;

// Where the protected-mode code begins; `image` has at least kEnd bytes.
inline size_t code_offset(std::string_view image) {
  const auto sectors = static_cast<unsigned char>(image[kSetupSectors]);
  return (size_t{sectors == 0 ? 4U : sectors} + 1) * 512;
}

}  // namespace bpfmatrix::image::setup_header
