// `laws:` of a matrix: globs over the ids and groups of known laws, and paths of law files, which are
// read. Reports globs that select nothing. Any thread.
#pragma once

#include <string>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/law.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

struct LawChoice {
  std::vector<std::string> names;  // globs as written, paths made absolute
  std::vector<Law> laws;           // what they select, with the features that the conditions need
};
[[nodiscard]] LawChoice read_law_names(const Node& node, const std::vector<Law>& known,
                                       Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
