#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "cli/carried_out.h"
#include "cli/command.h"
#include "cli/stored_run.h"
#include "report/explain.h"

namespace bpfmatrix::cli {
namespace {

constexpr size_t kShown = 10;

struct Options {
  std::string cell;
  RunChoice choice;
};

// The cell of that id, or the only one that the glob matches.
base::Result<uint32_t> find_cell(const result::RunRecord& run, const std::string& wanted) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    if (run.cells[i].id == wanted) return i;
    if (base::glob_matches(wanted, run.cells[i].id)) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  std::string text = fmt::format("run {} has {} cell{} {}", run.header.id,
                                 found.empty() ? "no" : std::to_string(found.size()),
                                 found.size() > 1 ? "s" : "", wanted);
  for (size_t i = 0; i < std::min(found.size(), kShown); ++i)
    text += "\n  " + run.cells[found[i]].id;
  if (found.size() > kShown) text += "\n  ...";
  if (found.empty()) {
    std::vector<std::string> ids;
    ids.reserve(run.cells.size());
    for (const auto& cell : run.cells) ids.push_back(cell.id);
    const auto near = base::nearest(wanted, ids);
    text += near ? fmt::format("; did you mean {}?", *near)
                 : "; their ids: bpfmatrix report or export";
  }
  return base::fail(base::ErrorKind::invalid_input, "{}", text);
}

void explain_cell(Context& context, const Options& options) {
  const auto workspace = context.open_workspace();
  const auto stored = read_run(workspace, options.choice);
  if (!stored) return context.fail(stored.error());
  const auto cell = find_cell(stored->run, options.cell);
  if (!cell) return context.fail(cell.error());
  fmt::print("{}", report::explain(stored->run, stored->judgement, stored->findings, *cell));
}

}  // namespace

void add_explain(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "explain", "One cell in plain words: what was asked, who answered, why, what to do");
  command->footer(
      "Example: bpfmatrix explain debian-6.12/raw/trivial/prog_load:2:4096\n"
      "The id may be a glob that matches one cell.");
  auto options = std::make_shared<Options>();
  command->add_option("CELL", options->cell, "Id of a cell, as reports have it")->required();
  auto* run = command->add_option("-R,--run", options->choice.run, "Run: id, beginning, or latest")
                  ->capture_default_str();
  command->add_option("--from", options->choice.file, "A file of bpfmatrix export instead of a run")
      ->excludes(run);
  add_flaky(*command, options->choice.flaky);
  command->callback([&context, options] { explain_cell(context, *options); });
}

}  // namespace bpfmatrix::cli
