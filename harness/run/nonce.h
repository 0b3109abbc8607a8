// The number that tells a machine's hello from that of another start.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace bpfmatrix::run {

struct Nonce {
  std::array<uint8_t, 16> bytes{};
  std::string digits;  // 32 in lower-case hex, as on the machine's command line
};

// From the system's source of random numbers.
[[nodiscard]] Nonce make_nonce();

}  // namespace bpfmatrix::run
