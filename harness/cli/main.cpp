// bpfmatrix: what happens when this BPF program is loaded, by this library, with this log mode, on
// this kernel.
#include <fmt/format.h>

#include <exception>

#include "cli/command.h"
#include "run/version.h"

int main(int argc, char** argv) {
  using namespace bpfmatrix;  // NOLINT: main only
  CLI::App app{
      "Boots real kernels, loads BPF programs in every verifier log mode with every libbpf "
      "version,\n"
      "and prints what happened.",
      "bpfmatrix"};
  cli::Context context;
  app.set_version_flag("--version", std::string("bpfmatrix ") + run::kVersion);
  app.add_option("--workspace", context.workspace, "Folder for kernels, loaders and results")
      ->envname("BPFMATRIX_WORKSPACE")
      ->capture_default_str();
  app.add_option("--color", context.color, "Colours in tables: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  cli::add_run(app, context);
  cli::add_resume(app, context);
  cli::add_plan(app, context);
  cli::add_bisect(app, context);
  cli::add_list(app, context);
  cli::add_fetch(app, context);
  cli::add_report(app, context);
  cli::add_site(app, context);
  cli::add_compare(app, context);
  cli::add_explain(app, context);
  cli::add_history(app, context);
  cli::add_export(app, context);
  cli::add_docs(app, context);
  cli::add_cache(app, context);
  cli::add_doctor(app, context);
  cli::add_shell(app, context);
  cli::add_completion(app, context);
  cli::add_man(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto text = cli::unknown_command(app, argc, argv); !text.empty()) {
      fmt::print(stderr, "bpfmatrix: {}\n", text);
      return cli::kUsage;
    }
    return app.exit(error) == 0 ? cli::kAsExpected : cli::kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bpfmatrix: BUG: {}\n", error.what());
    return cli::kInternal;
  }
  return context.exit_code;
}
