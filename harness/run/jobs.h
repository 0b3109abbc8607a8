// From a plan's cells to what travels to the guest. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "plan/plan.h"
#include "run/session.h"

namespace bpfmatrix::run {

// Cells that took machines with them before the run was continued, with how many attempts they had.
using Tried = std::map<uint32_t, uint32_t>;

// The jobs of one kernel: its cells that are to run and whose loader is in `files`, in plan order;
// those of `tried` are announced, behind all others. Limits are multiplied by `slowdown`.
[[nodiscard]] std::deque<Job> jobs_of(const plan::Plan& plan, uint32_t kernel, const FileSet& files,
                                      double slowdown, const Tried& tried = {});

// Whether there are any: without one, no machine is needed.
[[nodiscard]] bool has_jobs(const plan::Plan& plan, uint32_t kernel, const FileSet& files);

}  // namespace bpfmatrix::run
