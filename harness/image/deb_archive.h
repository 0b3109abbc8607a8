// Reads archives (libarchive, streaming): members of a .deb, compressed modules, apt's lists.
//
// Nothing of an archive reaches the disk: not its names, not its links, not its modes. The caller
// says by path which regular files it wants and gets their contents. Refused, all as invalid_input:
// what is no archive, absolute paths, "..", and anything beyond the limits. Links, devices and the
// like are passed over. Blocking; safe to use from several threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::image {

struct ArchiveLimits {
  uint64_t entries = 200'000;
  uint64_t file = uint64_t{512} << 20;  // bytes of one file
  uint64_t total = uint64_t{4} << 30;   // bytes of all files, wanted or not
  // Unpacked to packed, looked at from `ratio_from` unpacked bytes on. A kernel package is at 5 to
  // 12, a bomb of zeros in xz above 5000.
  uint64_t ratio = 200;
  uint64_t ratio_from = uint64_t{64} << 20;
};

// Asked once for each regular file, with its path without a leading "./". no_more: neither this
// file nor any behind it, so that the rest need not be unpacked (and is not looked at).
enum class Want { no, yes, no_more };
using Wanted = std::function<Want(std::string_view path)>;

// Contents of the wanted files in data.tar.* of a Debian package, by path.
base::Result<std::map<std::string, std::string>> read_deb(const std::filesystem::path& file,
                                                          const Wanted& wanted,
                                                          const ArchiveLimits& limits = {});
// The same of an open file, from its start; `name` is for messages.
base::Result<std::map<std::string, std::string>> read_deb(int file, const std::string& name,
                                                          const Wanted& wanted,
                                                          const ArchiveLimits& limits = {});

// `bytes` unpacked from xz, zstd, gzip or lz4; as they are when not compressed.
base::Result<std::string> decompress(std::string_view bytes, const ArchiveLimits& limits = {});

// The same for a file, handed out in pieces.
base::Status read_decompressed(const std::filesystem::path& file,
                               const std::function<void(std::string_view)>& piece,
                               const ArchiveLimits& limits = {});

}  // namespace bpfmatrix::image
