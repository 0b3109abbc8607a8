#include "report/repro.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace bpfmatrix::report {
namespace {

std::string single_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+:/=").find(c) != std::string_view::npos;
}

}  // namespace

std::string shell_word(std::string_view word) {
  const bool plain = !word.empty() && word.front() != '-' && std::ranges::all_of(word, is_plain);
  return plain ? std::string(word) : single_quoted(word);
}

namespace {

// "-k a -k b": each word once.
void add_option(std::string& command, const char* option, std::vector<std::string> words) {
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (const auto& word : words) command += fmt::format(" {} {}", option, word);
}

std::string command_for(const result::RunRecord& run,
                        const std::vector<const result::CellRecord*>& cells) {
  std::vector<std::string> kernels, loaders, programs, modes;
  for (const auto* cell : cells) {
    kernels.push_back(shell_word(run.kernels[cell->kernel].id));
    loaders.push_back(shell_word(run.loaders[cell->loader].id));
    programs.push_back(shell_word(run.programs[cell->program].id));
    modes.push_back(single_quoted(spec::to_text(cell->mode)));
  }
  const auto& matrix = run.header.matrix_file.empty() ? run.header.matrix : run.header.matrix_file;
  // Answered from the run that is doubted, it would repeat nothing.
  std::string command = "bpfmatrix run --no-cache " + shell_word(matrix);
  add_option(command, "-k", std::move(kernels));
  add_option(command, "-l", std::move(loaders));
  add_option(command, "-p", std::move(programs));
  add_option(command, "-m", std::move(modes));
  return command;
}

}  // namespace

std::string repro(const result::RunRecord& run, const result::CellRecord& cell) {
  return command_for(run, {&cell});
}

std::string repro(const result::RunRecord& run, const law::Finding& finding) {
  std::vector<const result::CellRecord*> cells;
  for (const auto cell : {finding.cell, finding.held_against})
    if (cell != law::kNoCell) cells.push_back(&run.cells[cell]);
  return cells.empty() ? std::string() : command_for(run, cells);
}

}  // namespace bpfmatrix::report
