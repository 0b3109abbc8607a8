// The accelerator of this machine, found by a canary boot.
#pragma once

#include "base/error.h"
#include "image/workspace.h"
#include "vm/acceleration.h"
#include "vm/qemu_command.h"

namespace bpfmatrix::run {

// Blocking form of vm::choose_acceleration() on a loop of its own.
base::Result<vm::Acceleration> find_acceleration(const vm::MachineConfig& config,
                                                 vm::AccelChoice choice,
                                                 const image::Workspace& workspace);

// For a person who asks: with a kernel that the workspace already has. unavailable when there is
// none.
base::Result<vm::Acceleration> check_acceleration(const image::Workspace& workspace,
                                                  const vm::Sandbox& sandbox);

}  // namespace bpfmatrix::run
