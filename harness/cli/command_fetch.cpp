#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "image/git_source.h"
#include "run/planning.h"
#include "run/preparation.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  std::string matrix = "quick";
  plan::Selection selection;
  bool locked = false;
};

void print_slot(const std::string& id, const std::optional<run::Obstacle>& obstacle,
                const std::string& what, uint32_t* missing) {
  if (obstacle) ++*missing;
  fmt::print("{:<16} {}\n", id, obstacle ? "cannot be had: " + obstacle->text : what);
}

void fetch(Context& context, const Options& options) {
  const auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto planned = run::make_plan(options.matrix, options.selection, *data,
                                      image::make_tag_lister(context.open_workspace()));
  if (!planned) return context.fail(planned.error());
  run::PrepareOptions prepare{options.locked, false, [](const std::string& text) {
                                fmt::print(stderr, "bpfmatrix: {}\n", text);
                              }};
  const auto made =
      run::prepare(planned->plan, context.open_workspace(), *data, planned->kernels, prepare);
  if (!made) return context.fail(made.error());
  for (const auto& note : made->notes) fmt::print(stderr, "bpfmatrix: {}\n", note);
  uint32_t missing = 0;
  for (size_t i = 0; i < made->kernels.size(); ++i) {
    const auto& slot = made->kernels[i];
    if (!slot.kernel && !slot.obstacle) continue;
    print_slot(planned->plan.kernels[i].id, slot.obstacle,
               slot.kernel ? fmt::format("{} ({})", slot.kernel->release, slot.kernel->source) : "",
               &missing);
  }
  for (size_t i = 0; i < made->loaders.size(); ++i) {
    const auto& slot = made->loaders[i];
    if (!slot.loader && !slot.obstacle) continue;
    print_slot(planned->plan.loaders[i].id, slot.obstacle, slot.loader ? slot.loader->source : "",
               &missing);
  }
  if (missing != 0) context.exit_code = kInfrastructure;
}

}  // namespace

void add_fetch(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "fetch", "Fetch the kernels and build the loaders of a matrix; boots nothing");
  command->footer("Example: bpfmatrix fetch nightly");
  auto options = std::make_shared<Options>();
  command->add_option("MATRIX", options->matrix, "Matrix file, or the name of a shipped one")
      ->capture_default_str();
  add_selection(*command, options->selection);
  command->add_flag("--locked", options->locked, "Refuse to move from what the lock says");
  command->callback([&context, options] { fetch(context, *options); });
}

}  // namespace bpfmatrix::cli
