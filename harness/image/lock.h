// The lock of a workspace: exact versions and digests of what its runs used. JSON, written whole, with
// a digest over itself: a version with a flipped bit would be asked for like any other.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

struct LockedPackage {
  std::string name, version, sha256;
};
struct LockedKernel {
  std::string suite, release, package_version;
  std::vector<LockedPackage> packages;
  std::string image_sha256, config_sha256;                   // in the store
  std::vector<std::pair<std::string, std::string>> modules;  // name, sha256; loading order
};
struct LockedLibbpf {
  // "debian bookworm 1.1.2-0+deb12u1", "crate libbpf-sys 1.2.1+v1.2.0",
  // "git https://host/libbpf master <commit>"
  std::string source;
  std::string source_sha256;  // of the tarball or crate, else of the files
  std::string binary_sha256;  // of the built loader, in the store
  std::string
      recipe_sha256;  // of loader sources, flags and compiler version: what it was built with
};

// A suite of the archive whose list was used: it must not go back behind that date.
struct LockedSuite {
  std::string date;    // of its InRelease, as written there
  std::string sha256;  // of the InRelease
};

class Lock {
 public:
  // An absent file is an empty lock; a broken one is an invalid_input Error that says so.
  static base::Result<Lock> read(const std::filesystem::path& file);
  base::Status write() const;

  std::map<std::string, LockedKernel> kernels;  // by kernel id
  std::map<std::string, LockedLibbpf> loaders;  // by loader id
  std::map<std::string, LockedSuite> suites;    // by suite; a lock from before has none

 private:
  std::filesystem::path file_;
};

}  // namespace bpfmatrix::image
