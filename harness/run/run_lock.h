// One driver for a run: a file of the workspace that is locked while a run is carried out.
//
// The lock is the kernel's (an open file description lock), so it ends with the process however that
// ends, and a file that was left behind is no obstacle. Pid and boot_id inside are for people.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "base/error.h"
#include "image/workspace.h"

namespace bpfmatrix::run {

// Where the locks of a workspace's runs are.
[[nodiscard]] inline std::filesystem::path lock_folder(const image::Workspace& workspace) {
  return workspace.root / "locks";
}

class RunLock {
 public:
  // Locks <folder>/<run>.lock. invalid_input when another process carries the run out: says which.
  static base::Result<RunLock> take(const std::filesystem::path& folder, const std::string& run);
  // Who holds it: "process 123"; nothing when nobody does. Takes nothing.
  static std::optional<std::string> holder(const std::filesystem::path& folder,
                                           const std::string& run);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  // Removes the file, then lets go.
  ~RunLock();

 private:
  RunLock(std::filesystem::path path, base::Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}
  std::filesystem::path path_;
  base::Descriptor file_;
};

}  // namespace bpfmatrix::run
