// What was observed of a cell as JSON: a part of render_json()'s document and of the page. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "result/observation.h"

namespace bpfmatrix::report {

[[nodiscard]] nlohmann::ordered_json observed_json(const result::Observation& seen);

}  // namespace bpfmatrix::report
