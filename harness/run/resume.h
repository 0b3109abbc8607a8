// What is left of a run that did not come to its end. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "result/run_record.h"
#include "result/store.h"
#include "run/jobs.h"

namespace bpfmatrix::run {

// invalid_input, with what differs and what to do, unless the plan of now has exactly the cells of
// the stored run. `planned`: as a new run of it would be stored.
base::Status same_cells(const result::RunRecord& stored, const result::RunRecord& planned);

struct Rest {
  std::vector<uint32_t> kept;       // cells that need not run: what they came to counts
  Tried again;                      // cells whose crash is still to be confirmed
  std::vector<uint32_t> take_back;  // cells whose attempts count no more
  uint32_t stale = 0;               // of them: measured of another kernel, loader … than those of now
  std::vector<result::CellResult> settle;  // what is to be stored of cells that cannot run
};

// `questions`: the cells that can run now, each with its key; `settled`: those that cannot, with why
// (settled_cells()). Both by cell, ascending.
//
// What came to an end under the key of now is kept. So is what was measured of a kernel or loader
// that cannot be had now: nothing says that it is stale. What was not run for want of something
// (NO_SPACE, IMAGE_UNAVAILABLE …) and can be now, runs.
//
// A cell that took its machine with it and has had no more than `retries` attempts keeps them and is
// tried again, as it would have been. Only states that say so themselves count as that: GUEST_OOM,
// QEMU_CRASH and PROTOCOL are also told of cells whose machine lived on, or never began them.
[[nodiscard]] Rest rest_of(const result::RunRecord& stored,
                           std::span<const result::Question> questions,
                           std::vector<result::CellResult> settled, uint32_t retries);

}  // namespace bpfmatrix::run
