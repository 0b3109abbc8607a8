#include <fmt/core.h>

#include "compat/each_page.h"
#include "compat/evidence.h"
#include "compat/markup.h"
#include "compat/statement.h"
#include "report/markdown_text.h"

namespace bpfmatrix::compat {
namespace {

using law::Verdict;

constexpr size_t kShownCounterExamples = 8;

std::string grid_text(const Material& material, const law::Result& result) {
  Grid grid(material.run);
  for (const auto& point : result.points)
    grid.set(point.kernel, point.loader, lettered(*result.law, point.verdict));
  return grid.text();
}

std::string lines_text(const std::vector<law::Line>& lines, const char* what) {
  std::string text;
  for (const auto& line : lines)
    text += fmt::format("- {} {}: {}\n", what, report::escape_markdown(line.name),
                        line_text(line));
  return text;
}

// A pair's answer is that of neither axis alone.
std::string ranges_text(const Material& material, const law::Result& result) {
  if (result.law->axis != spec::Law::Axis::pair)
    return lines_text(law::kernel_lines(result, material.run), "kernels of") +
           lines_text(law::loader_lines(result, material.run), "loaders of kind") + "\n";
  std::string text;
  for (const auto& range : ranges(result, material.run)) text += "- " + range + "\n";
  return text + "\n";
}

std::string exceptions_text(const law::Result& result) {
  const auto& exceptions = result.law->exceptions;
  std::string text;
  for (size_t i = 0; i < exceptions.size() && i < result.exceptions.size(); ++i) {
    const auto& seen = result.exceptions[i];
    const char* what = seen.contradicted ? "exercised: the law is contradicted there"
                       : !seen.measured  ? "not measured"
                                         : "**not exercised**: the law holds there";
    text += fmt::format("- {}: {}\n", range_of(exceptions[i]), what);
  }
  return text.empty() ? text : "### Exceptions\n\n" + text + "\n";
}

std::string counter_examples(const Material& material, const law::Result& result) {
  std::string text;
  size_t shown = 0, all = 0;
  for (const auto& point : result.points) {
    const bool against = point.verdict == Verdict::broken || point.verdict == Verdict::excepted ||
                         point.verdict == Verdict::mixed;
    if (!against || result.law->kind == spec::Law::Kind::feature || point.cell == law::kNoCell)
      continue;
    if (++all > kShownCounterExamples) continue;
    ++shown;
    text += fmt::format("{}. {}, {} of {}: {}\n", shown, word(*result.law, point.verdict),
                        point.against, count(point.cells, "cell"),
                        report::escape_markdown(point.text));
    text += fmt::format("   - {}\n", code(material.run.cells[point.cell].id));
    if (point.held_against != law::kNoCell)
      text += fmt::format("   - held against {}\n", code(material.run.cells[point.held_against].id));
  }
  if (all > shown) text += fmt::format("\n{} more.\n", all - shown);
  return text.empty() ? text : "### Counter-examples\n\n" + text + "\n";
}

// Evidence of the worst point, so that what is shown explains what stands out.
uint32_t example_cell(const law::Result& result) {
  for (const auto verdict : {Verdict::broken, Verdict::mixed, Verdict::holds, Verdict::excepted}) {
    // Of a feature the yes is what one wants to see.
    const bool feature = result.law->kind == spec::Law::Kind::feature;
    const auto wanted = feature && verdict == Verdict::broken  ? Verdict::holds
                        : feature && verdict == Verdict::holds ? Verdict::broken
                                                               : verdict;
    for (const auto& point : result.points)
      if (point.verdict == wanted && point.cell != law::kNoCell) return point.cell;
  }
  return law::kNoCell;
}

}  // namespace

std::string law_page(const Material& material, size_t law) {
  const auto& result = material.findings.results[law];
  std::string text(kMarker);
  text += statement(*result.law, material.laws) + "## As measured\n\n";
  const auto grid = grid_text(material, result);
  if (grid.empty()) return text + "This run has no cell of it.\n\n[All laws](../README.md)\n";
  text += grid;
  text += ranges_text(material, result);
  text += exceptions_text(result) + counter_examples(material, result);
  if (const auto cell = example_cell(result); cell != law::kNoCell)
    text += "### One cell of it\n\n" + evidence(material.run, cell);
  return text + "[All laws](../README.md)\n";
}

}  // namespace bpfmatrix::compat
