// Claims held against the verdicts of laws and features. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compat/pages.h"

namespace bpfmatrix::compat {

enum class ClaimVerdict { not_measured, supported, contradicted, partly };
[[nodiscard]] std::string_view name(ClaimVerdict verdict);  // "not measured", …

struct ClaimHolding {
  struct Check {
    // Points of the law that were decided on the kernels and loaders of the check.
    std::vector<const law::Point*> supporting, contradicting;
  };
  ClaimVerdict verdict = ClaimVerdict::not_measured;
  std::vector<Check> checks;  // of the claim, same order
  uint32_t supporting = 0, contradicting = 0;
};

// Supported: something speaks for it and nothing against it; partly: both. The result refers to the
// material's points.
[[nodiscard]] ClaimHolding hold_against(const Material& material, const spec::Claim& claim);

}  // namespace bpfmatrix::compat
