// Ends a session of processes when we die, whatever has become of its leader.
//
// The death signal of prctl(2) reaches one process only. A leader that has started others leaves
// them behind: bubblewrap 0.8 binds its inner process to the outer one only after it has set up
// everything, so that a QEMU started meanwhile lives on when we are killed in those milliseconds.
#pragma once

#include "base/descriptor.h"

namespace bpfmatrix::base {

// The reading end of a pipe of which only we hold the other, for as long as we live; it is made once.
// Not open when there was no descriptor left.
const Descriptor& lifeline();

// For a leader of a session between fork() and execve(): starts a process of its group that kills the
// group when `reading`, the lifeline, comes to its end. Not a child of the caller: it is left to the
// next subreaper. Allocates nothing. Returns whether it could be started.
bool guard_group(int reading, int null_device);

}  // namespace bpfmatrix::base
