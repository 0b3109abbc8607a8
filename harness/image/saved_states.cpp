#include "image/saved_states.h"

#include <algorithm>
#include <system_error>

#include "base/files.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;

namespace {

uint64_t bytes_below(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code ec;
  fs::recursive_directory_iterator at(folder, ec);
  for (const fs::recursive_directory_iterator end; !ec && at != end; at.increment(ec)) {
    std::error_code gone;
    if (at->symlink_status(gone).type() != fs::file_type::regular) continue;
    const auto size = at->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace

std::vector<SavedState> list_states(const fs::path& folder) {
  std::vector<SavedState> states;
  std::error_code ec;
  fs::directory_iterator at(folder, ec);
  for (const fs::directory_iterator end; !ec && at != end; at.increment(ec)) {
    std::error_code gone;
    if (at->symlink_status(gone).type() != fs::file_type::directory) continue;
    const auto used = fs::last_write_time(at->path(), gone);
    if (!gone) states.push_back({at->path(), used, bytes_below(at->path())});
  }
  std::ranges::sort(states, {}, &SavedState::folder);
  return states;
}

std::vector<SavedState> unused_states(const fs::path& folder, fs::file_time_type before) {
  auto states = list_states(folder);
  std::erase_if(states, [&](const SavedState& state) { return state.used >= before; });
  return states;
}

base::Status remove_states(const std::vector<SavedState>& states, const fs::path& temporary) {
  if (states.empty()) return {};
  BPFM_TRY(const auto aside, base::TemporaryFolder::make(temporary, "states-"));
  for (const auto& state : states) {
    std::error_code ec;
    fs::rename(state.folder, aside.path() / state.folder.filename(), ec);
    if (ec && ec != std::errc::no_such_file_or_directory)
      return base::io_error(ec.value(), fmt::format("take {} away", state.folder.string()));
  }
  return {};
}

}  // namespace bpfmatrix::image
