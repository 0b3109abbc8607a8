#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/carried_out.h"
#include "cli/command.h"
#include "cli/stored_run.h"
#include "compare/compare.h"
#include "compare/render.h"
#include "result/store.h"
#include "run/console_watch.h"
#include "spec/known_failures.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  std::string before, after;
  std::string run = "latest";  // whose kernels or loaders are compared
  std::string known;
  std::string format = "terminal";
  compare::Limits limits;
  size_t most = 20;
  result::Flaky flaky = result::Flaky::fail;
};

// What is compared: one run twice when two of its kernels or loaders are.
struct Compared {
  StoredRun before;
  std::optional<StoredRun> after;
  std::string kernels[2], loaders[2];
  std::string titles[2];

  [[nodiscard]] compare::Side side(size_t which) const {
    const auto& stored = which == 1 && after ? *after : before;
    return {titles[which],      &stored.run,    &stored.judgement,
            after ? &stored.findings : nullptr, kernels[which], loaders[which]};
  }
};

base::Result<StoredRun> read_one(const image::Workspace& workspace, const std::string& name,
                                 result::Flaky flaky) {
  RunChoice choice;
  choice.flaky = flaky;
  std::error_code ignored;
  (std::filesystem::is_regular_file(name, ignored) ? choice.file : choice.run) = name;
  return read_run(workspace, choice);
}

// `name` was given: it may have been meant as a kernel or loader.
base::Error no_side(const std::string& name, const Options& options, const base::Error& error) {
  return base::fail(error.kind, "{} is neither a kernel or loader of run {}, nor a file, nor: {}",
                    name, options.run, error.message);
}

template <typename T>
bool has(const std::vector<T>& axis, const std::string& id) {
  return std::ranges::find(axis, id, &T::id) != axis.end();
}

// The newest run with an end before `after`, of the same matrix and the same part of it.
base::Result<std::string> run_before(const image::Workspace& workspace,
                                     const result::RunHeader& after) {
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(const auto headers, store.list());
  const auto at = std::ranges::find(headers, after.id, &result::RunHeader::id);
  if (at != headers.end())
    for (auto next = at + 1; next != headers.end(); ++next)
      if (next->matrix == after.matrix && next->selection == after.selection &&
          !next->finished.empty())
        return next->id;
  return base::fail(base::ErrorKind::invalid_input,
                    "there is no run of the same part of matrix {} before {}; name one: "
                    "bpfmatrix list runs",
                    after.matrix, after.id);
}

base::Result<Compared> find_sides(const image::Workspace& workspace, const Options& options) {
  Compared out;
  if (!options.before.empty() && !options.after.empty()) {
    // Two kernels or loaders, if the run has both; a run that cannot be read has none.
    auto one = read_one(workspace, options.run, options.flaky);
    const bool kernels = one && has(one->run.kernels, options.before) &&
                         has(one->run.kernels, options.after);
    const bool loaders = one && has(one->run.loaders, options.before) &&
                         has(one->run.loaders, options.after);
    const auto is_either = [&](const std::string& name) {
      return has(one->run.kernels, name) || has(one->run.loaders, name);
    };
    if (one && !kernels && !loaders && is_either(options.before) && is_either(options.after))
      return base::fail(base::ErrorKind::invalid_input,
                        "of {} and {} one is a kernel and one a loader: two of a kind are compared",
                        options.before, options.after);
    if (kernels || loaders) {
      out.before = std::move(*one);
      auto& names = kernels ? out.kernels : out.loaders;
      out.titles[0] = names[0] = options.before;
      out.titles[1] = names[1] = options.after;
      return out;
    }
  }
  auto after =
      read_one(workspace, options.after.empty() ? "latest" : options.after, options.flaky);
  if (!after)
    return options.after.empty() ? after.error() : no_side(options.after, options, after.error());
  auto before_name = options.before;
  if (before_name.empty()) {
    BPFM_TRY(before_name, run_before(workspace, after->run.header));
  }
  auto before = read_one(workspace, before_name, options.flaky);
  if (!before) return no_side(before_name, options, before.error());
  out.before = std::move(*before);
  out.titles[0] = out.before.run.header.id;
  out.titles[1] = after->run.header.id;
  out.after = std::move(*after);
  return out;
}

void compare_sides(Context& context, const Options& options) {
  const auto workspace = context.open_workspace();
  spec::KnownFailures known;
  if (!options.known.empty()) {
    auto read = spec::read_known_failures(options.known);
    if (!read) return context.fail(read.error());
    known = std::move(*read);
  }
  const auto compared = find_sides(workspace, options);
  if (!compared) return context.fail(compared.error());
  const auto before = compared->side(0), after = compared->side(1);
  const auto comparison = compare::compare(before, after, options.limits, known, run::today());
  const compare::TextOptions text{context.color_wanted(), options.most};
  fmt::print("{}", options.format == "json"       ? render_json(comparison, before, after)
                   : options.format == "markdown" ? render_markdown(comparison, before, after, text)
                                                  : render_terminal(comparison, before, after, text));
  std::fflush(stdout);
  if (comparison.unexpected != 0)
    context.exit_code = kUnexpected;
  else if (comparison.common == 0)
    context.exit_code = kNothingSelected;
  else if (compared->after)  // what was expected to fail does not count here, trouble of ours does
    context.exit_code = after.judgement->exit_code == kUnexpected ? kAsExpected
                                                                  : after.judgement->exit_code;
  if (comparison.common == 0)
    fmt::print(stderr, "bpfmatrix: the two have no cell in common\n");
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "compare", "What moved between two runs, kernels or loaders, and what became of each cell");
  command->footer(
      "Example: bpfmatrix compare                     the latest run with the one before it\n"
      "         bpfmatrix compare baseline.json.xz latest --known known.yaml\n"
      "         bpfmatrix compare debian-6.1 debian-6.12\n"
      "Exit code 100 when something is unexpected that was not before and is not known.");
  auto options = std::make_shared<Options>();
  command->add_option("BEFORE", options->before,
                      "A run, a file of bpfmatrix export, or a kernel or loader of the run -R "
                      "(default: the run of the same matrix before AFTER)");
  command->add_option("AFTER", options->after, "Likewise (default: latest)");
  command->add_option("-R,--run", options->run, "The run, or file, whose kernels or loaders are meant")
      ->capture_default_str();
  command->add_option("--known", options->known,
                      "YAML file of known failures, each with a reason and a day on which it expires");
  command
      ->add_option_function<double>(
          "--more-instructions",
          [options](double percent) { options->limits.more_instructions = percent; },
          "Percent that the verifier may look at more instructions before that is a regression")
      ->check(CLI::Range(0.0, 1e6));
  command->add_option("--format", options->format, "terminal, markdown or json")
      ->check(CLI::IsMember({"terminal", "markdown", "json"}))
      ->capture_default_str();
  command->add_option("--most", options->most, "Cells shown of each kind of change")
      ->capture_default_str();
  add_flaky(*command, options->flaky);
  command->callback([&context, options] { compare_sides(context, *options); });
}

}  // namespace bpfmatrix::cli
