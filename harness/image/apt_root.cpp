#include "image/apt_root.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/child_process.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "image/apt_lists.h"
#include "image/apt_sources.h"
#include "image/deb_version.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

// apt's own downloader: the same methods, proxies and credentials as apt-get, and no cache to
// build from all lists before each download (package apt, since 1.1).
constexpr const char* kHelper = "/usr/lib/apt/apt-helper";
constexpr std::chrono::seconds kSlowestDownload{1800};

base::Result<base::CommandOutput> run_apt(std::vector<std::string> argv,
                                          const fs::path& configuration) {
  argv.insert(argv.begin() + 1, {"-c", configuration.string()});  // before any -o
  auto output = base::run_command(
      {.argv = std::move(argv), .environment = {{"LC_ALL", "C"}}, .timeout = kSlowestDownload});
  if (!output && output.error().kind == ErrorKind::unavailable) {
    return output.error().in("apt is needed to get kernels and sources from Debian (package apt)");
  }
  return output;
}

// What apt says is wrong: its lines "E: …" and "W: …", each once, else its last line. The reason (a bad
// signature, a wrong hash) stands in a warning, and the error behind it only says that there was one.
std::string complaint(std::string_view text) {
  constexpr size_t kMost = 1000;
  std::vector<std::string> lines;
  std::string last;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto line = base::printable(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty()) last = line;
    if (!line.starts_with("E: ") && !line.starts_with("W: ")) continue;
    const auto words = line.substr(3);
    if (std::find(lines.begin(), lines.end(), words) == lines.end()) lines.push_back(words);
  }
  std::string all;
  for (const auto& line : lines) all += (all.empty() ? "" : "; ") + line;
  return all.empty() ? last : all.substr(0, kMost);
}

// Read after the host's own configuration (-c), so that the host's proxies and credentials hold and
// what concerns places and hooks is ours. APT_CONFIG would be read before it and be overruled.
std::string make_configuration(const fs::path& folder, const fs::path& state) {
  return fmt::format(
      "Dir::State \"{1}\";\n"
      "Dir::State::lists \"{1}/lists/\";\n"
      "Dir::State::status \"{0}/status\";\n"
      "Dir::State::extended_states \"{1}/extended_states\";\n"
      "Dir::Cache \"{0}/cache\";\n"
      "Dir::Cache::archives \"{0}/cache/archives/\";\n"
      "Dir::Cache::pkgcache \"\";\n"
      "Dir::Cache::srcpkgcache \"\";\n"
      "Dir::Etc::sourcelist \"{0}/sources.list\";\n"
      "Dir::Etc::sourceparts \"/dev/null\";\n"
      "Dir::Etc::preferences \"/dev/null\";\n"
      "Dir::Etc::preferencesparts \"/dev/null\";\n"
      "#clear APT::Update;\n"  // the host's hooks work on the host's lists
      "APT::Update::Error-Mode \"any\";\n"
      "#clear APT::Architectures;\n"
      "APT::Architecture \"amd64\";\n"
      "APT::Architectures {{ \"amd64\"; }};\n"
      // As root apt would go on as _apt, which need not be able to read a workspace.
      "APT::Sandbox::User \"root\";\n"
      // sources.list names one suite at a time: the lists of the others must stay.
      "APT::Get::List-Cleanup \"false\";\n"
      "Acquire::GzipIndexes \"true\";\n"
      "Acquire::Languages \"none\";\n"
      "Acquire::Retries \"3\";\n"
      // Whatever the host allows for itself: what is booted comes from signed lists. Whether lists may
      // be past their Valid-Until stays the host's word: a mirror of a past day needs it.
      "Acquire::AllowInsecureRepositories \"false\";\n"
      "Acquire::AllowWeakRepositories \"false\";\n"
      "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
      "Acquire::PDiffs \"false\";\n"
      // No cache of all packages after an update: lists are read here (apt_lists.h).
      "pkgCacheFile::Generate \"false\";\n",
      folder.string(), state.string());
}

bool younger_than(const fs::path& file, int hours) {
  std::error_code ec;
  const auto time = fs::last_write_time(file, ec);
  if (ec) return false;
  const auto age = fs::file_time_type::clock::now() - time;
  return age >= std::chrono::seconds(0) && age < std::chrono::hours(hours);
}

}  // namespace

AptRoot::AptRoot(fs::path folder, std::vector<spec::SuiteEntry> suites, AptHost host)
    : folder_(std::move(folder)), suites_(std::move(suites)), host_(std::move(host)) {
  std::error_code ec;
  if (auto absolute = fs::absolute(folder_, ec); !ec) folder_ = absolute.lexically_normal();
}

base::Status AptRoot::configure() {
  if (folder_.string().find_first_of("\"\n") != std::string::npos)
    return fail(ErrorKind::invalid_input, "apt cannot use the folder {}", folder_.string());
  std::error_code ec;
  if (!fs::exists(host_.keyring, ec)) {
    return fail(ErrorKind::unavailable,
                "{} is not there, so nothing of Debian's archive can be checked: install the "
                "package debian-archive-keyring",
                host_.keyring.string());
  }
  const Mirrors mirrors = host_mirrors(host_.etc_apt);
  if (mirrors.debian.empty())
    return fail(ErrorKind::unavailable,
                "no mirror of Debian is named in {}/sources.list or sources.list.d: add one",
                host_.etc_apt.string());
  for (const auto& suite : suites_) {
    if (suite.name.empty() || suite.name.find_first_of("/ []\"\n") != std::string::npos)
      return fail(ErrorKind::invalid_input, "'{}' is no name of a suite", suite.name);
    if (suite.archive != "debian" && suite.archive != "debian-security") {
      return fail(ErrorKind::invalid_input, "suite {}: '{}' is no archive of Debian", suite.name,
                  suite.archive);
    }
    archives_[suite.name] = suite.archive == "debian" ? mirrors.debian : mirrors.security;
  }
  // Lists of another mirror are never mistaken for those of this one.
  const auto mirrors_digest = base::sha256_hex(mirrors.debian + "\n" + mirrors.security);
  state_ = folder_ / "state" / mirrors_digest.substr(0, 12);
  for (const fs::path& each : {state_ / "lists/partial", folder_ / "cache/archives/partial"}) {
    fs::create_directories(each, ec);
    if (ec) return base::io_error(ec.value(), fmt::format("make {}", each.string()));
  }
  BPFM_CHECK(base::write_file(folder_ / "status", ""));
  return base::write_file(folder_ / "apt.conf",
                          make_configuration(folder_, state_) + host_.configuration);
}

base::Status AptRoot::update(int max_age_hours) {
  if (!ready_) {
    max_age_hours_ = max_age_hours;
    ready_ = configure().in("make a root for apt");
  }
  return *ready_;
}

base::Result<fs::path> AptRoot::list_of(const Target& target) {
  BPFM_CHECK(update());
  const auto& [suite, kind] = target;
  if (const auto at = lists_.find(target); at != lists_.end()) return at->second;
  const auto archive = archives_.find(suite);
  if (archive == archives_.end())
    return fail(ErrorKind::unavailable, "suite {} is not in the catalogue's suites", suite);
  auto list = fetch_list(target, archive->second);
  if (auto fresh = list ? check_release(suite) : base::Status(); !fresh) list = fresh.error();
  if (!list && std::find(missing_.begin(), missing_.end(), suite) == missing_.end())
    missing_.push_back(suite);
  // A failure is remembered too: a mirror that does not answer costs its time once.
  return lists_.emplace(target, std::move(list)).first->second;
}

base::Result<fs::path> AptRoot::fetch_list(const Target& target, const std::string& uri) {
  const auto& [suite, kind] = target;
  // Two runs in one workspace: the second waits, and then finds a fresh list.
  const base::Descriptor guard(
      ::open((folder_ / "guard").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!guard.open()) return base::io_error(errno, fmt::format("open {}/guard", folder_.string()));
  while (::flock(guard.get(), LOCK_EX) != 0)
    if (errno != EINTR) return base::io_error(errno, "lock the root of apt");
  // The stamp is written after an update without a failure.
  const char* name = kind == Kind::source ? "Sources" : "Packages";
  const fs::path stamp = state_ / fmt::format("{}.{}.complete", suite, name);
  BPFM_TRY(auto list, present_list(target));
  if (list && younger_than(stamp, max_age_hours_)) return std::move(*list);
  // target=… leaves out translations, DEP-11 and what else the host has switched on.
  BPFM_CHECK(base::write_file(
      folder_ / "sources.list",
      fmt::format("{} [signed-by={} target={}] {} {} main\n",
                  kind == Kind::source ? "deb-src" : "deb", host_.keyring.string(), name, uri,
                  suite)));
  BPFM_TRY(const auto output, run_apt({"apt-get", "-q", "update"}, folder_ / "apt.conf"));
  BPFM_TRY(list, present_list(target));
  if (list && output.status.success()) BPFM_CHECK(base::write_file(stamp, ""));
  // An old list of a mirror that does not answer now is better than none.
  if (list) return std::move(*list);
  return fail(ErrorKind::unavailable, "suite {} cannot be had from {}: {}", suite, uri,
              complaint(output.standard_error));
}

base::Status AptRoot::check_release(const std::string& suite) {
  const std::string ending = fmt::format("_dists_{}_InRelease", suite);
  std::error_code ec;
  for (fs::directory_iterator at(state_ / "lists", ec), end; !ec && at != end; at.increment(ec)) {
    if (!at->path().filename().string().ends_with(ending)) continue;
    BPFM_TRY(const auto text, base::read_file(at->path(), 16 << 20));
    auto release = parse_release(text);
    if (!release) return {};
    const auto before = oldest_.find(suite);
    if (before != oldest_.end() && release->time < before->second)
      return fail(ErrorKind::unavailable,
                  "suite {}: the mirror's list is of {}, older than one that was used before: refused "
                  "(the lock says when that was made)",
                  suite, base::printable(release->date));
    releases_[suite] = std::move(*release);
  }
  return {};
}

// Lists are found by their names in apt's folder: `apt-get indextargets` would tell too, but builds
// a cache of all packages first (seconds), and names none of them when it may not (apt 2.6.1).
base::Result<std::optional<fs::path>> AptRoot::present_list(const Target& target) const {
  const auto middle =
      fmt::format("_dists_{}_main_{}", target.first,
                  target.second == Kind::source ? "source_Sources" : "binary-amd64_Packages");
  std::error_code ec;
  std::optional<fs::path> list;
  for (fs::directory_iterator at(state_ / "lists", ec), end; !ec && at != end; at.increment(ec)) {
    const std::string name = at->path().filename().string();
    const size_t found = name.find(middle);
    if (found == name.npos) continue;
    // Behind it nothing but the ending of a compression.
    const std::string ending = name.substr(found + middle.size());
    if (ending.empty() || ending[0] == '.') list = at->path();
  }
  if (ec) return base::io_error(ec.value(), fmt::format("read {}", state_.string()));
  return list;
}

base::Result<std::vector<Package>> AptRoot::find(const std::string& suite,
                                                 const std::string& name_glob) {
  if (const auto at = found_.find({suite, name_glob}); at != found_.end()) return at->second;
  BPFM_TRY(const fs::path list, list_of({suite, Kind::binary}));
  std::vector<Package> packages;
  BPFM_CHECK(for_each_paragraph(list, [&](std::string_view paragraph) {
    if (!base::glob_matches(name_glob, std::string(field(paragraph, "Package")))) return;
    if (auto package = parse_package(paragraph, suite)) packages.push_back(std::move(*package));
  }));
  found_[{suite, name_glob}] = packages;
  return packages;
}

base::Result<SourcePackage> AptRoot::find_source(const std::string& suite,
                                                 const std::string& name) {
  BPFM_TRY(const fs::path list, list_of({suite, Kind::source}));
  std::optional<SourcePackage> newest;
  BPFM_CHECK(for_each_paragraph(list, [&](std::string_view paragraph) {
    if (field(paragraph, "Package") != name) return;
    auto source = parse_source(paragraph, suite);
    if (source && (!newest || compare_deb_versions(newest->version, source->version) < 0))
      newest = std::move(source);
  }));
  if (!newest) return fail(ErrorKind::unavailable, "suite {} has no source {}", suite, name);
  return std::move(*newest);
}

base::Result<std::string> AptRoot::uri_of(const std::string& suite, const std::string& path) const {
  const auto archive = archives_.find(suite);
  if (archive == archives_.end())
    return fail(ErrorKind::unavailable, "suite {} is not in the catalogue's suites", suite);
  std::string uri = archive->second;
  // apt's file: method answers with the place instead of copying.
  if (uri.starts_with("file:")) uri.replace(0, 4, "copy");
  if (!uri.ends_with('/')) uri += '/';
  return uri + path;
}

base::Result<fs::path> AptRoot::download_file(const std::string& uri, const fs::path& target,
                                              const std::string& sha256, uint64_t size) {
  const auto matches = [&]() -> base::Result<bool> {
    std::error_code ec;
    if (!fs::is_regular_file(fs::symlink_status(target, ec)) || fs::file_size(target, ec) != size)
      return false;
    BPFM_TRY(const std::string digest, base::sha256_file(target));
    return digest == sha256;
  };
  BPFM_TRY(const bool there, matches());
  if (there) return target;
  std::error_code ec;
  fs::create_directories(target.parent_path(), ec);
  if (ec) return base::io_error(ec.value(), fmt::format("make {}", target.parent_path().string()));
  fs::remove(target, ec);
  BPFM_TRY(const auto output,
           run_apt({kHelper, "download-file", uri, target.string(), "SHA256:" + sha256},
                   folder_ / "apt.conf"));
  if (!output.status.success()) {
    fs::remove(target, ec);
    return fail(ErrorKind::unavailable, "download {}: {}", uri, complaint(output.standard_error));
  }
  BPFM_TRY(const bool good, matches());
  if (good) return target;
  fs::remove(target, ec);
  return fail(ErrorKind::unavailable, "{} is not what the signed list of its suite says", uri);
}

base::Result<fs::path> AptRoot::download(const Package& package, const fs::path& folder) {
  BPFM_CHECK(update());
  BPFM_TRY(const std::string uri, uri_of(package.suite, package.filename));
  return download_file(uri, fs::absolute(folder) / fs::path(package.filename).filename(),
                       package.sha256, package.size);
}

base::Result<fs::path> AptRoot::download_upstream(const std::string& name,
                                                  const SourcePackage& source,
                                                  const fs::path& folder) {
  BPFM_CHECK(update());
  for (const auto& file : source.files) {
    const bool upstream = file.name.find(".orig.tar.") != std::string::npos;
    if (!upstream || file.name.ends_with(".asc")) continue;
    BPFM_TRY(const std::string uri, uri_of(source.suite, source.directory + "/" + file.name));
    return download_file(uri, fs::absolute(folder) / file.name, file.sha256, file.size);
  }
  return fail(ErrorKind::unavailable, "the source {} {} has no upstream tarball", name,
              source.version);
}

}  // namespace bpfmatrix::image
