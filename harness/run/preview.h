// What a run would not have to run, before there is one.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "run/driver.h"
#include "run/planning.h"

namespace bpfmatrix::run {

struct Preview {
  uint32_t cached = 0;  // cells that earlier runs answer
  std::string unknown;  // why it cannot be told, in a sentence; empty: it can
};

// Marks the cells of `planned` that run_matrix() would take from earlier runs as Ruling::cached. Boots,
// fetches and builds nothing: a cell whose kernel or loader is not in the workspace is not
// answered. Of `request` accel, sandbox, cache and qemu count. Errors: of the store alone.
base::Result<Preview> mark_cached(Planned& planned, const RunRequest& request,
                                  const image::Workspace& workspace,
                                  const image::DataFolder& data);

}  // namespace bpfmatrix::run
