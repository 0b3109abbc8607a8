// `extra` of a mode: what a load varies besides level and buffer. One table of keys, each with the
// values that it takes and the interfaces that it is for.
//
// Refuses, with the place of the value: unknown keys, values that no load can have, keys that say
// nothing to one of the mode's interfaces or buffers. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/log_mode.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

using Extra = std::map<std::string, std::string>;

// The values of each key crossed: {a: [1, 2], b: 3} is {a=1, b=3}, {a=2, b=3}. One empty Extra when
// `node` is null; nothing after a mistake was reported.
[[nodiscard]] std::optional<std::vector<Extra>> read_extras(const Node* node,
                                                            Diagnostics& diagnostics);

// Holds a mode's extras against what they are crossed with; false after a mistake was reported.
// `node` may be null.
[[nodiscard]] bool extras_fit(const Node* node, const std::vector<Interface>& interfaces,
                              const std::vector<Buffer>& buffers, Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
