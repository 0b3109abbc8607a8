// Debian's archive through apt itself, in a private root below the workspace.
//
// Own lists, cache, status and source list; signed by the Debian keyring; no root rights; the
// host's suites are neither used nor changed, only its mirror and proxy settings. Blocking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "image/apt_release.h"
#include "spec/catalogue.h"

namespace bpfmatrix::image {

// One binary package version as the archive describes it.
struct Package {
  std::string name, version, suite;
  std::string filename;  // path in the archive
  std::string sha256;
  uint64_t size = 0;  // bytes
};
struct SourcePackage {
  std::string version, suite;
  std::string directory;  // path in the archive
  struct File {
    std::string name, sha256;
    uint64_t size = 0;
  };
  std::vector<File> files;  // .dsc, .orig.tar.*, .debian.tar.*
};

// What of the host is used: its mirrors are named below `etc_apt`; every suite must be signed by a key
// of `keyring`.
struct AptHost {
  std::filesystem::path etc_apt = "/etc/apt";
  std::filesystem::path keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  std::string configuration;  // apt.conf(5), read last: for tests
};

class AptRoot {
 public:
  AptRoot(std::filesystem::path folder, std::vector<spec::SuiteEntry> suites, AptHost host = {});

  // Suites whose lists were seen before, by name, with the date of then: a list that is older is
  // refused from now on, whatever its signature (a mirror that goes back hides what was mended).
  void refuse_older(std::map<std::string, std::chrono::sys_seconds> dates) {
    oldest_ = std::move(dates);
  }
  // The releases of the suites that were asked for and taken.
  [[nodiscard]] const std::map<std::string, SuiteRelease>& releases() const { return releases_; }

  // Makes the root ready: mirror, keyring, configuration. Lists are not fetched here but when
  // something of their suite is first asked for, unless those there are younger than
  // `max_age_hours` and from the same mirror. The other functions call it themselves; the second
  // call on an object repeats the answer of the first.
  base::Status update(int max_age_hours = 24);
  // Suites that were asked for and of which no list could be had, in the order of asking.
  [[nodiscard]] const std::vector<std::string>& missing_suites() const { return missing_; }

  // All versions of binary packages of `suite` whose name matches the glob; each pair is looked up
  // once and remembered. unavailable, with what apt said, when the suite cannot be had: no mirror, a
  // signature that is wrong, expired or of an unknown key, a list that is not the signed one, one that
  // is older than before.
  base::Result<std::vector<Package>> find(const std::string& suite, const std::string& name_glob);
  // The newest source package of that name in `suite`; unavailable when there is none.
  base::Result<SourcePackage> find_source(const std::string& suite, const std::string& name);

  // Downloads into `folder`, checks size and SHA-256, returns the path of the file. A file that is
  // already there and right is not fetched again.
  base::Result<std::filesystem::path> download(const Package& package,
                                               const std::filesystem::path& folder);
  // Downloads the upstream tarball of a source package; returns its path.
  base::Result<std::filesystem::path> download_upstream(const std::string& name,
                                                        const SourcePackage& source,
                                                        const std::filesystem::path& folder);

 private:
  enum class Kind { binary, source };
  using Target = std::pair<std::string, Kind>;  // one list: of a suite, Packages or Sources

  base::Status configure();
  base::Result<std::filesystem::path> list_of(const Target& target);
  base::Status check_release(const std::string& suite);
  base::Result<std::filesystem::path> fetch_list(const Target& target, const std::string& uri);
  base::Result<std::optional<std::filesystem::path>> present_list(const Target& target) const;
  base::Result<std::string> uri_of(const std::string& suite, const std::string& path) const;
  base::Result<std::filesystem::path> download_file(const std::string& uri,
                                                    const std::filesystem::path& target,
                                                    const std::string& sha256, uint64_t size);

  std::filesystem::path folder_;
  std::vector<spec::SuiteEntry> suites_;
  AptHost host_;
  std::map<std::string, std::chrono::sys_seconds> oldest_;
  std::map<std::string, SuiteRelease> releases_;
  std::vector<std::string> missing_;
  int max_age_hours_ = 24;
  std::optional<base::Status> ready_;            // the answer of update(), once asked
  std::filesystem::path state_;                  // lists of this configuration
  std::map<std::string, std::string> archives_;  // suite: the URI of its archive
  std::map<Target, base::Result<std::filesystem::path>> lists_;  // answers of list_of()
  std::map<std::pair<std::string, std::string>, std::vector<Package>> found_;
};

}  // namespace bpfmatrix::image
