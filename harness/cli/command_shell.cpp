#include <fmt/format.h>

#include <memory>

#include "cli/carried_out.h"
#include "cli/command.h"
#include "cli/stored_run.h"
#include "run/shell.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  std::string cell;
  std::string run = "latest";
  run::RunRequest request;
};

// The matrix of the run, when it has the cell; else the shipped one with the most cells.
std::string matrix_of(const image::Workspace& workspace, const Options& options) {
  const auto stored = read_run(workspace, options.run);
  if (!stored) return "nightly";
  const auto& header = stored->run.header;
  for (const auto& cell : stored->run.cells)
    if (cell.id == options.cell) return header.matrix_file.empty() ? header.matrix : header.matrix_file;
  return "nightly";
}

// The parts of "kernel/loader/program/mode" as a selection of that one cell.
base::Status select(const std::string& cell, plan::Selection& selection) {
  std::vector<std::string>* axes[] = {&selection.kernels, &selection.loaders, &selection.programs,
                                      &selection.modes};
  std::string_view rest = cell;
  for (size_t i = 0; i < 4; ++i) {
    const auto slash = i == 3 ? std::string_view::npos : rest.find('/');
    if (rest.empty() || (i < 3 && slash == std::string_view::npos))
      return base::fail(base::ErrorKind::invalid_input,
                        "{} is no cell: its id is kernel/loader/program/mode, as in "
                        "debian-6.12/raw/trivial/prog_load:2:4096",
                        cell);
    axes[i]->emplace_back(rest.substr(0, slash));
    rest = i == 3 ? std::string_view{} : rest.substr(slash + 1);
  }
  return {};
}

void open_shell(Context& context, Options options) {
  if (const auto selected = select(options.cell, options.request.selection); !selected)
    return context.fail(selected.error());
  const auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto workspace = context.open_workspace();
  auto& matrix = options.request.matrix;
  if (matrix.empty()) matrix = matrix_of(workspace, options);
  const auto done =
      run::run_shell(options.request, workspace, *data)
          .in(fmt::format("{} of matrix {} (--matrix names another)", options.cell, matrix));
  if (!done) context.fail(done.error());
}

}  // namespace

void add_shell(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "shell", "A prompt in the kernel of one cell, with its loader and program ready");
  command->footer(
      "Example: bpfmatrix shell debian-6.12/raw/trivial/prog_load:2:4096\n"
      "         echo cell | bpfmatrix shell debian-6.1/libbpf-0.3/long_fault/prog_load:2:4096");
  auto options = std::make_shared<Options>();
  command->add_option("CELL", options->cell, "Id of a cell, as reports have it")->required();
  command->add_option("--matrix", options->request.matrix, "The matrix that has it (default: that of the run -R if it has the cell, else nightly)");
  command->add_option("-R,--run", options->run, "Run: id, beginning, or latest")
      ->capture_default_str();
  add_accel(*command, options->request);
  add_sandbox(*command, options->request.sandbox);
  command->add_flag("--offline", options->request.offline,
                    "Fetch nothing: take what the workspace has");
  command->add_flag("-q,--quiet", options->request.quiet, "Say nothing before the machine does");
  command->add_option("--qemu", options->request.qemu, "QEMU to use")->capture_default_str();
  command->callback([&context, options] { open_shell(context, *options); });
}

}  // namespace bpfmatrix::cli
