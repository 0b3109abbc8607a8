// The sentences about laws that are broken, mixed or exercised by nothing. Pure.
#pragma once

#include <vector>

#include "law/evaluate.h"

namespace bpfmatrix::law {

void add_findings(const Result& result, const result::RunRecord& run,
                  std::vector<Finding>& findings);

}  // namespace bpfmatrix::law
