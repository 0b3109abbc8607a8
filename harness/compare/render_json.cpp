#include <nlohmann/json.hpp>

#include "compare/render.h"
#include "report/repro.h"

namespace bpfmatrix::compare {
namespace {

using nlohmann::ordered_json;

constexpr const char* kSchemaVersion = "1.0";
constexpr size_t kLogLines = 100;

ordered_json cell_json(const CellChange& change, const Side& before, const Side& after) {
  ordered_json json = {{"cell", change.cell},
                       {"change", name(change.change)},
                       {"before", change.before_text},
                       {"after", change.after_text},
                       {"why", change.why},
                       {"moved", change.moved},
                       {"unexpected", change.unexpected},
                       {"known", change.known}};
  if (change.change == Change::regressed || change.unexpected)
    json["log_difference"] = log_difference(change, before, after, kLogLines);
  if (change.after != kNoCell)
    json["repro"] = report::repro(*after.run, after.run->cells[change.after]);
  return json;
}

}  // namespace

std::string render_json(const Comparison& comparison, const Side& before, const Side& after) {
  ordered_json counts = ordered_json::object();
  for (const auto change : all_changes()) {
    const auto at = comparison.counts.find(change);
    counts[std::string(name(change))] = at == comparison.counts.end() ? 0 : at->second;
  }
  ordered_json laws = ordered_json::array(), cells = ordered_json::array();
  for (const auto& law : comparison.laws)
    laws.push_back({{"law", law.law},
                    {"kernel", law.kernel},
                    {"loader", law.loader},
                    {"change", name(law.change)},
                    {"before", law.before_text},
                    {"after", law.after_text},
                    {"why", law.why},
                    {"known", law.known}});
  for (const auto& change : comparison.cells) cells.push_back(cell_json(change, before, after));
  const ordered_json document = {{"schema_version", kSchemaVersion},
                                 {"before", comparison.before},
                                 {"after", comparison.after},
                                 {"common", comparison.common},
                                 {"unexpected", comparison.unexpected},
                                 {"counts", std::move(counts)},
                                 {"moved", comparison.moved},
                                 {"laws", std::move(laws)},
                                 {"cells", std::move(cells)},
                                 {"notes", comparison.notes}};
  return document.dump(1, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace bpfmatrix::compare
