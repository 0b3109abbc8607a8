#include "image/content_store.h"

#include <cerrno>
#include <system_error>

#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

// A digest may come from a lock that somebody edited: nothing else may become a path.
base::Status check_digest(const std::string& sha256) {
  if (base::is_sha256_hex(sha256)) return {};
  return fail(ErrorKind::invalid_input, "'{}' is not a SHA-256 digest", sha256);
}

base::Status make_executable(const fs::path& path) {
  std::error_code ec;
  fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add, ec);
  if (ec) return base::io_error(ec.value(), fmt::format("make {} executable", path.string()));
  return {};
}

}  // namespace

fs::path ContentStore::path_of(const std::string& sha256) const {
  return root_ / sha256.substr(0, 2) / sha256;
}

base::Result<std::string> ContentStore::put(std::string_view bytes, bool executable) {
  const std::string sha256 = base::sha256_hex(bytes);
  BPFM_TRY(auto there, verified_path(sha256));
  if (!there) {
    BPFM_CHECK(base::write_file(path_of(sha256), bytes, executable));
  } else if (executable) {
    BPFM_CHECK(make_executable(*there));
  }
  return sha256;
}

base::Result<std::optional<std::string>> ContentStore::get(const std::string& sha256) {
  BPFM_TRY(auto path, verified_path(sha256));
  if (!path) return std::optional<std::string>();
  BPFM_TRY(auto bytes, base::read_file(*path));
  // Read again: what was checked a moment ago need not be what was read now.
  if (base::sha256_hex(bytes) != sha256)
    return fail(ErrorKind::io, "{} changed while it was read", path->string());
  return std::optional<std::string>(std::move(bytes));
}

base::Result<std::optional<fs::path>> ContentStore::verified_path(const std::string& sha256) {
  BPFM_CHECK(check_digest(sha256));
  const fs::path path = path_of(sha256);
  std::error_code ec;
  if (!fs::exists(path, ec)) return std::optional<fs::path>();
  BPFM_TRY(auto actual, base::sha256_file(path));
  if (actual == sha256) return std::optional<fs::path>(path);
  const fs::path aside = root_ / "quarantine" / sha256;
  fs::create_directories(aside.parent_path(), ec);
  if (!ec) fs::rename(path, aside, ec);
  if (ec) {
    return base::io_error(ec.value(), fmt::format("move damaged {} to quarantine", path.string()));
  }
  return std::optional<fs::path>();
}

}  // namespace bpfmatrix::image
