// The log texts of a page: each once, packed in parts, within a budget. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::report {

// Numbers of the texts of one cell; -1 for an empty one.
struct CellTexts {
  int32_t head = -1, tail = -1, messages = -1;
};

struct PageTexts {
  std::vector<CellTexts> cells;           // as the run's
  nlohmann::ordered_json parts;           // packed, each a JSON array of texts
  std::vector<uint32_t> firsts;           // the number of the first text of each part
  size_t head_limit = 0, tail_limit = 0;  // bytes that texts were cut to; 0: none was cut
};

// Texts are cut to the largest limits with which all parts together take at most `budget` bytes.
[[nodiscard]] PageTexts page_texts(const result::RunRecord& run, size_t budget);

}  // namespace bpfmatrix::report
