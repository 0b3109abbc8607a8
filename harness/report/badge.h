// What a run came to as a badge for a README: a static SVG without script, and the JSON that
// shields.io's endpoint badge reads (https://shields.io/badges/endpoint-badge). Pure; any thread.
#pragma once

#include <string>

#include "report/site_data.h"

namespace bpfmatrix::report {

struct Badge {
  std::string label, message;
  std::string color;  // a name that shields.io has: brightgreen, yellow, red, lightgrey
};

// "bpf compat" | "11 kernels, 0 unexpected". Counted are kernels that measured something. Red:
// something is unexpected (exit code 100); yellow: something did not run; lightgrey: no end.
[[nodiscard]] Badge badge_of(const SiteRun& run);

[[nodiscard]] std::string render_badge_svg(const Badge& badge);
[[nodiscard]] std::string render_badge_json(const Badge& badge);

}  // namespace bpfmatrix::report
