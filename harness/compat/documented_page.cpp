#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "compat/claims.h"
#include "compat/each_page.h"
#include "compat/evidence.h"
#include "compat/markup.h"
#include "compat/statement.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using report::escape_markdown;

// "debian-5.10, debian-6.1", each kernel once, and one cell.
std::string side_text(const Material& material, const std::vector<const law::Point*>& points) {
  if (points.empty()) return "none";
  std::vector<uint32_t> kernels;
  const law::Point* shown = nullptr;
  for (const auto* point : points) {
    if (std::ranges::find(kernels, point->kernel) == kernels.end())
      kernels.push_back(point->kernel);
    if (shown == nullptr && point->cell != law::kNoCell) shown = point;
  }
  std::vector<std::string> names;
  for (const auto kernel : kernels)
    names.push_back(escape_markdown(material.run.kernels[kernel].id));
  auto text = report::join(names, ", ");
  if (shown == nullptr) return text;
  const auto& cell = material.run.cells[shown->cell];
  text += fmt::format("; seen in {}: {}", code(cell.id), errno_text(cell.attempt.observation));
  if (!shown->text.empty()) text += "; " + escape_markdown(report::single_line(shown->text));
  return text;
}

std::string claim_text(const Material& material, const spec::Claim& claim) {
  const auto holding = hold_against(material, claim);
  std::string text = fmt::format("## {}\n\n**{}**\n\n", prose(claim.claim), name(holding.verdict));
  if (!claim.quote.empty()) text += fmt::format("> {}\n\n", prose(claim.quote));
  text += "Stands in:\n\n";
  for (const auto& source : claim.sources) text += "- " + prose(source) + "\n";
  text += "\n";
  if (!claim.note.empty()) text += prose(claim.note) + "\n\n";
  Table table({"told by", "supports the claim", "measured for it", "measured against it"});
  for (size_t i = 0; i < claim.checks.size(); ++i)
    table.add({law_link(claim.checks[i].law), prose(claim.checks[i].text),
               side_text(material, holding.checks[i].supporting),
               side_text(material, holding.checks[i].contradicting)});
  return text + table.text();
}

}  // namespace

std::string documented_page(const Material& material) {
  std::string text(kMarker);
  text +=
      "# Documented against measured\n\nWhat others wrote about the verifier log, held against "
      "the cells of this run. Whether a claim is supported is computed: every kernel and loader "
      "that a law or feature was decided on counts for it or against it.\n\n";
  Table table({"claim", "", "for", "against"});
  for (const auto& claim : material.claims) {
    const auto holding = hold_against(material, claim);
    table.add({prose(claim.claim), std::string(name(holding.verdict)),
               fmt::format("{}", holding.supporting), fmt::format("{}", holding.contradicting)});
  }
  text += table.empty() ? "No claim was given.\n\n" : table.text();
  for (const auto& claim : material.claims) text += claim_text(material, claim);
  return text + "[All](README.md)\n";
}

}  // namespace bpfmatrix::compat
