// What the machine of a kernel is made of: its configuration, and the digests that go into the keys of
// its cells and of its saved state. Pure, but for the processor's name.
#pragma once

#include <string>

#include "plan/key.h"
#include "run/preparation.h"
#include "spec/matrix.h"
#include "vm/qemu_command.h"
#include "vm/saved_states.h"

namespace bpfmatrix::run {

[[nodiscard]] vm::MachineConfig machine_config(const std::string& qemu, const KernelSlot& slot,
                                               const spec::Limits& limits, vm::Accel accel);

// `config`: of that kernel's machine.
[[nodiscard]] plan::MachineDigests machine_digests(const vm::MachineConfig& config,
                                                   const KernelSlot& slot,
                                                   const std::string& agent_sha256,
                                                   const std::string& qemu_version,
                                                   spec::Isolation isolation);

[[nodiscard]] vm::StateParts state_parts(const vm::MachineConfig& config, const KernelSlot& slot,
                                         const std::string& qemu_version);

}  // namespace bpfmatrix::run
