// One kernel of the catalogue with the raw loader and the trivial program, ready to boot.
#pragma once

#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "run/planning.h"
#include "run/preparation.h"
#include "run/session.h"
#include "vm/acceleration.h"
#include "vm/qemu_command.h"

namespace bpfmatrix::bench {

struct OneKernel {
  run::Planned planned;
  run::Preparation preparation;
  vm::Acceleration acceleration;
  vm::MachineConfig machine;  // without a nonce
  run::Job cell;              // the trivial program by `raw`, with the mode asked for
};

// Fetches the kernel when the workspace does not have it. Errors are those of a run, or
// invalid_input for a kernel that is none.
base::Result<OneKernel> prepare_one(const std::string& kernel, const spec::LogMode& mode,
                                    const image::Workspace& workspace);

}  // namespace bpfmatrix::bench
