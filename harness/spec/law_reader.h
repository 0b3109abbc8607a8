// One law file as a tree, turned into a Law. What needs other laws is not checked here: see law.h.
// Pure; any thread.
#pragma once

#include "spec/diagnostics.h"
#include "spec/law.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// Mistakes are reported; what is left of the law is returned all the same. `id`: the file's stem.
[[nodiscard]] Law read_law(const Node& root, const std::string& id, Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
