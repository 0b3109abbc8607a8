// `exclude:` and `expect:` of a matrix. Reports selectors that say nothing they could mean, and
// words that no observation can have. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/matrix.h"
#include "spec/matrix_axes.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// Kernel and loader globs must match an id. `node` may be null: no rules.
[[nodiscard]] std::vector<Exclusion> read_exclusions(const Node* node, const AxisIds& kernels,
                                                     const AxisIds& loaders,
                                                     Diagnostics& diagnostics);
[[nodiscard]] std::vector<Expectation> read_expectations(const Node* node, const AxisIds& kernels,
                                                         const AxisIds& loaders,
                                                         Diagnostics& diagnostics);

// The words of `errno:` (and "0"), `decided_by:` and `kept:`.
[[nodiscard]] bool is_known_errno(const std::string& text);
[[nodiscard]] const std::vector<std::string>& known_decided_by();
[[nodiscard]] const std::vector<std::string>& known_kept();

}  // namespace bpfmatrix::spec
