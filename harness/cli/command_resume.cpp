#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/carried_out.h"
#include "cli/command.h"
#include "run/driver.h"

namespace bpfmatrix::cli {
namespace {

void resume(Context& context, const std::string& name, const run::RunRequest& request,
            result::Flaky flaky) {
  auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto workspace = context.open_workspace();
  if (!std::filesystem::exists(workspace.results()))
    return context.fail(base::fail(
        base::ErrorKind::invalid_input,
        "{}: no run was made in this workspace yet; start one with: bpfmatrix run quick",
        workspace.results().string()));
  const auto summary = run::resume_run(name, request, workspace, *data);
  if (!summary) return context.fail(summary.error());
  if (summary->run.empty())
    fmt::print(stderr, "bpfmatrix: every run of this workspace came to its end\n");
  else if (summary->was_complete)
    fmt::print(stderr, "bpfmatrix: run {} came to its end already; its table: {}\n",
               summary->run, context.to_paste("report " + summary->run));
  else
    show_run(context, workspace, *summary, flaky);
}

}  // namespace

void add_resume(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "resume", "Go on with a run that was interrupted: what it has measured stays");
  command->footer("Example: bpfmatrix resume");
  auto name = std::make_shared<std::string>();
  auto request = std::make_shared<run::RunRequest>();
  command->add_option("RUN", *name,
                      "Id or the beginning of one (default: the newest incomplete run)");
  add_machine_options(*command, request);
  auto flaky = std::make_shared<result::Flaky>(result::Flaky::fail);
  add_flaky(*command, *flaky);
  command->callback(
      [&context, name, request, flaky] { resume(context, *name, *request, *flaky); });
}

}  // namespace bpfmatrix::cli
