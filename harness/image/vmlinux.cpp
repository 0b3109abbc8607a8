#include "image/vmlinux.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "image/setup_header.h"

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

constexpr uint32_t kLargest = 512U << 20;
constexpr size_t kPiece = size_t{1} << 20;
// A kernel has some ten program headers and half a kilobyte of notes. Headers of a hostile one may
// all name the same large segment.
constexpr uint64_t kMostHeaders = 64;
constexpr uint64_t kMostNotes = 64 << 10;

template <typename T>
std::optional<T> read_at(std::string_view bytes, uint64_t at) {
  T value;
  if (at > bytes.size() || bytes.size() - at < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

base::Result<std::string_view> payload_of(std::string_view image) {
  using namespace setup_header;
  if (image.size() < kEnd || *read_at<uint16_t>(image, kProtocol) < kProtocolWithPayload)
    return fail(ErrorKind::invalid_input, "the image has no payload that could be unpacked");
  const uint64_t from = code_offset(image) + *read_at<uint32_t>(image, kPayloadOffset);
  const uint64_t size = *read_at<uint32_t>(image, kPayloadLength);
  if (size < 8 || from > image.size() || size > image.size() - from)
    return fail(ErrorKind::invalid_input, "the image is cut off: its payload lies beyond its end");
  return image.substr(from, size);
}

// All of the first `size` bytes that `packed` unpacks to.
base::Result<std::string> unpack(std::string_view packed, uint32_t size) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> in(archive_read_new(),
                                                                  &archive_read_free);
  archive_read_support_format_raw(in.get());
  archive_read_support_filter_gzip(in.get());
  archive_read_support_filter_lz4(in.get());
  archive_read_support_filter_lzma(in.get());
  archive_read_support_filter_xz(in.get());
  archive_read_support_filter_zstd(in.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(in.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(in.get(), &entry) != ARCHIVE_OK)
    return fail(ErrorKind::invalid_input, "the payload is packed in a way that is not known");
  // Grown as bytes come: the size is a word of the image, which may have no such bytes.
  std::string bytes;
  while (bytes.size() < size) {
    const size_t done = bytes.size();
    bytes.resize(std::min<size_t>(size, done + kPiece));
    const la_ssize_t n = archive_read_data(in.get(), bytes.data() + done, bytes.size() - done);
    bytes.resize(done + static_cast<size_t>(std::max<la_ssize_t>(n, 0)));
    if (n <= 0)
      return fail(ErrorKind::invalid_input, "the payload is damaged: {} of {} bytes", done, size);
  }
  return bytes;
}

// The program headers of a 64-bit x86 ELF file; nothing for any other.
std::optional<Elf64_Ehdr> header_of(std::string_view elf) {
  const auto header = read_at<Elf64_Ehdr>(elf, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
    return std::nullopt;
  return header;
}

bool note_of_pvh(std::string_view notes) {
  constexpr uint32_t kPhys32Entry = 18;
  const auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t{3}; };
  for (uint64_t at = 0;;) {
    const auto note = read_at<Elf64_Nhdr>(notes, at);
    if (!note) return false;
    const std::string_view name = notes.substr(
        std::min<uint64_t>(at + sizeof *note, notes.size()), note->n_namesz);
    if (note->n_type == kPhys32Entry && name == std::string_view("Xen", 4)) return true;
    at += sizeof *note + padded(note->n_namesz) + padded(note->n_descsz);
  }
}

}  // namespace

base::Result<std::string> unpack_vmlinux(std::string_view bzimage) {
  BPFM_TRY(const auto payload, payload_of(bzimage));
  // The build appends the unpacked size to whatever compression was chosen; gzip's own format ends
  // with it (arch/x86/boot/compressed/Makefile, scripts/Makefile.lib: size_append).
  const uint32_t size = *read_at<uint32_t>(payload, payload.size() - sizeof(uint32_t));
  const bool gzip = payload.starts_with("\x1f\x8b");
  if (size > kLargest)
    return fail(ErrorKind::invalid_input, "the payload unpacks to {} bytes: refused", size);
  BPFM_TRY(auto elf, unpack(payload.substr(0, payload.size() - (gzip ? 0 : sizeof size)), size));
  if (!header_of(elf)) return fail(ErrorKind::invalid_input, "the payload is no 64-bit x86 kernel");
  return elf;
}

bool has_pvh_entry(std::string_view elf) {
  const auto header = header_of(elf);
  if (!header) return false;
  for (uint64_t i = 0; i < std::min<uint64_t>(header->e_phnum, kMostHeaders); ++i) {
    const auto segment =
        read_at<Elf64_Phdr>(elf, header->e_phoff + i * uint64_t{header->e_phentsize});
    if (!segment) return false;
    if (segment->p_type != PT_NOTE || segment->p_offset > elf.size()) continue;
    const uint64_t size = std::min<uint64_t>(segment->p_filesz, kMostNotes);
    if (note_of_pvh(elf.substr(segment->p_offset, size))) return true;
  }
  return false;
}

}  // namespace bpfmatrix::image
