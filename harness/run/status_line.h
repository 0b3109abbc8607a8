// The one line that shows a run at work, on a terminal. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bpfmatrix::run {

// A machine that works on a kernel's cells.
struct WorkingMachine {
  std::string kernel;
  std::string loader;             // whose cells came last; empty: none came yet
  uint32_t done = 0, expected = 0;  // of this kernel and loader
  double silent = 0;              // seconds since its last cell, or since it was started
};

struct RunStatus {
  uint32_t done = 0, expected = 0;  // cells of the run
  double rate = 0;                  // cells a second, of late
  double left = -1;                 // seconds; negative: not known yet
  std::vector<WorkingMachine> machines;
};

// "[ 123/672] 41 cells/s, about 13 s left | debian-6.12 libbpf-1.1.2 45/58 | debian-7.3 boots" in at
// most `width` columns; a machine that is silent for over five seconds says so.
[[nodiscard]] std::string status_line(const RunStatus& status, uint32_t width);

// "8 s", "3 min", "2.5 h".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace bpfmatrix::run
