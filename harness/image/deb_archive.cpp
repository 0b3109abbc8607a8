#include "image/deb_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/descriptor.h"
#include "base/text.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

constexpr size_t kBlock = 256 << 10;
// Room that a header may ask for before any byte of the file has come.
constexpr uint64_t kReserved = 16 << 20;
constexpr size_t kLongestPath = 4096;  // PATH_MAX

using Archive = std::unique_ptr<archive, decltype(&archive_read_free)>;

Archive new_archive() {
  return {archive_read_new(), &archive_read_free};
}

std::string why(archive* in) {
  const char* text = archive_error_string(in);
  return text != nullptr ? base::printable(text) : "damaged";
}

// libarchive gives warnings for what we do not use (an unknown attribute, an odd owner).
bool usable(int code) {
  return code == ARCHIVE_OK || code == ARCHIVE_WARN;
}

void support_compression(archive* in) {
  archive_read_support_filter_xz(in);
  archive_read_support_filter_zstd(in);
  archive_read_support_filter_gzip(in);
  archive_read_support_filter_lz4(in);
}

base::Status check_ratio(archive* in, const ArchiveLimits& limits) {
  const auto packed = static_cast<uint64_t>(archive_filter_bytes(in, -1));
  const auto unpacked = static_cast<uint64_t>(archive_filter_bytes(in, 0));
  if (unpacked < limits.ratio_from || unpacked / (packed + 1) < limits.ratio) return {};
  return fail(ErrorKind::invalid_input, "{} bytes unpack to more than {}: refused", packed,
              unpacked);
}

// A path for a person: it comes from the archive.
std::string shown(std::string_view path) {
  constexpr size_t kShown = 80;
  std::string text = base::printable(path.substr(0, kShown));
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, '?');
  return text + (path.size() > kShown ? "…" : "");
}

// The path of an entry without "./" in front; an Error for one that leads elsewhere.
base::Result<std::string> safe_path(const char* raw) {
  if (raw == nullptr || *raw == '\0') return fail(ErrorKind::invalid_input, "an entry has no name");
  std::string_view path = raw;
  if (path.size() > kLongestPath)
    return fail(ErrorKind::invalid_input, "a path of {} bytes in the archive: refused", path.size());
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.starts_with('/'))
    return fail(ErrorKind::invalid_input, "absolute path '{}' in the archive", shown(path));
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..")
      return fail(ErrorKind::invalid_input, "path '{}' leads out of the archive", shown(path));
    at = end + 1;
  }
  return std::string(path);
}

// What remains of the current entry, at most `limits.file` bytes.
base::Status read_pieces(archive* in, const std::function<void(std::string_view)>& piece,
                         uint64_t most, const ArchiveLimits& limits) {
  uint64_t total = 0;
  while (true) {
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(in, &data, &size, &offset);
    if (code == ARCHIVE_EOF) return {};
    if (!usable(code)) return fail(ErrorKind::invalid_input, "{}", why(in));
    total += size;
    if (total > most || static_cast<uint64_t>(offset) > most)
      return fail(ErrorKind::invalid_input, "unpacks to more than {} bytes: refused", most);
    BPFM_CHECK(check_ratio(in, limits));
    piece({static_cast<const char*>(data), size});
  }
}

base::Result<std::map<std::string, std::string>> read_tar(archive* in, const Wanted& wanted,
                                                          const ArchiveLimits& limits) {
  std::map<std::string, std::string> contents;
  uint64_t entries = 0, total = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(in, &entry);
    if (code == ARCHIVE_EOF) return contents;
    if (!usable(code)) return fail(ErrorKind::invalid_input, "{}", why(in));
    if (++entries > limits.entries)
      return fail(ErrorKind::invalid_input, "more than {} entries: refused", limits.entries);
    BPFM_CHECK(check_ratio(in, limits));
    BPFM_TRY(const std::string path, safe_path(archive_entry_pathname(entry)));
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      continue;
    const auto size = static_cast<uint64_t>(archive_entry_size(entry));
    total += size;
    if (size > limits.file)
      return fail(ErrorKind::invalid_input, "{} has {} bytes: refused", shown(path), size);
    if (total > limits.total)
      return fail(ErrorKind::invalid_input, "more than {} bytes of files: refused", limits.total);
    const Want want = wanted(path);
    if (want == Want::no_more) return contents;
    if (want == Want::no) continue;
    // A path that comes twice: the later one counts, as it would on unpacking.
    std::string& content = contents[path];
    content.clear();
    content.reserve(std::min(size, kReserved));
    BPFM_CHECK(read_pieces(
                   in, [&](std::string_view piece) { content += piece; }, limits.file, limits)
                   .in(shown(path)));
  }
}

// Hands the current entry of the outer archive to the inner one. Zero is the end, negative an
// error.
la_ssize_t pull(archive* inner, void* outer, const void** data) {
  size_t size = 0;
  la_int64_t offset = 0;
  auto* from = static_cast<archive*>(outer);
  while (size == 0) {
    const int code = archive_read_data_block(from, data, &size, &offset);
    if (code == ARCHIVE_EOF) return 0;
    if (!usable(code)) {
      archive_set_error(inner, archive_errno(from), "%s", why(from).c_str());
      return -1;
    }
  }
  return static_cast<la_ssize_t>(size);
}

base::Result<std::map<std::string, std::string>> read_data_member(archive* outer,
                                                                  const Wanted& wanted,
                                                                  const ArchiveLimits& limits) {
  const Archive inner = new_archive();
  archive_read_support_format_tar(inner.get());
  archive_read_support_format_empty(inner.get());
  support_compression(inner.get());
  if (!usable(archive_read_open2(inner.get(), outer, nullptr, &pull, nullptr, nullptr)))
    return fail(ErrorKind::invalid_input, "{}", why(inner.get()));
  return read_tar(inner.get(), wanted, limits);
}

void support_raw(archive* in) {
  archive_read_support_format_raw(in);
  archive_read_support_format_empty(in);
  support_compression(in);
}

// The one entry of a raw archive; none when it is empty.
base::Status read_raw(archive* in, const std::function<void(std::string_view)>& piece,
                      const ArchiveLimits& limits) {
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(in, &entry);
  if (code == ARCHIVE_EOF) return {};
  if (!usable(code)) return fail(ErrorKind::invalid_input, "{}", why(in));
  return read_pieces(in, piece, limits.file, limits);
}

}  // namespace

base::Result<std::map<std::string, std::string>> read_deb(const fs::path& file,
                                                          const Wanted& wanted,
                                                          const ArchiveLimits& limits) {
  const base::Descriptor open(TEMP_FAILURE_RETRY(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
  if (!open.open()) return base::io_error(errno, fmt::format("open {}", file.string()));
  return read_deb(open.get(), file.filename().string(), wanted, limits);
}

base::Result<std::map<std::string, std::string>> read_deb(int file, const std::string& name,
                                                          const Wanted& wanted,
                                                          const ArchiveLimits& limits) {
  const Archive outer = new_archive();
  archive_read_support_format_ar(outer.get());
  if (::lseek(file, 0, SEEK_SET) != 0) return base::io_error(errno, fmt::format("read {}", name));
  if (!usable(archive_read_open_fd(outer.get(), file, kBlock)))
    return fail(ErrorKind::invalid_input, "{}: {}", name, why(outer.get()));
  // Three members: debian-binary, control.tar.*, data.tar.* (deb(5)).
  for (int member = 0; member < 8; ++member) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(outer.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (!usable(code)) return fail(ErrorKind::invalid_input, "{}: {}", name, why(outer.get()));
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr || !std::string_view(path).starts_with("data.tar")) continue;
    return read_data_member(outer.get(), wanted, limits).in(name);
  }
  return fail(ErrorKind::invalid_input, "{}: not a Debian package: no data.tar", name);
}

base::Result<std::string> decompress(std::string_view bytes, const ArchiveLimits& limits) {
  const Archive in = new_archive();
  support_raw(in.get());
  if (!usable(archive_read_open_memory(in.get(), bytes.data(), bytes.size())))
    return fail(ErrorKind::invalid_input, "{}", why(in.get()));
  std::string content;
  BPFM_CHECK(read_raw(
      in.get(), [&](std::string_view piece) { content += piece; }, limits));
  return content;
}

base::Status read_decompressed(const fs::path& file,
                               const std::function<void(std::string_view)>& piece,
                               const ArchiveLimits& limits) {
  const Archive in = new_archive();
  support_raw(in.get());
  if (!usable(archive_read_open_filename(in.get(), file.c_str(), kBlock)))
    return fail(ErrorKind::io, "{}: {}", file.string(), why(in.get()));
  return read_raw(in.get(), piece, limits).in(file.string());
}

}  // namespace bpfmatrix::image
