// What PID 1 does before anything else: file systems, modules, limits; and what it says of the
// guest.
#pragma once

#include <cstdint>
#include <string>

namespace bpfmatrix::guest {

// Mounts /dev, /proc, /sys, /run, bpffs; lifts the memlock limit (before 5.11 it is charged for BPF
// memory and given back only after a grace period).
void prepare_system();

// Loads /modules/NN-*.ko in the order of their names; returns what failed, empty when nothing did.
std::string load_modules();

// The 16 bytes after "bpfmatrix.nonce=" on the kernel command line; zeros when it is not there.
std::string nonce_of_boot();

// Makes a restored machine one of its own: the clock is set to `time` (ns since 1970, UTC), `random`
// goes into the kernel's pool, and the pool's output is seeded anew. Otherwise every machine
// restored from one state would draw the same numbers.
void awake(uint64_t time, const std::string& random);

// Payload of HELLO. `module_errors` as above.
std::string hello(const std::string& nonce, const std::string& module_errors);

// Restarts the machine, which QEMU (-no-reboot) takes as the end.
[[noreturn]] void end_machine();

}  // namespace bpfmatrix::guest
