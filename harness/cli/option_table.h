// The options of the program as a table, read from the parser itself, for what is made of them:
// completions of shells and the man page. Pure.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace bpfmatrix::cli {

struct OptionRow {
  std::vector<std::string> names;    // "-k", "--kernel"; empty for a positional
  std::string positional;            // "MATRIX"
  std::string value;                 // "TEXT"; empty for a flag
  std::vector<std::string> choices;  // of a value that is one of a few words
  std::string description;           // one line
  bool repeatable = false;
};
struct CommandRow {
  std::string name, description, footer;
  std::vector<OptionRow> options;
  std::vector<CommandRow> commands;  // of "cache": "info", "gc"
};

// The whole program; the table's own name is that of the program.
[[nodiscard]] CommandRow option_table(const CLI::App& app);

[[nodiscard]] std::string bash_completion(const CommandRow& program);
[[nodiscard]] std::string zsh_completion(const CommandRow& program);
[[nodiscard]] std::string fish_completion(const CommandRow& program);
// mdoc(7), section 1.
[[nodiscard]] std::string man_page(const CommandRow& program, const std::string& version);

}  // namespace bpfmatrix::cli
