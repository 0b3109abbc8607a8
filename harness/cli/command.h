// What the subcommands share: where things are, what the process will exit with.
//
// Each command lives in a file of its own and offers one function that adds it to the program; its
// callback sets Context::exit_code. Reports go to standard output, everything else to standard
// error.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/plan.h"
#include "vm/sandbox.h"

namespace bpfmatrix::cli {

// The documented exit codes (README, "Exit codes").
enum ExitCode : int {
  kAsExpected = 0,
  kInternal = 1,
  kUsage = 2,
  kNothingSelected = 4,
  kIncomplete = 5,
  kUnfit = 75,
  kUnexpected = 100,
  kInfrastructure = 101,
};

struct Context {
  std::filesystem::path workspace = ".bpfmatrix";
  int exit_code = kAsExpected;
  std::string color = "auto";  // --color

  [[nodiscard]] image::Workspace open_workspace() const;
  // Prints the error and sets the exit code that its kind has.
  void fail(const base::Error& error);
  // A command to paste that works in the same workspace: "bpfmatrix --workspace /w report latest" for
  // "report latest".
  [[nodiscard]] std::string to_paste(const std::string& words) const;
  // May standard output be coloured? By --color; else when it is a terminal and NO_COLOR is not set.
  [[nodiscard]] bool color_wanted() const;
};

// A sentence about the word that was typed where a command is wanted; empty when there is such a
// command, or no word.
[[nodiscard]] std::string unknown_command(const CLI::App& app, int argc, char** argv);

// The -k, -l, -p, -m globs.
void add_selection(CLI::App& command, plan::Selection& selection);

// --sandbox, and BPFMATRIX_SANDBOX where it is not given.
void add_sandbox(CLI::App& command, vm::SandboxChoice& choice);

void add_run(CLI::App& app, Context& context);
void add_resume(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_bisect(CLI::App& app, Context& context);
void add_list(CLI::App& app, Context& context);
void add_fetch(CLI::App& app, Context& context);
void add_compare(CLI::App& app, Context& context);
void add_history(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);
void add_site(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_docs(CLI::App& app, Context& context);
void add_cache(CLI::App& app, Context& context);
void add_shell(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_man(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);

}  // namespace bpfmatrix::cli
