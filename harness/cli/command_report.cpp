#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "cli/carried_out.h"
#include "cli/command.h"
#include "cli/html_report.h"
#include "cli/stored_run.h"
#include "report/formats.h"
#include "report/render.h"
#include "report/table.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  RunChoice choice;
  std::vector<std::string> formats = {"terminal"};  // FORMAT or FORMAT:FILE
  std::string out;                                  // of a format without a file
};

// Beside those of report/: the page needs its template, and earlier runs out of the store.
constexpr std::string_view kHtml = "html";

std::string format_names() {
  std::string names(kHtml);
  for (const auto& format : report::all_formats()) names += fmt::format(", {}", format.name);
  return names;
}

struct Target {
  const report::Format* format = nullptr;  // null: html
  std::string file;  // empty: standard output
};

// "junit:report.xml"; empty when it is one, else why it is none.
std::string parse_target(const std::string& text, Target& target) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  target.format = report::find_format(name);
  if (colon != std::string::npos) target.file = text.substr(colon + 1);
  if (target.format == nullptr && name != kHtml) {
    std::vector<std::string> known{std::string(kHtml)};
    for (const auto& format : report::all_formats()) known.emplace_back(format.name);
    const auto near = base::nearest(name, known);
    return fmt::format("there is no format \"{}\"{}; there are {}", base::printable(name),
                       near ? fmt::format(", did you mean {}?", *near) : "", format_names());
  }
  if (colon != std::string::npos && target.file.empty())
    return fmt::format("\"{}\" names no file", base::printable(text));
  return {};
}

// All of them, with --out given to the one that has no file of its own.
base::Result<std::vector<Target>> targets_of(const Options& options) {
  std::vector<Target> targets;
  uint32_t without_file = 0;
  for (const auto& text : options.formats) {
    Target target;
    if (const auto mistake = parse_target(text, target); !mistake.empty())
      return base::fail(base::ErrorKind::invalid_input, "--format: {}", mistake);
    if (target.file.empty()) {
      ++without_file;
      target.file = options.out;
    }
    targets.push_back(std::move(target));
  }
  if (without_file > 1)
    return base::fail(base::ErrorKind::invalid_input,
                      "--format: only one of several can go to {}; give the others files, as in "
                      "--format junit:report.xml",
                      options.out.empty() ? "standard output" : options.out);
  if (without_file == 0 && !options.out.empty())
    return base::fail(base::ErrorKind::invalid_input,
                      "--out {}: each --format names a file already", options.out);
  return targets;
}

base::Result<std::string> text_of(const Target& target, const Context& context,
                                  const RunChoice& choice, const StoredRun& stored) {
  if (target.format == nullptr) return html_report(context.open_workspace(), choice, stored);
  // Only the terminal's table depends on where it goes.
  if (target.format->name == "terminal" && target.file.empty())
    return report::render_terminal(
        report::make_table(stored.run, stored.judgement, stored.findings), {context.color_wanted(), 100});
  return target.format->render(stored.run, stored.judgement, stored.findings);
}

// A new file is there whole or not at all; a pipe or a device is written as it is.
base::Status write_target(const std::string& path, const std::string& text) {
  std::error_code none;
  const auto status = std::filesystem::status(path, none);
  if (std::filesystem::is_directory(status))
    return base::fail(base::ErrorKind::invalid_input, "write {}: it is a folder; name a file in it",
                      path);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status))
    return base::write_file(path, text);
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) return base::fail(base::ErrorKind::io, "write {}: {}", path, std::strerror(errno));
  return {};
}

void report_run(Context& context, const Options& options) {
  const auto targets = targets_of(options);
  if (!targets) return context.fail(targets.error());
  const auto workspace = context.open_workspace();
  const auto stored = read_run(workspace, options.choice);
  if (!stored) return context.fail(stored.error());
  for (const auto& target : *targets) {
    const auto text = text_of(target, context, options.choice, *stored);
    if (!text) return context.fail(text.error());
    if (target.file.empty()) {
      std::fwrite(text->data(), 1, text->size(), stdout);
      continue;
    }
    if (const auto written = write_target(target.file, *text); !written)
      return context.fail(written.error());
  }
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

std::string format_help() {
  std::string text =
      "FORMAT or FORMAT:FILE, repeatable:\nhtml (one page that works without a network)";
  for (const auto& format : report::all_formats())
    text += fmt::format("\n{} ({})", format.name, format.what);
  return text + "\n";
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "report", "Write a run of the store or of a file as a table or for other programs");
  command->footer(
      "Examples: bpfmatrix report latest --format html --out report.html\n"
      "          bpfmatrix report --format junit:report.xml --format "
      "github-summary:$GITHUB_STEP_SUMMARY");
  auto options = std::make_shared<Options>();
  add_run_choice(*command, options->choice);
  command->add_option("--format", options->formats, format_help())
      ->allow_extra_args(false)  // what follows is RUN
      ->capture_default_str();
  command->add_option("--out", options->out, "File to write instead of standard output");
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
