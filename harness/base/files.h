// Whole-file reading and writing, and temporary folders. Blocking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::base {

// The content of `path`. Refuses files larger than `limit` bytes (invalid_input) and anything that
// is not a regular file.
Result<std::string> read_file(const std::filesystem::path& path,
                              uint64_t limit = uint64_t{1} << 30);

// Writes `bytes` beside `path`, syncs, and renames over it, so that a reader sees the old content
// or the new one and never a part. Makes missing parent folders. A failed sync is told and not tried
// again: the kernel may have dropped the pages. The folder is not synced: after a power cut the file
// may be missing or old, which whoever checks digests makes good.
Status write_file(const std::filesystem::path& path, std::string_view bytes,
                  bool executable = false);

// A folder of its own that goes away with the object. Move-only.
class TemporaryFolder {
 public:
  // Below `parent`, which is made when missing.
  static Result<TemporaryFolder> make(const std::filesystem::path& parent, std::string_view prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace bpfmatrix::base
