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
#include "spec/catalogue.h"

namespace bpfmatrix::image {

// One binary package version as the archive describes it.
struct Package {
  std::string name, version, suite;
  std::string filename;  // path in the archive
  std::string sha256;
  uint64_t size = 0;     // bytes
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

class AptRoot {
 public:
  AptRoot(std::filesystem::path folder, std::vector<spec::SuiteEntry> suites);

  // Writes the configuration and fetches the lists unless they are younger than `max_age_hours`
  // and of the same configuration. A suite that cannot be had is left out and told by
  // missing_suites(); an Error only when none can be had or apt is not there.
  // The second call on the same object repeats the answer of the first.
  base::Status update(int max_age_hours = 24);
  [[nodiscard]] const std::vector<std::string>& missing_suites() const { return missing_; }

  // All versions of binary packages of `suite` whose name matches the glob; each pair is looked up
  // once and remembered. unavailable when the suite has no list.
  base::Result<std::vector<Package>> find(const std::string& suite, const std::string& name_glob);
  // The source package in `suite`; unavailable when there is none.
  base::Result<SourcePackage> find_source(const std::string& suite, const std::string& name);

  // Downloads into `folder`, checks size and SHA-256, returns the path of the file.
  base::Result<std::filesystem::path> download(const Package& package,
                                               const std::filesystem::path& folder);
  // Downloads the upstream tarball of a source package; returns its path.
  base::Result<std::filesystem::path> download_upstream(const std::string& name,
                                                        const SourcePackage& source,
                                                        const std::filesystem::path& folder);

 private:
  base::Status configure();
  base::Status fetch_lists(int max_age_hours);
  base::Status read_targets();
  base::Result<std::string> uri_of(const std::string& suite, const std::string& path) const;
  base::Result<std::filesystem::path> list_of(const std::string& suite, bool source) const;
  base::Result<std::filesystem::path> download_file(const std::string& uri,
                                                    const std::filesystem::path& target,
                                                    const std::string& sha256, uint64_t size);

  std::filesystem::path folder_;
  std::vector<spec::SuiteEntry> suites_;
  std::vector<std::string> missing_;
  std::optional<base::Status> updated_;              // the answer of update(), once asked
  std::string configuration_;                        // digest of what configure() wrote
  std::map<std::string, std::string> archives_;      // suite: the URI of its archive
  std::map<std::string, std::string> reasons_;       // suite: what apt said of its failure
  // {suite, is it Sources}: file
  std::map<std::pair<std::string, bool>, std::filesystem::path> lists_;
  std::map<std::pair<std::string, std::string>, std::vector<Package>> found_;
};

}  // namespace bpfmatrix::image
