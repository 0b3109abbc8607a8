#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/descriptor.h"

namespace bpfmatrix::base {
namespace fs = std::filesystem;

Result<std::string> read_file(const fs::path& path, uint64_t limit) {
  Descriptor file(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
  if (!file.open()) return io_error(errno, fmt::format("open {}", path.string()));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    return io_error(errno, fmt::format("stat {}", path.string()));
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::invalid_input, "{}: not a regular file", path.string());
  if (static_cast<uint64_t>(status.st_size) > limit)
    return fail(ErrorKind::invalid_input, "{}: {} bytes, more than the limit of {}", path.string(),
                status.st_size, limit);
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(errno, fmt::format("read {}", path.string()));
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Status write_file(const fs::path& path, std::string_view bytes, bool executable) {
  std::error_code ec;
  if (path.has_parent_path()) {
    fs::create_directories(path.parent_path(), ec);
    if (ec) return io_error(ec.value(), fmt::format("make folder {}", path.parent_path().string()));
  }
  std::string name = path.string() + ".XXXXXX";
  Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.open()) return io_error(errno, fmt::format("create {}", name));
  const auto give_up = [&](const char* what) {
    Error error = io_error(errno, fmt::format("{} {}", what, name));
    ::unlink(name.c_str());
    return error;
  };
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return give_up("write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (::fchmod(file.get(), executable ? 0755 : 0644) != 0) return give_up("chmod");
  if (::fsync(file.get()) != 0) return give_up("sync");
  if (::rename(name.c_str(), path.c_str()) != 0) return give_up("rename");
  return {};
}

Result<TemporaryFolder> TemporaryFolder::make(const fs::path& parent, std::string_view prefix) {
  std::error_code ec;
  fs::create_directories(parent, ec);
  if (ec) return io_error(ec.value(), fmt::format("make folder {}", parent.string()));
  std::string name = (parent / fmt::format("{}XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr)
    return io_error(errno, fmt::format("make folder {}", name));
  return TemporaryFolder(fs::path(name));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace bpfmatrix::base
