#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/stored_run.h"
#include "report/render.h"
#include "report/table.h"
#include "run/driver.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  run::RunRequest request;
  std::string accel = "auto";
};

vm::AccelChoice accel_choice(const std::string& text) {
  if (text == "kvm") return vm::AccelChoice::kvm;
  return text == "tcg" ? vm::AccelChoice::tcg : vm::AccelChoice::automatic;
}

void run(Context& context, Options& options) {
  auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  options.request.accel = accel_choice(options.accel);
  const auto workspace = context.open_workspace();
  const auto summary = run::run_matrix(options.request, workspace, *data);
  if (!summary) return context.fail(summary.error());
  if (summary->run.empty()) {
    fmt::print(stderr,
               "bpfmatrix: nothing is selected: no cell of the matrix matches -k, -l, -p and -m\n");
    context.exit_code = kNothingSelected;
    return;
  }
  const auto stored = read_run(workspace, summary->run);
  if (!stored) return context.fail(stored.error());
  const auto table = report::make_table(stored->run, stored->judgement, stored->findings);
  fmt::print("{}", report::render_terminal(table, {color_wanted(), 100}));
  std::fflush(stdout);
  fmt::print(stderr, "bpfmatrix: run {} is kept in {}; again: bpfmatrix report {}\n", summary->run,
             workspace.results().string(), summary->run);
  context.exit_code = summary->signal == 0 ? stored->judgement.exit_code : 128 + summary->signal;
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("run", "Boot the kernels of a matrix, measure its cells, print the table");
  command->footer("Example: bpfmatrix run quick -k 'debian-6.*' -l raw");
  auto options = std::make_shared<Options>();
  command
      ->add_option("MATRIX", options->request.matrix, "Matrix file, or the name of a shipped one")
      ->required();
  add_selection(*command, options->request.selection);
  command->add_option("-j,--jobs", options->request.machines,
                      "Machines at a time (default: by cores and memory)");
  command->add_option("--accel", options->accel, "auto: decided by a canary boot; kvm; tcg")
      ->check(CLI::IsMember({"auto", "kvm", "tcg"}));
  add_sandbox(*command, options->request.sandbox);
  command->add_flag("--locked", options->request.locked,
                    "Use exactly what the workspace's lock says, or refuse");
  command->add_flag("--offline", options->request.offline, "Take kernels only from the workspace");
  command->add_flag("--cold", options->request.cold,
                    "Boot every machine: use no saved one, and save none");
  command->add_flag_callback(
      "--no-cache", [options] { options->request.cache = false; },
      "Run every cell, also those that earlier runs answer");
  command->add_flag("-q,--quiet", options->request.quiet, "No progress, only what goes wrong");
  command->add_option("--qemu", options->request.qemu, "QEMU to use")->capture_default_str();
  command->callback([&context, options] { run(context, *options); });
}

}  // namespace bpfmatrix::cli
