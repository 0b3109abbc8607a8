// A function run in a process of its own that can do next to nothing: for readers of foreign bytes
// that are other people's libraries (archives, ELF files, BTF).
//
// The process is a fork, so the function sees what its caller sees, and only its answer comes back.
// It may compute, read and write descriptors that are open, and take memory up to a limit; every
// other system call (opening, connecting, starting) fails with EPERM, by seccomp. When it dies, an
// Error comes back. Blocking; one thread only may run in the calling process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::base {

struct ApartLimits {
  uint64_t memory = uint64_t{4} << 30;  // bytes of address space
  uint64_t answer = uint64_t{2} << 30;  // bytes of what comes back
  std::chrono::seconds processor{120};  // of processor time
};

// What `work` returned. invalid_input when the process was ended by a signal or needed more than it
// may have: what it read is to blame.
Result<std::vector<std::string>> run_apart(
    const std::function<Result<std::vector<std::string>>()>& work, const ApartLimits& limits = {});

}  // namespace bpfmatrix::base
