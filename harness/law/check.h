// One check held against one cell. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::law {

// `other`: the cell that it is held against, null where there is none. A comparison with what is
// absent is not met, whichever way round it is put.
[[nodiscard]] bool meets(const spec::Check& check, const result::CellRecord& cell,
                         const result::CellRecord* other);

// The first check that is not met, in words: "errno: expected EINVAL, found 0". Nothing: all are.
[[nodiscard]] std::optional<std::string> contradiction(const std::vector<spec::Check>& checks,
                                                       const result::CellRecord& cell,
                                                       const result::CellRecord* other);

}  // namespace bpfmatrix::law
