#include "report/badge.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.h"
#include "report/html_fill.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

// Pixels of a text in Verdana 11, roughly; `textLength` makes it so in whatever font there is.
size_t width_of(std::string_view text) {
  return display_width(text) * 68 / 10 + 10;
}

// Of white text: all with a contrast of at least 4.5.
std::string_view fill_of(std::string_view color) {
  if (color == "brightgreen") return "#2a7a2a";
  if (color == "red") return "#b3261e";
  if (color == "yellow") return "#8a6100";
  return "#5c636a";
}

uint32_t count(const SiteRun& run, result::Status status) {
  const auto at = run.counts.find(status);
  return at == run.counts.end() ? 0 : at->second;
}

// Text of whoever wrote the matrix: one short line that XML may hold.
std::string safe(std::string_view text) {
  return escape_html(base::printable(single_line(text, 120)));
}

}  // namespace

Badge badge_of(const SiteRun& run) {
  const auto kernels = std::ranges::count_if(
      run.kernels, [](const SiteKernel& kernel) { return kernel.measured != 0; });
  const auto unexpected = count(run, result::Status::FAIL);
  const auto lost = count(run, result::Status::ERROR) + count(run, result::Status::MISS);
  Badge badge{
      "bpf compat",
      fmt::format("{} kernel{}, {} unexpected", kernels, kernels == 1 ? "" : "s", unexpected),
      "brightgreen"};
  if (run.findings != 0)
    badge.message += fmt::format(", {} finding{}", run.findings, run.findings == 1 ? "" : "s");
  if (lost != 0) badge.message += fmt::format(", {} lost", lost);
  if (run.finished.empty()) {
    badge.message += ", incomplete";
    badge.color = "lightgrey";
  } else if (run.exit_code == 100) {
    badge.color = "red";
  } else if (run.exit_code != 0) {
    badge.color = "yellow";
  }
  return badge;
}

std::string render_badge_svg(const Badge& badge) {
  const auto label = safe(badge.label), message = safe(badge.message);
  const size_t left = width_of(single_line(badge.label, 120));
  const size_t right = width_of(single_line(badge.message, 120));
  return fmt::format(
      R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"
 aria-label="{label}: {message}">
<title>{label}: {message}</title>
<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="20" fill="#444c54"/>
<rect x="{left}" width="{right}" height="20" fill="{fill}"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="5" y="14" textLength="{left_text}">{label}</text>
<text x="{message_at}" y="14" textLength="{right_text}">{message}</text>
</g>
</svg>
)svg",
      fmt::arg("width", left + right), fmt::arg("left", left), fmt::arg("right", right),
      fmt::arg("label", label), fmt::arg("message", message),
      fmt::arg("fill", fill_of(badge.color)), fmt::arg("left_text", left - 10),
      fmt::arg("right_text", right - 10), fmt::arg("message_at", left + 5));
}

std::string render_badge_json(const Badge& badge) {
  const nlohmann::ordered_json json = {{"schemaVersion", 1},
                                       {"label", base::printable(badge.label)},
                                       {"message", base::printable(badge.message)},
                                       {"color", badge.color}};
  return json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace bpfmatrix::report
