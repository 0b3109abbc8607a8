// A prompt in the kernel of one cell, with its loader and program at hand.
#pragma once

#include "base/error.h"
#include "image/workspace.h"
#include "run/driver.h"

namespace bpfmatrix::run {

// Prepares the one cell that `request` selects, boots its kernel with the terminal as its console, and
// waits until the machine ends. Where standard input is no terminal, its lines are carried out there
// instead (1 MiB at most).
// invalid_input when not exactly one cell is selected or it cannot be run; unavailable when something
// is missing, a static busybox too. Blocking.
base::Status run_shell(const RunRequest& request, const image::Workspace& workspace,
                       const image::DataFolder& data);

}  // namespace bpfmatrix::run
