// From libbpf's source and the loader's sources to one static binary for the guest.
//
// Everything is built from relative paths in a folder of its own, without debug information and
// build id, so that the same input gives the same bytes wherever it is built. Headers are those of
// the version that is built, never the system's libbpf. Needs cc, make and static libelf, zlib,
// nettle and libc of the host. Blocking; runs compilers.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "image/loader_source.h"
#include "image/workspace.h"

namespace bpfmatrix::image {

// Content by path below the data folder's guest/: "loader/main.c", …, "wire/protocol.h"; without
// the raw loader's own api_raw.c. unavailable when the data folder is incomplete.
base::Result<SourceTree> read_loader_sources(const DataFolder& data);

// What of the host enters a binary: compiler version and target, digests of the static libraries.
// unavailable, naming the package to install, when one of them or make is not there.
base::Result<std::string> identify_toolchain();

// SHA-256 over all that decides the bytes of a loader: same recipe, same binary. Pure.
[[nodiscard]] std::string recipe_digest(const std::string& source_sha256,
                                        const LibbpfVersion& version,
                                        const SourceTree& loader_sources,
                                        const std::string& toolchain);

// The loader's bytes, built in a temporary folder below `scratch`. process: a step failed; the
// message has the last lines of its output.
base::Result<std::string> build_loader(const SourceTree& libbpf, const LibbpfVersion& version,
                                       const SourceTree& loader_sources,
                                       const std::filesystem::path& scratch);

}  // namespace bpfmatrix::image
