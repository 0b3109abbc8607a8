#include "vm/saved_states.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::vm {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;
using nlohmann::json;

namespace {

constexpr int kFormat = 1;
constexpr size_t kPiece = size_t{1} << 20;
constexpr char kStateFile[] = "state";
constexpr char kNoteFile[] = "state.json";

base::Descriptor open_for_reading(const fs::path& path) {
  return base::Descriptor(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

// The digest of a file from its beginning, wherever it stands; it stands there afterwards too.
asio::awaitable<base::Result<std::string>> digest_of(int file) {
  base::Sha256 digest;
  std::string piece(kPiece, '\0');
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(file, piece.data(), piece.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) co_return base::io_error(errno, "read a saved machine");
    if (n == 0) break;
    digest.update({piece.data(), static_cast<size_t>(n)});
    at += n;
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
  co_return digest.finish();
}

}  // namespace

std::string state_key(const StateParts& parts) {
  std::string bytes = fmt::format("bpfmatrix saved machine {}", kFormat);
  for (const std::string* part :
       {&parts.kernel, &parts.initramfs, &parts.qemu_version, &parts.line, &parts.cpu})
    bytes += fmt::format("{}:{};", part->size(), *part);
  return base::sha256_hex(bytes);
}

std::optional<SavedStates::Found> SavedStates::find(const std::string& key) {
  const fs::path folder = root_ / key;
  const auto note = base::read_file(folder / kNoteFile, 1 << 16);
  if (!note) return std::nullopt;
  const auto told = json::parse(*note, nullptr, /*allow_exceptions=*/false);
  if (!told.is_object() || !told.contains("sha256") || !told["sha256"].is_string() ||
      told.value("format", 0) != kFormat)
    return std::nullopt;
  Found found;
  found.sha256 = told["sha256"].get<std::string>();
  found.file = open_for_reading(folder / kStateFile);
  struct stat status {};
  if (!found.file.open() || ::fstat(found.file.get(), &status) != 0) return std::nullopt;
  found.size = static_cast<uint64_t>(status.st_size);
  std::error_code ignored;
  fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored);
  return found;
}

asio::awaitable<bool> SavedStates::intact(const std::string& key, const std::string& sha256) {
  if (const auto at = checked_.find(key); at != checked_.end()) co_return at->second == sha256;
  // Its own descriptor: QEMU reads from the other one at the same time.
  const auto file = open_for_reading(root_ / key / kStateFile);
  if (!file.open()) co_return false;
  const auto actual = co_await digest_of(file.get());
  if (!actual || *actual != sha256) co_return false;
  checked_[key] = sha256;
  co_return true;
}

void SavedStates::drop(const std::string& key) {
  checked_.erase(key);
  std::error_code ignored;
  fs::remove_all(root_ / key, ignored);
}

SavedStates::Draft::~Draft() {
  if (folder_.empty()) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

base::Result<SavedStates::Draft> SavedStates::begin() {
  const fs::path folder = root_ / fmt::format(".draft-{}-{}", ::getpid(), ++drafts_);
  std::error_code ec;
  fs::remove_all(folder, ec);
  fs::create_directories(folder, ec);
  if (ec) return base::io_error(ec.value(), fmt::format("make folder {}", folder.string()));
  const fs::path path = folder / kStateFile;
  base::Descriptor file(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
  if (!file.open()) return base::io_error(errno, fmt::format("write {}", path.string()));
  return Draft(folder, std::move(file));
}

asio::awaitable<base::Status> SavedStates::keep(Draft draft, std::string key, StateParts parts) {
  const auto digest = co_await digest_of(draft.file_.get());
  if (!digest) co_return digest.error();
  struct stat status {};
  if (::fstat(draft.file_.get(), &status) != 0) co_return base::io_error(errno, "fstat");
  json note;
  note["format"] = kFormat;
  note["sha256"] = *digest;
  note["bytes"] = status.st_size;
  note["machine"] = parts.text;
  note["qemu"] = parts.qemu_version;
  auto written = base::write_file(draft.folder_ / kNoteFile, note.dump(2) + "\n");
  if (!written) co_return written;
  std::error_code ec;
  fs::rename(draft.folder_, root_ / key, ec);
  if (ec && !fs::exists(root_ / key))
    co_return base::io_error(ec.value(), fmt::format("keep {}", (root_ / key).string()));
  if (!ec) draft.folder_.clear();
  co_return base::Status{};
}

}  // namespace bpfmatrix::vm
