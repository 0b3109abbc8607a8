// A small run for the tests of this folder, to be changed by them.
#pragma once

#include <string>

#include "compare/compare.h"
#include "result/run_record.h"

namespace bpfmatrix::compare {

// Kernels debian-6.1 and debian-6.12, loaders raw and libbpf-1.1.2, programs trivial and long_fault
// at prog_load:2:4096: eight cells. trivial is loaded with 2 instructions verified, long_fault
// rejected with a log. long_fault is expected to be rejected, trivial to nothing. Finished.
[[nodiscard]] result::RunRecord small_run(const std::string& id);

// The cell of that id; a test that names one which is not there fails and gets the first.
[[nodiscard]] result::CellRecord& cell(result::RunRecord& run, const std::string& id);

// As if its load had been refused by the kernel with this errno.
void refuse(result::CellRecord& cell, int error);

// Both sides with what they need, for as long as a comparison is looked at.
class Pair {
 public:
  Pair(result::RunRecord before, result::RunRecord after);
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  [[nodiscard]] Comparison compare(const Limits& limits = {},
                                   const spec::KnownFailures& known = {}) const;
  [[nodiscard]] Side before() const { return side(0); }
  [[nodiscard]] Side after() const { return side(1); }

  result::RunRecord runs[2];

 private:
  [[nodiscard]] Side side(size_t which) const;
  result::Judgement judgements_[2];
};

}  // namespace bpfmatrix::compare
