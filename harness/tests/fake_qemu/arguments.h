// What fake_qemu takes from QEMU's command line and from the "kernel", which holds the scenario.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace bpfmatrix::tests {

// First line of the kernel file: "FAKE <scenario> [<cell> [<delay>]] [once|twice]". `once`: only the first
// start with this kernel plays it, later ones play `ok` (the starts are counted in <kernel>.count);
// `twice`: the first two.
struct Scenario {
  std::string name = "ok";
  uint32_t cell = 0;
  uint32_t delay = 0;  // microseconds
};

struct Arguments {
  std::string kernel;
  std::string accel;
  std::array<uint8_t, 16> nonce{};  // from the kernel's command line
  int console = -1, agent = -1;     // descriptors
  int control = -1;
  int incoming = -1;  // with a saved state; -1: a machine that boots
  Scenario scenario;
};

// Refuses what QEMU would refuse: unknown arguments, no kernel, a kernel that is none.
base::Result<Arguments> parse_arguments(int argc, char** argv);

}  // namespace bpfmatrix::tests
