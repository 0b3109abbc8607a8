// `then`, `where` and `holds` of a law: lines `field: value` turned into checks.
//
// Of a list, one of the plain values must be seen, and everything that has an operator or a "!" in
// front must hold as well. Refuses, with the place of the value: fields and words that no cell can
// have, a number compared with a text, the other cell where the law has none. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/law.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// `key` names the mapping in messages: "then". `has_other`: the law names another cell.
[[nodiscard]] std::vector<Check> read_checks(const Node& node, const std::string& key,
                                             bool has_other, Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
