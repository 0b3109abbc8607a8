// The parts of a page's data: what the matrix needs at once, and what is unpacked when a cell is
// opened. Pure. The format, member by member: harness/docs/page.md.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "report/html.h"

namespace bpfmatrix::report {

struct PageData {
  nlohmann::ordered_json run;      // header, axes, the cells as columns, laws, history
  nlohmann::ordered_json details;  // packed texts, each a JSON array of kCellsOfPart cells
  nlohmann::ordered_json texts;    // packed texts, each a JSON array of log texts
};

[[nodiscard]] PageData page_data(const result::RunRecord& run, const result::Judgement& judgement,
                                 const law::Findings& laws, const std::vector<PastRun>& history,
                                 const PageOptions& options);

}  // namespace bpfmatrix::report
