// What two sides are made of, held against each other: what moved between them. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compare/compare.h"

namespace bpfmatrix::compare {

class Movements {
 public:
  Movements(const Side& before, const Side& after);

  // Of all that both sides have, each once: "kernel debian-6.12: 6.12.111 → 6.12.117".
  [[nodiscard]] std::vector<std::string> all() const;
  // Of one cell that both have, by its indexes: kernel, library, object, tool, expectation. When all
  // are what they were, a sentence that says so.
  [[nodiscard]] std::vector<std::string> of_cell(uint32_t before, uint32_t after) const;

 private:
  const Side &before_, &after_;
  // By the index into the axes of `after`; empty: nothing moved.
  std::vector<std::string> kernels_, loaders_, programs_;
  std::vector<std::string> tools_;
  bool expectations_ = false;
  result::Judgement expected_now_;  // the cells before, by what is expected after
};

}  // namespace bpfmatrix::compare
