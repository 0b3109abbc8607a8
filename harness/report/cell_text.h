// What the table shows of one cell: a letter, a word, a mark, notes. Pure.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::report {

struct CellText {
  char letter = ' ';   // ' ': not planned
  std::string detail;  // the word behind the letter
  bool unexpected = false;
  std::vector<std::string> notes;  // what the letter does not say; one line each

  auto operator<=>(const CellText&) const = default;
};

[[nodiscard]] CellText cell_text(const result::RunRecord& run, const result::CellRecord& cell,
                                 const result::Verdict& verdict);

// "L = loaded"; every letter that cell_text() gives has a line.
[[nodiscard]] std::string legend_line(char letter);
// All letters, in the order of a legend.
[[nodiscard]] std::string_view all_letters();

}  // namespace bpfmatrix::report
