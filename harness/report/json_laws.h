// The laws of a run as JSON: a part of render_json()'s document. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// One law or feature with what it came to on each (kernel, loader).
[[nodiscard]] nlohmann::ordered_json law_json(const result::RunRecord& run,
                                              const law::Result& result);

// The findings of laws as sentences that end in the command which measures their cells again.
[[nodiscard]] std::vector<std::string> finding_texts(const result::RunRecord& run,
                                                     const law::Findings& laws);

}  // namespace bpfmatrix::report
