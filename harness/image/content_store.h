// Files by the SHA-256 of their content: store/ab/abcdef…; written once, verified on every read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::image {

class ContentStore {
 public:
  explicit ContentStore(std::filesystem::path root) : root_(std::move(root)) {}

  // Keeps `bytes`; returns their digest. Existing content is not written again.
  base::Result<std::string> put(std::string_view bytes, bool executable = false);
  // The content, its digest checked; a file that does not match is moved to quarantine/ and counts
  // as missing. Nothing when missing.
  base::Result<std::optional<std::string>> get(const std::string& sha256);
  // Path of content that is there and whose digest was checked now; nothing when missing.
  base::Result<std::optional<std::filesystem::path>> verified_path(const std::string& sha256);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

 private:
  [[nodiscard]] std::filesystem::path path_of(const std::string& sha256) const;
  std::filesystem::path root_;
};

}  // namespace bpfmatrix::image
