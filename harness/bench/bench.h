// bpfmatrix-bench: measures what a figure is asked of, prints it, asserts nothing.
//
// Each command lives in a file of its own and offers one function that adds it to the program; its
// callback sets Context::exit_code.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>

#include "base/error.h"
#include "image/workspace.h"

namespace bpfmatrix::bench {

struct Context {
  std::filesystem::path workspace = ".bpfmatrix";
  int exit_code = 0;

  [[nodiscard]] image::Workspace open_workspace() const;
  // Prints the error; the exit code is 1.
  void fail(const base::Error& error);
};

void add_rate(CLI::App& app, Context& context);
void add_start(CLI::App& app, Context& context);

}  // namespace bpfmatrix::bench
