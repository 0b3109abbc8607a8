// Saved states of machines: one folder each below Workspace::states(), named by the state's key.
//
// Who uses a state touches its folder: the time of its last change is that of its last use.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

struct SavedState {
  std::filesystem::path folder;
  std::filesystem::file_time_type used;
  uint64_t bytes = 0;  // of the files in it
};

// The states below `folder`, by name; none when it is not there. Files and links in it are no
// states.
[[nodiscard]] std::vector<SavedState> list_states(const std::filesystem::path& folder);

// States that were not used since `before`.
[[nodiscard]] std::vector<SavedState> unused_states(const std::filesystem::path& folder,
                                                    std::filesystem::file_time_type before);

// Moves them below `temporary` and deletes them there: nobody finds a part of one. One that another
// process has taken away is no error.
base::Status remove_states(const std::vector<SavedState>& states,
                           const std::filesystem::path& temporary);

}  // namespace bpfmatrix::image
