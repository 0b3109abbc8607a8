#include "report/json_laws.h"

#include "report/repro.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;
using spec::Law;

const char* axis_text(Law::Axis axis) {
  return axis == Law::Axis::kernel ? "kernel" : axis == Law::Axis::loader ? "loader" : "pair";
}

ordered_json cell_id(const result::RunRecord& run, uint32_t cell) {
  if (cell == law::kNoCell) return nullptr;
  return run.cells[cell].id;
}

ordered_json point_json(const result::RunRecord& run, const law::Point& point) {
  ordered_json applied = nullptr;
  if (point.applied_case >= 0) applied = point.applied_case;
  return {{"kernel", run.kernels[point.kernel].id},
          {"loader", run.loaders[point.loader].id},
          {"verdict", name(point.verdict)},
          {"case", std::move(applied)},
          {"cells", point.cells},
          {"against", point.against},
          {"cell", cell_id(run, point.cell)},
          {"held_against", cell_id(run, point.held_against)},
          {"text", point.text}};
}

}  // namespace

ordered_json law_json(const result::RunRecord& run, const law::Result& result) {
  const Law& law = *result.law;
  ordered_json points = ordered_json::array();
  for (const auto& point : result.points) points.push_back(point_json(run, point));
  return {{"id", law.id},
          {"kind", law.kind == Law::Kind::feature ? "feature" : "law"},
          {"group", law.group},
          {"statement", law.statement},
          {"axis", axis_text(law.axis)},
          {"sources", law.sources},
          {"points", std::move(points)}};
}

std::vector<std::string> finding_texts(const result::RunRecord& run, const law::Findings& laws) {
  std::vector<std::string> texts;
  for (const auto& finding : laws.findings) {
    const auto command = repro(run, finding);
    texts.push_back(command.empty() ? finding.text : finding.text + "; to repeat: " + command);
  }
  return texts;
}

}  // namespace bpfmatrix::report
