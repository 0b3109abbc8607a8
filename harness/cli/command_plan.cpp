#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/carried_out.h"
#include "cli/command.h"
#include "image/git_source.h"
#include "run/planning.h"
#include "run/preview.h"

namespace bpfmatrix::cli {
namespace {

using Ruling = plan::Cell::Ruling;

struct Options {
  run::RunRequest request;
  bool json = false;
  bool cells = false;
};

const char* ruling_name(Ruling ruling) {
  return ruling == Ruling::run        ? "run"
         : ruling == Ruling::filtered ? "filtered"
         : ruling == Ruling::cached   ? "cached"
                                      : "not_expressible";
}

struct Count {
  uint32_t run = 0, cached = 0, settled = 0;
  std::set<uint32_t> loaders;  // of the cells to run
};

std::map<uint32_t, Count> count_by_kernel(const plan::Plan& plan) {
  std::map<uint32_t, Count> counts;
  for (const auto& cell : plan.cells) {
    auto& count = counts[cell.kernel];
    ++(cell.ruling == Ruling::run      ? count.run
       : cell.ruling == Ruling::cached ? count.cached
                                       : count.settled);
    if (cell.ruling == Ruling::run) count.loaders.insert(cell.loader);
  }
  return counts;
}

std::string counted(size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void print_laws(const std::vector<spec::Law>& laws) {
  if (laws.empty()) return;
  const auto features = static_cast<size_t>(
      std::count_if(laws.begin(), laws.end(), [](const spec::Law& law) {
        return law.kind == spec::Law::Kind::feature;
      }));
  fmt::print("{} and {}, their cells among these\n", counted(laws.size() - features, "law"),
             counted(features, "feature"));
}

void print_text(const plan::Plan& plan, const std::vector<spec::Law>& laws, bool cells) {
  uint32_t boots = 0, run = 0, cached = 0, settled = 0;
  const auto besides = [](uint32_t cells, const char* what) {
    return cells == 0 ? std::string() : fmt::format(", {} {}", cells, what);
  };
  for (const auto& [kernel, count] : count_by_kernel(plan)) {
    fmt::print("{:<16} {:>6} cells with {} loaders{}{}\n", plan.kernels[kernel].id, count.run,
               count.loaders.size(), besides(count.cached, "cached"),
               besides(count.settled, "settled without running"));
    boots += count.run != 0 ? 1 : 0;
    run += count.run;
    cached += count.cached;
    settled += count.settled;
  }
  fmt::print("{} boots, {} cells to run{}, {} settled without running (excluded or not expressible)\n",
             boots, run, besides(cached, "cached (earlier runs answer them)"), settled);
  print_laws(laws);
  if (!cells) return;
  for (const auto& cell : plan.cells)
    fmt::print("{} {}{}{}\n", ruling_name(cell.ruling), plan.id(cell),
               cell.ruling_text.empty() ? "" : "  # ", cell.ruling_text);
}

void print_json(const plan::Plan& plan, const std::vector<spec::Law>& laws,
                const run::Preview& preview) {
  nlohmann::ordered_json out;
  if (!preview.unknown.empty()) out["cached_unknown"] = preview.unknown;
  out["boots"] = nlohmann::ordered_json::array();
  for (const auto& [kernel, count] : count_by_kernel(plan))
    out["boots"].push_back(
        {{"kernel", plan.kernels[kernel].id},
         {"cells", count.run},
         {"cached", count.cached},
         {"settled", count.settled}});
  out["laws"] = nlohmann::ordered_json::array();
  for (const auto& law : laws) out["laws"].push_back(law.id);
  out["cells"] = nlohmann::ordered_json::array();
  for (const auto& cell : plan.cells) {
    nlohmann::ordered_json one{{"id", plan.id(cell)}, {"ruling", ruling_name(cell.ruling)}};
    if (!cell.ruling_text.empty()) one["reason"] = cell.ruling_text;
    out["cells"].push_back(std::move(one));
  }
  fmt::print("{}\n", out.dump(1));
}

void show_plan(Context& context, const Options& options) {
  const auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto& request = options.request;
  const auto workspace = context.open_workspace();
  auto planned = run::make_plan(request.matrix, request.selection, *data,
                                image::make_tag_lister(workspace, request.offline));
  if (!planned) return context.fail(planned.error());
  const auto preview = run::mark_cached(*planned, request, workspace, *data);
  if (!preview) return context.fail(preview.error());
  for (const auto& note : planned->plan.notes) fmt::print(stderr, "bpfmatrix: {}\n", note);
  if (!preview->unknown.empty())
    fmt::print(stderr, "bpfmatrix: what earlier runs answer is not known: {}\n", preview->unknown);
  if (options.json)
    print_json(planned->plan, planned->matrix.laws, *preview);
  else
    print_text(planned->plan, planned->matrix.laws, options.cells);
  if (planned->plan.cells.empty()) context.exit_code = kNothingSelected;
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("plan", "Print the boots and cells of a matrix; runs nothing");
  command->footer("Example: bpfmatrix plan nightly -k debian-6.12 --cells");
  auto options = std::make_shared<Options>();
  command->add_option("MATRIX", options->request.matrix, "Matrix file, or the name of a shipped one")
      ->required();
  add_selection(*command, options->request.selection);
  add_accel(*command, options->request);
  add_sandbox(*command, options->request.sandbox);
  command->add_flag("--offline", options->request.offline,
                    "Ask no repository for its tags: take what was listed last");
  command->add_flag_callback(
      "--no-cache", [options] { options->request.cache = false; },
      "As if no earlier run had an answer");
  command->add_option("--qemu", options->request.qemu, "QEMU that a run would use")
      ->capture_default_str();
  command->add_flag("--cells", options->cells, "Print every cell");
  command->add_flag("--json", options->json, "Everything as JSON");
  command->callback([&context, options] { show_plan(context, *options); });
}

}  // namespace bpfmatrix::cli
