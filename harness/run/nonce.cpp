#include "run/nonce.h"

#include <fmt/format.h>

#include <random>

namespace bpfmatrix::run {

Nonce make_nonce() {
  std::random_device random;
  Nonce nonce;
  for (auto& byte : nonce.bytes) {
    byte = static_cast<uint8_t>(random());
    nonce.digits += fmt::format("{:02x}", byte);
  }
  return nonce;
}

}  // namespace bpfmatrix::run
