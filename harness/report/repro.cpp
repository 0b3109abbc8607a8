#include "report/repro.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

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

// Quoted where a shell would read something into it.
std::string shell_word(std::string_view word) {
  const bool plain = !word.empty() && word.front() != '-' && std::ranges::all_of(word, is_plain);
  return plain ? std::string(word) : single_quoted(word);
}

}  // namespace

std::string repro(const result::RunRecord& run, const result::CellRecord& cell) {
  const auto& matrix = run.header.matrix_file.empty() ? run.header.matrix : run.header.matrix_file;
  return fmt::format(
      "bpfmatrix run {} -k {} -l {} -p {} -m {}", shell_word(matrix),
      shell_word(run.kernels[cell.kernel].id), shell_word(run.loaders[cell.loader].id),
      shell_word(run.programs[cell.program].id), single_quoted(spec::to_text(cell.mode)));
}

}  // namespace bpfmatrix::report
