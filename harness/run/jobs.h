// From a plan's cells to what travels to the guest. Pure.
#pragma once

#include <deque>

#include "plan/plan.h"
#include "run/session.h"

namespace bpfmatrix::run {

// The jobs of one kernel: its cells that are to run and whose loader is in `files`, in plan order.
// Limits are multiplied by `slowdown`.
[[nodiscard]] std::deque<Job> jobs_of(const plan::Plan& plan, uint32_t kernel, const FileSet& files,
                                      double slowdown);

// Whether there are any: without one, no machine is needed.
[[nodiscard]] bool has_jobs(const plan::Plan& plan, uint32_t kernel, const FileSet& files);

}  // namespace bpfmatrix::run
