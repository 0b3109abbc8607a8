// A matrix file together with those that it extends, as one tree. Reads files; any thread.
//
// Keys of the child replace those of the parent; mode sets are merged by name. Every node keeps
// pointing into the file in which it was written.
#pragma once

#include <filesystem>
#include <optional>

#include "spec/diagnostics.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// Nothing when `file` itself cannot be read. When one of its parents cannot, the tree is `partial`,
// and so are its mode sets. Refuses circles and chains of more than 16 files.
[[nodiscard]] std::optional<Node> read_document(const std::filesystem::path& file,
                                                Diagnostics& diagnostics);

// A path written in a matrix, from the folder of the file that it was written in.
[[nodiscard]] std::filesystem::path resolve_path(const std::string& text, const Place& written_at);

}  // namespace bpfmatrix::spec
