#include <fmt/core.h>

#include <algorithm>

#include "compat/each_page.h"
#include "compat/evidence.h"
#include "compat/markup.h"
#include "compat/statement.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using report::escape_markdown;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string header_text(const Material& material) {
  const auto& header = material.run.header;
  const auto& findings = material.findings;
  std::string text = fmt::format(
      "Run {} of {}: matrix {}, bpfmatrix {}, QEMU {}, {}, {}.\n\n", code(header.id),
      escape_markdown(header.started.substr(0, 10)), code(header.matrix),
      escape_markdown(header.program_version), escape_markdown(header.qemu_version),
      escape_markdown(upper(header.accel)), count(material.run.cells.size(), "cell"));
  if (!header.selection.empty())
    text += "Only a part of the matrix was run: " + code(header.selection) + "\n\n";
  if (header.finished.empty()) text += "The run was cut off before its end.\n\n";
  text += fmt::format(
      "Laws: {} hold, {} broken, {} hold but for known exceptions, {} undecided, {} not exercised. "
      "{} measured.\n\n",
      findings.holds, findings.broken, findings.excepted, findings.undecided,
      findings.not_exercised, count(findings.features, "feature"));
  return text +
         "Nothing here is typed in: the pages are made by `bpfmatrix docs` from the cells of this "
         "run. A range speaks of the versions that were measured and of none between them; ≤ means that the oldest has it already.\n\n"
         "- [What is documented, against what was measured](documented.md)\n"
         "- [BTF kinds](btf-kinds.md)\n"
         "- [Strategies to get a whole log](strategies.md)\n"
         "- [Privilege](privilege.md)\n"
         "- [Every cell](verifier-log.md)\n"
         "- [compat.json](compat.json), the same for programs\n\n";
}

// Kinds of a kernel's BTF, read through the bare system call's loader.
std::string btf_kinds_of(const Material& material, uint32_t kernel) {
  for (const auto& cell : material.run.cells) {
    if (cell.kernel != kernel || cell.mode.interface != spec::Interface::kernel_btf) continue;
    if (material.run.loaders[cell.loader].kind != "raw" || !cell.mode.extra.empty()) continue;
    if (cell.attempt.state != result::AttemptState::measured) continue;
    const auto kinds = cell.attempt.observation.btf_kinds;
    if (kinds != 0) return report::join(result::btf_kind_names(kinds), " ");
  }
  return {};
}

std::string kernels_text(const Material& material) {
  Table table({"kernel", "release", "upstream", "vendor", "SHA-256 of the image", ""});
  std::string kinds_text;
  for (uint32_t i = 0; i < material.run.kernels.size(); ++i) {
    const auto& kernel = material.run.kernels[i];
    table.add({code(kernel.id), escape_markdown(kernel.release), escape_markdown(kernel.upstream),
               escape_markdown(kernel.vendor), code(kernel.sha256.substr(0, 12)),
               escape_markdown(report::single_line(kernel.problem))});
    const auto kinds = btf_kinds_of(material, i);
    if (!kinds.empty())
      kinds_text += fmt::format("- {}: {}\n", code(kernel.id), escape_markdown(kinds));
  }
  std::string text = "## Kernels\n\n" + table.text();
  if (!kinds_text.empty()) text += "Kinds in the kernels' own BTF:\n\n" + kinds_text + "\n";
  return text;
}

std::string loaders_text(const Material& material) {
  Table table({"loader", "version", "source", "SHA-256 of the binary", ""});
  for (const auto& loader : material.run.loaders)
    table.add({fmt::format("[{}](loaders/{}.md)", escape_markdown(loader.id),
                           file_name(loader.id)),
               escape_markdown(loader.version), escape_markdown(loader.source),
               code(loader.sha256.substr(0, 12)),
               escape_markdown(report::single_line(loader.problem))});
  return "## Loaders\n\n" + table.text();
}

std::string ranges_cell(const law::Result& result, const result::RunRecord& run) {
  const auto texts = ranges(result, run);
  return texts.empty() ? "not measured" : report::join(texts, "<br>");
}

std::string laws_text(const Material& material, spec::Law::Kind kind) {
  std::string text;
  for (const auto& group : by_group(material.laws, kind)) {
    Table table({"", "", kind == spec::Law::Kind::law ? "holds on" : "yes on"});
    for (const auto i : group.laws)
      table.add({law_link(material.laws[i].id), prose(material.laws[i].statement),
                 ranges_cell(material.findings.results[i], material.run)});
    text += fmt::format("### {}\n\n{}", prose(group.title), table.text());
  }
  return text;
}

std::string findings_text(const Material& material) {
  std::string text;
  for (const auto& finding : material.findings.findings)
    text += "- " + escape_markdown(finding.text) + "\n";
  for (const auto& finding : material.judgement.findings)
    text += "- " + escape_markdown(finding) + "\n";
  return "## Findings\n\n" + (text.empty() ? "None.\n\n" : text + "\n");
}

std::string digests_text(const Material& material) {
  std::string text;
  const auto add = [&](const std::string& id, const std::string& sha256) {
    if (!sha256.empty()) text += fmt::format("- {} {}\n", code(id), code(sha256));
  };
  for (const auto& kernel : material.run.kernels) add(kernel.id, kernel.sha256);
  for (const auto& loader : material.run.loaders) add(loader.id, loader.sha256);
  for (const auto& program : material.run.programs) add(program.id, program.object_sha256);
  return "## Digests\n\nSHA-256 of kernel images, loaders and objects.\n\n" + text;
}

}  // namespace

std::string index_page(const Material& material) {
  std::string text(kMarker);
  text += "# The verifier log, as measured\n\n";
  text += header_text(material) + kernels_text(material) + loaders_text(material);
  text += "## Laws\n\n" + laws_text(material, spec::Law::Kind::law);
  text += "## Features\n\n" + laws_text(material, spec::Law::Kind::feature);
  return text + findings_text(material) + digests_text(material);
}

}  // namespace bpfmatrix::compat
