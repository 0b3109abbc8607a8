#include <fmt/format.h>

#include <memory>

#include "cli/carried_out.h"
#include "cli/command.h"
#include "run/driver.h"

namespace bpfmatrix::cli {
namespace {

void run(Context& context, const run::RunRequest& request, result::Flaky flaky) {
  auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto workspace = context.open_workspace();
  const auto summary = run::run_matrix(request, workspace, *data);
  if (!summary) return context.fail(summary.error());
  if (!summary->run.empty()) return show_run(context, workspace, *summary, flaky);
  fmt::print(stderr,
             "bpfmatrix: nothing is selected: no cell of the matrix matches -k, -l, -p and -m\n");
  context.exit_code = kNothingSelected;
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("run", "Boot the kernels of a matrix, measure its cells, print the table");
  command->footer("Example: bpfmatrix run quick -k 'debian-6.*' -l raw");
  auto request = std::make_shared<run::RunRequest>();
  command
      ->add_option("MATRIX", request->matrix, "Matrix file, or the name of a shipped one")
      ->required();
  add_selection(*command, request->selection);
  add_machine_options(*command, request);
  auto flaky = std::make_shared<result::Flaky>(result::Flaky::fail);
  add_flaky(*command, *flaky);
  command->callback([&context, request, flaky] { run(context, *request, *flaky); });
}

}  // namespace bpfmatrix::cli
