// Pieces of Markdown. Pure. What is called Markdown here is put out as it is; all other text is
// made inert.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::compat {

// First line of every page, by which it is known again.
inline constexpr std::string_view kMarker =
    "<!-- Made by bpfmatrix docs. Changes here will be lost. -->\n";

// Text of a law file or a claim: as report::escape_markdown(), but https:// addresses are links.
[[nodiscard]] std::string prose(std::string_view text);
// `text` as code, one line of at most `limit` bytes; an en dash when empty. Fits a table too.
[[nodiscard]] std::string code(std::string_view text, size_t limit = 300);
// The last `lines` lines as a block of code, whatever they hold.
[[nodiscard]] std::string code_block(std::string_view text, size_t lines);
// "1 cell", "2 cells".
[[nodiscard]] std::string count(uint64_t number, std::string_view what);
// An id as part of a file's name: only letters, digits, '.', '_' and '-', no '.' first.
[[nodiscard]] std::string file_name(std::string_view id);

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }  // Markdown
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // With an empty line behind it; "" without rows.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// Kernels across, loaders down; loaders of a kind whose rows are alike share one.
class Grid {
 public:
  explicit Grid(const result::RunRecord& run)
      : run_(run), texts_(run.kernels.size() * run.loaders.size()) {}
  void set(uint32_t kernel, uint32_t loader, std::string markdown) {
    texts_[loader * run_.kernels.size() + kernel] = std::move(markdown);
  }
  // A line for each loader that has any text.
  [[nodiscard]] std::string text() const;
  // Appends its rows to a table whose columns are `lead` and the kernels.
  void add_to(Table& table, const std::string& lead) const;

 private:
  struct Row {
    std::vector<uint32_t> loaders;
    std::vector<std::string> texts;
  };
  [[nodiscard]] std::vector<Row> rows() const;

  const result::RunRecord& run_;
  std::vector<std::string> texts_;  // loader * kernels + kernel
};

// "", and a column for each kernel.
[[nodiscard]] std::vector<std::string> kernel_header(const result::RunRecord& run,
                                                     std::vector<std::string> first);

}  // namespace bpfmatrix::compat
