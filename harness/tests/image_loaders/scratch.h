// A folder of a test's own, and the test programs that the build made.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.h"

namespace bpfmatrix::image {

class Scratch : public ::testing::Test {
 protected:
  // Writes `content` below the folder; returns the path.
  std::filesystem::path write(const std::string& name, std::string_view content) {
    const auto path = folder_->path() / name;
    EXPECT_TRUE(base::write_file(path, content));
    return path;
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_->path(); }

 private:
  base::Result<base::TemporaryFolder> folder_ =
      base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "image-loaders-");
};

inline std::filesystem::path test_program(const std::string& name) {
  return std::filesystem::path(BPFM_BUILD) / "share/bpfmatrix/testprogs" / (name + ".bpf.o");
}

}  // namespace bpfmatrix::image
