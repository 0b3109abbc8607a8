// What PID 1 does before anything else: file systems, modules, limits; and what it says of the
// guest.
#pragma once

#include <string>

namespace bpfmatrix::guest {

// Mounts /dev, /proc, /sys, /run, bpffs; lifts the memlock limit (before 5.11 it is charged for BPF
// memory and given back only after a grace period).
void prepare_system();

// Loads /modules/NN-*.ko in the order of their names; returns what failed, empty when nothing did.
std::string load_modules();

// Payload of HELLO. `module_errors` as above.
std::string hello(const std::string& module_errors);

// Restarts the machine, which QEMU (-no-reboot) takes as the end.
[[noreturn]] void end_machine();

}  // namespace bpfmatrix::guest
