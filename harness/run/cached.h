// Cells that need not run: an earlier run has an observation of the same content key.
//
// The key covers everything that can change what is observed (plan/key.h); what may answer is the
// store's rule (result::Store::answer()). Nothing else is taken from the earlier run: outcome,
// status and laws are computed from the observation when the run is read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/key.h"
#include "plan/plan.h"
#include "result/store.h"
#include "run/jobs.h"
#include "run/preparation.h"

namespace bpfmatrix::run {

// What the machine of a kernel would be made of.
using DigestsOf = std::function<plan::MachineDigests(uint32_t kernel)>;

// The cells that are to run and can, each with its key, in plan order. Pure.
[[nodiscard]] std::vector<result::Question> questions_of(const plan::Plan& plan,
                                                         const Preparation& preparation,
                                                         const DigestsOf& digests_of);

struct CachedCount {
  uint32_t asked = 0, answered = 0;
};
// Answers what the store can answer, as attempts of the run, and marks those cells of the plan as
// Ruling::cached: they are no longer to run. Before any machine starts. Cells of `tried` are not
// asked: they have attempts, and another run's would prove nothing of those.
base::Result<CachedCount> take_cached(result::Store& store, const std::string& run,
                                      plan::Plan& plan, const Preparation& preparation,
                                      const Tried& tried, const DigestsOf& digests_of);

}  // namespace bpfmatrix::run
