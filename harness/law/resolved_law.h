// A law with its globs and modes resolved against a run: which cells it looks at. Pure; refers to
// law and index, which must outlive it.
#pragma once

#include <cstdint>
#include <vector>

#include "law/evaluate.h"
#include "law/run_index.h"

namespace bpfmatrix::law {

// A cell, and the one that it is held against; `other` is kNoCell for a law without one.
struct LookedAt {
  uint32_t cell = kNoCell, other = kNoCell;
};

class ResolvedLaw {
 public:
  ResolvedLaw(const spec::Law& law, const RunIndex& index);

  struct Pair {
    uint32_t kernel = 0, loader = 0;
    std::vector<uint32_t> cells;  // of the law, ascending, measured or not
  };

  [[nodiscard]] const spec::Law& law() const { return law_; }
  // The (kernel, loader) of which the run has a cell of the law, by kernel, then loader.
  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }
  // The cells of a pair that were measured, whose other cell was, and that meet `where`. Where none
  // is left, `why` says what there was.
  [[nodiscard]] std::vector<LookedAt> looked_at(const Pair& pair, Verdict& why) const;
  // Is the cell in the range of the law's exception of that number?
  [[nodiscard]] bool covers(size_t exception, const result::CellRecord& cell) const;

 private:
  [[nodiscard]] uint32_t other_of(const result::CellRecord& cell) const;

  struct Range {
    std::vector<bool> kernels, loaders, programs;
  };
  const spec::Law& law_;
  const RunIndex& index_;
  std::vector<Pair> pairs_;
  std::vector<Range> ranges_;  // of the exceptions
  uint32_t other_loader_ = kNoCell, other_program_ = kNoCell;
};

}  // namespace bpfmatrix::law
