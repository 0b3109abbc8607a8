// Joins (program, mode) pairs whose rows are alike, and names them: the titles of the table. Pure.
//
// A program's levels and buffers are written as products ("level 1, 2 · buffer 127, 128"), as few
// as possible; interfaces, then programs, that have the very same products share a title. Every
// pair is in exactly one group, and a title names the pairs of its group and no other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::report {

// One (program, mode) pair. Pairs of the same `rows` look alike in every row of the table.
struct TitledPair {
  uint32_t program = 0;  // index into RunRecord::programs
  spec::LogMode mode;
  uint32_t rows = 0;
};

struct TitledGroup {
  std::string title;
  uint32_t first = 0;             // index of the group's first pair in program and mode order
  std::vector<uint32_t> members;  // indexes of all its pairs, ascending
};

// `pairs` sorted by program, then mode, each once. Groups come in the order of their first pair.
[[nodiscard]] std::vector<TitledGroup> group_pairs(const result::RunRecord& run,
                                                   const std::vector<TitledPair>& pairs);

}  // namespace bpfmatrix::report
