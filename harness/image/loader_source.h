// libbpf's source, wherever it comes from, as one value: the files that its build needs.
//
// Kept in memory (2 to 3 MB), so that what was digested is what is built and no archive's names,
// links or modes reach the disk. Refuses archives with paths that lead out of them, sources that
// are not the version asked for, and more than 64 MiB. Blocking; the fetching functions talk to the
// network through apt and cargo.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/apt_root.h"
#include "spec/catalogue.h"

namespace bpfmatrix::image {

// Content by path: "src/…" and "include/…" of libbpf, only what its build reads.
using SourceTree = std::map<std::string, std::string>;

struct LibbpfSource {
  SourceTree files;
  std::string name;    // as the lock has it: "debian bookworm 1.1.2-0+deb12u1"
  std::string sha256;  // of the tarball or crate; of a checkout and git: digest_of(files)
};

// SHA-256 over paths, sizes and contents.
[[nodiscard]] std::string digest_of(const SourceTree& files);

struct LibbpfVersion {
  int major = 0, minor = 0;
  std::optional<int> patch;  // nothing: the source does not say
  // "1.1.2"; an unknown patch level is 0.
  [[nodiscard]] std::string text() const;
};
// From the last LIBBPF_x.y.z of src/libbpf.map; the patch level from src/Makefile, which has it
// since 0.8.1 (before, it stays unknown, but for 0.0.y).
base::Result<LibbpfVersion> version_of(const SourceTree& files);
// From "0.3" or "1.1.2"; invalid_input for anything else.
base::Result<LibbpfVersion> parse_libbpf_version(const std::string& text);

// The folder that holds src/ and include/.
base::Result<SourceTree> read_source_folder(const std::filesystem::path& folder);
// A tarball with one folder that holds src/ and include/.
base::Result<SourceTree> read_source_archive(const std::filesystem::path& file);

// The source of `entry`, fetched below `scratch`; git has a function of its own (git_source.h).
// unavailable, with what to do, when it cannot be had; invalid_input when it is another version
// than the entry's.
base::Result<LibbpfSource> fetch_source(AptRoot& apt, const spec::LoaderEntry& entry,
                                        const std::filesystem::path& scratch);
// Could a lock with this name have come from this entry?
[[nodiscard]] bool name_is_of_entry(const std::string& name, const spec::LoaderEntry& entry);

// Sources once fetched, below Workspace::sources(), by their sha256: a loader can be built again
// without a network. A kept source that was changed counts as missing.
base::Status keep_source(const std::filesystem::path& sources, const LibbpfSource& source);
[[nodiscard]] std::optional<SourceTree> kept_source(const std::filesystem::path& sources,
                                                    const std::string& sha256);

}  // namespace bpfmatrix::image
