#include "run/space.h"

#include <sys/statvfs.h>

#include <cerrno>

namespace bpfmatrix::run {
namespace fs = std::filesystem;

std::optional<uint64_t> free_space(const fs::path& folder) {
  std::error_code ignored;
  fs::path there = fs::absolute(folder, ignored);
  while (!fs::exists(there, ignored) && there.has_relative_path()) there = there.parent_path();
  struct statvfs system {};
  int answer = 0;
  do answer = ::statvfs(there.c_str(), &system);
  while (answer != 0 && errno == EINTR);
  if (answer != 0) return std::nullopt;
  return uint64_t{system.f_bavail} * system.f_frsize;
}

base::Status check_space(const fs::path& folder, uint64_t least) {
  const auto free = free_space(folder);
  if (least == 0 || !free || *free >= least) return {};
  constexpr double kMiB = 1 << 20;
  return base::fail(base::ErrorKind::no_space,
                    "{}: {:.0f} MiB are free, and --min-free asks for {:.0f} MiB: make room (see "
                    "bpfmatrix cache gc), or ask for less",
                    folder.string(), static_cast<double>(*free) / kMiB,
                    static_cast<double>(least) / kMiB);
}

}  // namespace bpfmatrix::run
