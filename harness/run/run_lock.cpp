#include "run/run_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "base/files.h"
#include "base/text.h"

namespace bpfmatrix::run {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

fs::path file_of(const fs::path& folder, const std::string& run) {
  return folder / (run + ".lock");
}

std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// "process 123", by what the holder wrote; it may just be about to.
std::string holder_text(const fs::path& path) {
  const auto text = base::read_file(path, 256);
  const std::string pid = text ? text->substr(0, text->find('\n')) : "";
  if (pid.empty()) return "another process";
  const bool here = text->find(boot_id()) != std::string::npos;
  return fmt::format("process {}{}", base::printable(pid), here ? "" : " of another machine");
}

// The file may have been removed between open() and the lock: then another one counts.
bool is_still(const fs::path& path, int file) {
  struct stat ours {}, there {};
  return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

}  // namespace

base::Result<RunLock> RunLock::take(const fs::path& folder, const std::string& run) {
  const fs::path path = file_of(folder, run);
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return base::io_error(ec.value(), fmt::format("make folder {}", folder.string()));
  for (;;) {
    base::Descriptor file(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)));
    if (!file.open()) return base::io_error(errno, fmt::format("open {}", path.string()));
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EACCES)
        return base::io_error(errno, fmt::format("lock {}", path.string()));
      return fail(ErrorKind::invalid_input,
                  "run {} is being carried out by {}: wait for it, or end it first", run,
                  holder_text(path));
    }
    if (!is_still(path, file.get())) continue;
    const std::string text = fmt::format("{}\n{}\n", ::getpid(), boot_id());
    // For people only: what cannot be written changes nothing about the lock.
    [[maybe_unused]] const int cut = ::ftruncate(file.get(), 0);
    [[maybe_unused]] const ssize_t n = ::pwrite(file.get(), text.data(), text.size(), 0);
    return RunLock(path, std::move(file));
  }
}

std::optional<std::string> RunLock::holder(const fs::path& folder, const std::string& run) {
  const fs::path path = file_of(folder, run);
  const base::Descriptor file(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDWR | O_CLOEXEC)));
  if (!file.open()) return std::nullopt;
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return holder_text(path);
}

RunLock::RunLock(RunLock&& other) noexcept
    : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}

RunLock::~RunLock() {
  if (file_.open()) ::unlink(path_.c_str());
}

}  // namespace bpfmatrix::run
