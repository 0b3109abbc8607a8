#include "image/loader_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/child_process.h"
#include "base/digest.h"
#include "base/files.h"
#include "image/git_source.h"

namespace bpfmatrix::image {
namespace {
using base::ErrorKind;
using base::fail;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

constexpr uint64_t kLargestTree = uint64_t{64} << 20;
constexpr const char* kCrate = "libbpf-sys";
constexpr const char* kDigestFile = "tree.sha256";

// Only what the build reads: objects that lie about in a checkout neither count nor hurt.
bool is_wanted(const std::string& path) {
  if (!path.starts_with("src/") && !path.starts_with("include/")) return false;
  const fs::path name = fs::path(path).filename();
  static constexpr std::string_view kEndings[] = {".c", ".h", ".map", ".template", ".sh"};
  return name == "Makefile" || std::find(std::begin(kEndings), std::end(kEndings),
                                         name.extension().string()) != std::end(kEndings);
}

Status check_tree(const SourceTree& files, std::string_view where) {
  for (const char* needed : {"src/Makefile", "src/libbpf.c", "src/libbpf.map"}) {
    if (!files.contains(needed))
      return fail(ErrorKind::invalid_input,
                  "{}: there is no {}: not the source of libbpf as its own repository has it",
                  where, needed);
  }
  return {};
}

// A path of the archive without its first folder; nothing for that folder itself.
Result<std::string> inner_path(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  const fs::path parsed(path);
  if (parsed.is_absolute() || std::find(parsed.begin(), parsed.end(), "..") != parsed.end())
    return fail(ErrorKind::invalid_input, "path '{}' leads out of the archive", path);
  const size_t slash = path.find('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(slash + 1));
}

Result<std::string> read_entry(archive* in, uint64_t* total) {
  std::string content;
  char piece[1 << 16];
  for (;;) {
    const la_ssize_t size = archive_read_data(in, piece, sizeof piece);
    if (size < 0) return fail(ErrorKind::invalid_input, "{}", archive_error_string(in));
    if (size == 0) return content;
    content.append(piece, static_cast<size_t>(size));
    *total += static_cast<uint64_t>(size);
    if (*total > kLargestTree)
      return fail(ErrorKind::invalid_input, "unpacks to more than {} bytes", kLargestTree);
  }
}

// The patch level of "LIBBPF_PATCH_VERSION := 2" in src/Makefile (from 1.0 on).
std::optional<int> number_after(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text = text.substr(at + name.size());
  text = text.substr(std::min(text.find_first_not_of(" :="), text.size()));
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  return ec == std::errc() ? std::optional(number) : std::nullopt;
}

Status check_version(const LibbpfSource& source, const spec::LoaderEntry& entry) {
  if (entry.version.empty()) return {};
  BPFM_TRY(const LibbpfVersion wanted, parse_libbpf_version(entry.version));
  BPFM_TRY(const LibbpfVersion found, version_of(source.files));
  const bool patch_differs = found.patch && wanted.patch && *found.patch != *wanted.patch;
  if (found.major == wanted.major && found.minor == wanted.minor && !patch_differs) return {};
  return fail(ErrorKind::invalid_input,
              "{} has libbpf {}, but the catalogue says {}: correct the entry's version",
              source.name, found.text(), entry.version);
}

// "1.1.2" of "1:1.1.2-0+deb12u1" (deb-version(7): epoch, upstream version, revision).
std::string upstream_version(std::string version) {
  version.erase(0, version.find(':') == std::string::npos ? 0 : version.find(':') + 1);
  return version.substr(0, version.rfind('-'));
}

Result<LibbpfSource> fetch_debian(AptRoot& apt, const spec::LoaderEntry& entry,
                                  const spec::DebianLibbpf& where, const fs::path& scratch) {
  BPFM_CHECK(apt.update());
  BPFM_TRY(const SourcePackage package, apt.find_source(where.suite, "libbpf"));
  if (!entry.version.empty() && upstream_version(package.version) != entry.version)
    return fail(ErrorKind::unavailable, "{} has libbpf {} now, no longer {}: name another source",
                where.suite, package.version, entry.version);
  BPFM_TRY(const fs::path tarball, apt.download_upstream("libbpf", package, scratch));
  LibbpfSource source;
  source.name = fmt::format("debian {} {}", where.suite, package.version);
  BPFM_TRY(source.sha256, base::sha256_file(tarball));
  BPFM_TRY(source.files, read_source_archive(tarball));
  return source;
}

// Value of `key` in the [[package]] of the crate in a Cargo.lock; "" when there is none.
std::string locked_value(const std::string& lock, std::string_view key) {
  const size_t package = lock.find(fmt::format("name = \"{}\"\n", kCrate));
  const size_t end = lock.find("[[package]]", package);
  const size_t at = lock.find(fmt::format("\n{} = \"", key), package);
  if (package == std::string::npos || at == std::string::npos || at > end) return {};
  const size_t begin = at + key.size() + 5;
  return lock.substr(begin, lock.find('"', begin) - begin);
}

Status run_cargo(const fs::path& project, std::vector<std::string> arguments) {
  base::CommandOptions command;
  command.argv = {"cargo"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.folder = project.string();
  auto done = base::run_checked(command);
  if (done) return {};
  // Whatever cargo cannot do, the source is what cannot be had.
  return fail(done.error().kind == ErrorKind::timeout ? ErrorKind::timeout : ErrorKind::unavailable,
              "cargo {}: {}", arguments.front(), done.error().message);
}

// Makes cargo settle on exactly `version`. A requirement ignores build metadata (semver.org, 10),
// so
// "=1.1.0" may give another libbpf than 1.1.0+v1.1.0; only --precise can then tell them apart.
Status resolve_crate(const fs::path& project, const std::string& version) {
  const std::string requirement = version.substr(0, version.find('+'));
  // An empty [workspace] keeps cargo from looking for one in the folders above.
  BPFM_CHECK(base::write_file(
      project / "Cargo.toml",
      fmt::format("[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2018\"\n"
                  "[dependencies]\n{} = \"={}\"\n[workspace]\n",
                  kCrate, requirement)));
  BPFM_CHECK(base::write_file(project / "src/lib.rs", ""));
  BPFM_CHECK(run_cargo(project, {"generate-lockfile"}));
  BPFM_TRY(const std::string lock, base::read_file(project / "Cargo.lock"));
  if (locked_value(lock, "version") == version) return {};
  auto precise = run_cargo(project, {"update", "-p", kCrate, "--precise", version});
  BPFM_TRY(const std::string again, base::read_file(project / "Cargo.lock"));
  if (precise && locked_value(again, "version") == version) return {};
  return fail(ErrorKind::unavailable, "the registry gives {} {} for {}: name that version instead",
              kCrate, locked_value(lock, "version"), version);
}

Result<LibbpfSource> fetch_crate(const spec::CrateLibbpf& where, const fs::path& scratch) {
  const std::string& version = where.crate_version;
  if (version.empty() ||
      version.find_first_not_of("0123456789.+-abcdefghijklmnopqrstuvwxyz") != std::string::npos)
    return fail(ErrorKind::invalid_input, "'{}' is not the version of a crate", version);
  if (base::find_program("cargo").empty())
    return fail(
        ErrorKind::unavailable,
        "cargo is not installed: apt-get install cargo-web (1.68 or newer, or an older one with "
        "a git index), or name another source of this version");
  const fs::path project = scratch / "fetch";
  BPFM_CHECK(resolve_crate(project, version));
  BPFM_CHECK(run_cargo(project, {"vendor", "--quiet", "--versioned-dirs", "vendor"}));
  BPFM_TRY(const std::string lock, base::read_file(project / "Cargo.lock"));
  LibbpfSource source;
  source.name = fmt::format("crate {} {}", kCrate, version);
  source.sha256 = locked_value(lock, "checksum");
  if (!base::is_sha256_hex(source.sha256))
    return fail(ErrorKind::unavailable, "cargo knows no checksum of {} {}", kCrate, version);
  const std::string folder = fmt::format("{}-{}", kCrate, version);
  BPFM_TRY(source.files, read_source_folder(project / "vendor" / folder / "libbpf"));
  return source;
}

Result<LibbpfSource> read_checkout(const spec::CheckoutLibbpf& where) {
  LibbpfSource source;
  source.name = fmt::format("checkout {}", where.folder.string());
  BPFM_TRY(source.files, read_source_folder(where.folder));
  source.sha256 = digest_of(source.files);
  return source;
}

Result<SourceTree> read_files_below(const fs::path& folder) {
  SourceTree files;
  uint64_t total = 0;
  for (const char* part : {"src", "include"}) {
    std::error_code ec;
    fs::recursive_directory_iterator at(folder / part, ec);
    for (const fs::recursive_directory_iterator end; !ec && at != end; at.increment(ec)) {
      const std::string path = at->path().lexically_relative(folder).generic_string();
      if (!is_wanted(path) || !at->is_regular_file(ec)) continue;
      BPFM_TRY(files[path], base::read_file(at->path(), kLargestTree));
      if ((total += files[path].size()) > kLargestTree)
        return fail(ErrorKind::invalid_input, "more than {} bytes of source", kLargestTree);
    }
    // A file of that name is no folder of a library either.
    if (ec && ec != std::errc::no_such_file_or_directory && ec != std::errc::not_a_directory)
      return base::io_error(ec.value(), fmt::format("read folder {}", (folder / part).string()));
  }
  return files;
}

}  // namespace

std::string digest_of(const SourceTree& files) {
  base::Sha256 hash;
  for (const auto& [path, content] : files) {
    hash.update(fmt::format("{} {}\n", path, content.size()));
    hash.update(content);
  }
  return hash.finish();
}

std::string LibbpfVersion::text() const {
  return fmt::format("{}.{}.{}", major, minor, patch.value_or(0));
}

Result<LibbpfVersion> parse_libbpf_version(const std::string& text) {
  const std::string rest = text + ".";
  int parts[3] = {};
  int count = 0;
  for (size_t at = 0; at < rest.size(); ++count) {
    const size_t dot = rest.find('.', at);
    const auto [end, ec] = count < 3
                               ? std::from_chars(rest.data() + at, rest.data() + dot, parts[count])
                               : std::from_chars_result{rest.data(), std::errc::invalid_argument};
    if (ec != std::errc() || end != rest.data() + dot || parts[count] < 0)
      return fail(ErrorKind::invalid_input, "'{}' is not a version of libbpf like 1.1.2", text);
    at = dot + 1;
  }
  if (count < 2)
    return fail(ErrorKind::invalid_input, "'{}' is not a version of libbpf like 1.1.2", text);
  return LibbpfVersion{parts[0], parts[1], count == 3 ? std::optional(parts[2]) : std::nullopt};
}

Result<LibbpfVersion> version_of(const SourceTree& files) {
  const auto map = files.find("src/libbpf.map");
  const std::string text = map != files.end() ? "\n" + map->second : "";
  constexpr std::string_view kNode = "\nLIBBPF_";
  const size_t last = text.rfind(kNode);
  const std::string number = last == std::string::npos ? "" : text.substr(last + kNode.size());
  auto version = parse_libbpf_version(number.substr(0, number.find_first_not_of("0123456789.")));
  if (!version)
    return fail(ErrorKind::invalid_input, "src/libbpf.map does not end in a node LIBBPF_x.y.z");
  // The map names the version that last added a function: its patch level says nothing. 0.0.3 to
  // 0.0.9 each added some.
  if (version->major != 0 || version->minor != 0) version->patch.reset();
  const auto makefile = files.find("src/Makefile");
  if (makefile == files.end()) return version;
  const auto major = number_after(makefile->second, "LIBBPF_MAJOR_VERSION");
  const auto minor = number_after(makefile->second, "LIBBPF_MINOR_VERSION");
  const auto patch = number_after(makefile->second, "LIBBPF_PATCH_VERSION");
  // The Makefile names the release: a release that adds no function has no node of its own.
  if (major && minor && patch) return LibbpfVersion{*major, *minor, patch};
  return version;
}

Result<SourceTree> read_source_folder(const fs::path& folder) {
  BPFM_TRY(SourceTree files, read_files_below(folder));
  BPFM_CHECK(check_tree(files, folder.string()));
  return files;
}

Result<SourceTree> read_source_archive(const fs::path& file) {
  const std::unique_ptr<archive, int (*)(archive*)> in(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(in.get());
  archive_read_support_format_tar(in.get());
  if (archive_read_open_filename(in.get(), file.c_str(), 1 << 16) != ARCHIVE_OK)
    return fail(ErrorKind::invalid_input, "{}: {}", file.string(), archive_error_string(in.get()));
  SourceTree files;
  uint64_t total = 0;
  archive_entry* entry = nullptr;
  int code = 0;
  while ((code = archive_read_next_header(in.get(), &entry)) == ARCHIVE_OK ||
         code == ARCHIVE_WARN) {
    const char* raw = archive_entry_pathname(entry);
    BPFM_TRY(std::string path, inner_path(raw != nullptr ? raw : "").in(file.string()));
    // Links are passed over: libbpf has none, and following one is never needed.
    if (!is_wanted(path) || archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) != nullptr)
      continue;
    BPFM_TRY(files[path], read_entry(in.get(), &total).in(file.string()));
  }
  if (code != ARCHIVE_EOF)
    return fail(ErrorKind::invalid_input, "{}: {}", file.string(), archive_error_string(in.get()));
  BPFM_CHECK(check_tree(files, file.string()));
  return files;
}

Result<LibbpfSource> fetch_source(AptRoot& apt, const spec::LoaderEntry& entry,
                                  const fs::path& scratch) {
  Result<LibbpfSource> source =
      fail(ErrorKind::internal, "loader {} is not built from a source", entry.id);
  if (const auto* debian = std::get_if<spec::DebianLibbpf>(&entry.source))
    source = fetch_debian(apt, entry, *debian, scratch);
  else if (const auto* crate = std::get_if<spec::CrateLibbpf>(&entry.source))
    source = fetch_crate(*crate, scratch);
  else if (const auto* checkout = std::get_if<spec::CheckoutLibbpf>(&entry.source))
    source = read_checkout(*checkout);
  if (source) BPFM_CHECK(check_version(*source, entry));
  return source;
}

bool name_is_of_entry(const std::string& name, const spec::LoaderEntry& entry) {
  if (const auto* debian = std::get_if<spec::DebianLibbpf>(&entry.source)) {
    const std::string prefix = fmt::format("debian {} ", debian->suite);
    return name.starts_with(prefix) &&
           (entry.version.empty() || upstream_version(name.substr(prefix.size())) == entry.version);
  }
  if (const auto* crate = std::get_if<spec::CrateLibbpf>(&entry.source))
    return name == fmt::format("crate {} {}", kCrate, crate->crate_version);
  if (const auto* git = std::get_if<spec::GitLibbpf>(&entry.source))
    return commit_in_name(name, *git).has_value();
  return false;  // a checkout is read every time
}

Status keep_source(const fs::path& sources, const LibbpfSource& source) {
  if (kept_source(sources, source.sha256)) return {};
  const fs::path folder = sources / source.sha256;
  std::error_code ec;
  fs::remove_all(folder, ec);
  for (const auto& [path, content] : source.files)
    BPFM_CHECK(base::write_file(folder / path, content));
  // Written last: a folder without it is one that was not finished.
  return base::write_file(folder / kDigestFile, digest_of(source.files) + "\n");
}

std::optional<SourceTree> kept_source(const fs::path& sources, const std::string& sha256) {
  if (!base::is_sha256_hex(sha256)) return std::nullopt;
  const auto digest = base::read_file(sources / sha256 / kDigestFile, 128);
  auto files = read_files_below(sources / sha256);
  if (!digest || !files || digest_of(*files) + "\n" != *digest) return std::nullopt;
  return std::move(*files);
}

}  // namespace bpfmatrix::image
