#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "compare/history.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  std::vector<std::string> cells;
  std::string matrix;
  uint32_t last = 20;
  bool flaky = false;
};

base::Result<compare::History> read_history(const image::Workspace& workspace,
                                            const Options& options) {
  compare::History history(options.cells);
  if (!std::filesystem::exists(workspace.results())) return history;
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(auto headers, store.list());
  std::erase_if(headers, [&](const result::RunHeader& header) {
    return header.finished.empty() || (!options.matrix.empty() && header.matrix != options.matrix);
  });
  headers.resize(std::min<size_t>(headers.size(), options.last));
  std::ranges::reverse(headers);
  for (const auto& header : headers) {
    BPFM_TRY(const auto run, store.read(header.id));
    history.add(run, result::judge(run));
  }
  return history;
}

void show_history(Context& context, const Options& options) {
  const auto history = read_history(context.open_workspace(), options);
  if (!history) return context.fail(history.error());
  const auto& runs = history->runs();
  if (runs.empty()) {
    fmt::print(stderr, "bpfmatrix: there is no run with an end{}\n",
               options.matrix.empty() ? "" : " of matrix " + options.matrix);
    context.exit_code = kNothingSelected;
    return;
  }
  auto cells = history->cells();
  if (options.flaky)
    std::erase_if(cells, [](const compare::CellHistory& cell) { return cell.flaky == 0; });
  fmt::print("{} runs, {} … {}, the oldest first; the letters are those of the table\n",
             runs.size(), runs.front().id, runs.back().id);
  for (const auto& cell : cells)
    fmt::print("{} {}{}\n", cell.letters, cell.cell,
               cell.flaky == 0 ? ""
                               : fmt::format("  flaky in {} of {} runs ({:.0f} %)", cell.flaky,
                                             cell.measured, cell.flake_rate() * 100));
  if (cells.empty()) {
    fmt::print(stderr, "bpfmatrix: no cell of these runs {}\n",
               options.flaky ? "is flaky" : "matches");
    context.exit_code = kNothingSelected;
  }
}

}  // namespace

void add_history(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "history", "What became of cells over the runs that are kept, and how flaky they are");
  command->footer("Example: bpfmatrix history 'debian-6.12/raw/trivial/*' --last 10");
  auto options = std::make_shared<Options>();
  command->add_option("CELL", options->cells, "Globs over ids of cells (default: all)");
  command->add_option("--matrix", options->matrix, "Only runs of the matrix of this name");
  command->add_option("--last", options->last, "So many runs with an end, the newest")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  command->add_flag("--flaky", options->flaky, "Only cells that were flaky");
  command->callback([&context, options] { show_history(context, *options); });
}

}  // namespace bpfmatrix::cli
