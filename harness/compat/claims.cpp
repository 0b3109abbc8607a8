#include "compat/claims.h"

#include <algorithm>

#include "base/text.h"
#include "compat/evidence.h"

namespace bpfmatrix::compat {
namespace {

bool matches(const std::vector<std::string>& globs, const std::string& id) {
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return base::glob_matches(glob, id);
         });
}

// As the ranges of laws have it.
const std::string& version_of(const result::KernelRecord& kernel) {
  return kernel.upstream.empty() ? kernel.series : kernel.upstream;
}

bool speaks_of(const spec::ClaimCheck& check, const result::RunRecord& run,
               const law::Point& point) {
  const auto& kernel = run.kernels[point.kernel];
  return matches(check.kernels, kernel.id) &&
         matches(check.loaders, run.loaders[point.loader].id) &&
         std::ranges::all_of(check.versions, [&](const spec::VersionBound& bound) {
           return bound.admits(version_of(kernel));
         });
}

}  // namespace

std::string_view name(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::supported:
      return "supported";
    case ClaimVerdict::contradicted:
      return "contradicted";
    case ClaimVerdict::partly:
      return "partly";
    case ClaimVerdict::not_measured:
      break;
  }
  return "not measured";
}

ClaimHolding hold_against(const Material& material, const spec::Claim& claim) {
  ClaimHolding holding;
  for (const auto& check : claim.checks) {
    auto& sides = holding.checks.emplace_back();
    for (const auto& result : material.findings.results) {
      if (result.law->id != check.law) continue;
      for (const auto& point : result.points) {
        if (!is_decided(point.verdict) || !speaks_of(check, material.run, point)) continue;
        const auto answer = word(*result.law, point.verdict);
        const bool supports = std::ranges::find(check.supports, answer) != check.supports.end();
        (supports ? sides.supporting : sides.contradicting).push_back(&point);
      }
    }
    holding.supporting += static_cast<uint32_t>(sides.supporting.size());
    holding.contradicting += static_cast<uint32_t>(sides.contradicting.size());
  }
  if (holding.supporting != 0 && holding.contradicting != 0)
    holding.verdict = ClaimVerdict::partly;
  else if (holding.supporting != 0)
    holding.verdict = ClaimVerdict::supported;
  else if (holding.contradicting != 0)
    holding.verdict = ClaimVerdict::contradicted;
  return holding;
}

}  // namespace bpfmatrix::compat
