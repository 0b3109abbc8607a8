#include <algorithm>

#include "compat/each_page.h"
#include "compat/markup.h"
#include "report/render.h"
#include "report/table.h"

namespace bpfmatrix::compat {
namespace {

bool varies_privilege(const spec::LogMode& mode) {
  return mode.extra.contains("uid") || mode.extra.contains("caps") ||
         mode.extra.contains("kernel_btf");
}

}  // namespace

std::string privilege_page(const Material& material) {
  std::string text(kMarker);
  text +=
      "# Privilege\n\nLoads by another user (`uid`), with other capabilities (`caps`), or where "
      "the kernel's BTF is hidden (`kernel_btf`).\n\n";
  // The report's own table, of these cells alone.
  auto run = material.run;
  auto judgement = material.judgement;
  run.cells.clear();
  judgement.verdicts.clear();
  for (size_t i = 0; i < material.run.cells.size(); ++i) {
    if (!varies_privilege(material.run.cells[i].mode)) continue;
    run.cells.push_back(material.run.cells[i]);
    judgement.verdicts.push_back(material.judgement.verdicts[i]);
  }
  if (run.cells.empty()) return text + "This run has no such cell.\n\n[All](README.md)\n";
  auto table = report::make_table(run, judgement);
  table.summary.clear();  // speaks of the whole run
  return text + report::render_markdown(table) + "\n[All](README.md)\n";
}

std::string verifier_log_page(const Material& material) {
  return std::string(kMarker) + "# Every cell\n\n" +
         report::render_markdown(report::make_table(material.run, material.judgement)) +
         "\n[All](README.md)\n";
}

}  // namespace bpfmatrix::compat
