#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/carried_out.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/html_report.h"
#include "cli/stored_run.h"
#include "report/render.h"
#include "report/table.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  RunChoice choice;
  std::string format = "terminal";
  std::string out;  // a file; empty: standard output
};

void report_html(Context& context, const image::Workspace& workspace, const Options& options,
                 const StoredRun& stored) {
  const auto page = html_report(workspace, options.choice, stored);
  if (!page) return context.fail(page.error());
  if (options.out.empty()) {
    fmt::print("{}", *page);
  } else if (const auto written = base::write_file(options.out, *page); !written) {
    return context.fail(written.error());
  }
}

void report_run(Context& context, const Options& options) {
  const auto workspace = context.open_workspace();
  const auto stored = read_run(workspace, options.choice);
  if (!stored) return context.fail(stored.error());
  if (options.format == "html") {
    report_html(context, workspace, options, *stored);
    if (context.exit_code != kAsExpected) return;
    std::fflush(stdout);
    if (options.choice.file.empty()) tell_incomplete(context, workspace, *stored);
    return;
  }
  const auto table = report::make_table(stored->run, stored->judgement, stored->findings);
  if (options.format == "markdown")
    fmt::print("{}", report::render_markdown(table));
  else
    fmt::print("{}", report::render_terminal(table, {context.color_wanted(), 100}));
  std::fflush(stdout);
  if (options.choice.file.empty()) tell_incomplete(context, workspace, *stored);
}

struct ExportOptions {
  RunChoice choice;
  std::string format = "json";
};

void export_run(Context& context, const ExportOptions& options) {
  const auto workspace = context.open_workspace();
  const auto stored = read_run(workspace, options.choice);
  if (!stored) return context.fail(stored.error());
  fmt::print("{}", report::render_json(stored->run, stored->judgement, stored->findings));
  std::fflush(stdout);
  if (options.choice.file.empty()) tell_incomplete(context, workspace, *stored);
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("report", "Print the table of a run of the store or of a file");
  command->footer("Example: bpfmatrix report latest --format html --out report.html");
  auto options = std::make_shared<Options>();
  add_run_choice(*command, options->choice);
  command->add_option("--format", options->format, "terminal, markdown, or html (one page)")
      ->check(CLI::IsMember({"terminal", "markdown", "html"}))
      ->capture_default_str();
  command->add_option("--out", options->out, "A file to write html to, instead of standard output");
  command->callback([&context, options] { report_run(context, *options); });
}

void add_export(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("export", "Write every cell of a run for other programs");
  command->footer("Example: bpfmatrix export latest > results.json");
  auto options = std::make_shared<ExportOptions>();
  add_run_choice(*command, options->choice);
  command
      ->add_option("--format", options->format, "json (schema: harness/docs/results.schema.json)")
      ->check(CLI::IsMember({"json"}))
      ->capture_default_str();
  command->callback([&context, options] { export_run(context, *options); });
}

}  // namespace bpfmatrix::cli
