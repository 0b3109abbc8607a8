// How long a cell may still take. Pure.
#pragma once

#include <cstdint>

namespace bpfmatrix::guest {

// Milliseconds that are left of `limit_ms`; 0 when they are over. The agent may be interrupted
// between the reading of its clock and of what the loader wrote, so that a cell can have begun after
// `now_ns`: then nothing of its time is gone.
[[nodiscard]] inline int time_left_ms(uint64_t began_ns, uint32_t limit_ms, uint64_t now_ns) {
  const uint64_t took_ms = now_ns > began_ns ? (now_ns - began_ns) / 1000000 : 0;
  return took_ms >= limit_ms ? 0 : static_cast<int>(limit_ms - took_ms);
}

}  // namespace bpfmatrix::guest
