#include "report/markdown_rows.h"

#include <fmt/core.h>

#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

std::string text_of(const TableCell& cell) {
  if (cell.letter == ' ') return "";
  std::string text = escape_markdown(std::string(1, cell.letter));
  if (cell.unexpected) text = fmt::format("**{}\\!**", text);
  if (!cell.detail.empty()) text += ' ' + escape_markdown(cell.detail);
  for (const auto note : cell.notes) text += ' ' + superscript(note);
  return text;
}

}  // namespace

std::string markdown_block_head(const Table& table, const TableBlock& block) {
  std::string header = "| |";
  std::string rule = "|---|";
  for (const auto& column : table.columns) {
    header += fmt::format(" {} |", escape_markdown(column));
    rule += "---|";
  }
  return fmt::format("#### {}\n\n{}\n{}\n", escape_markdown(block.title), header, rule);
}

std::string markdown_row(const TableRow& row) {
  std::string out = fmt::format("| {} |", escape_markdown(row.loaders));
  for (const auto& cell : row.cells) out += fmt::format(" {} |", text_of(cell));
  return out + '\n';
}

std::vector<std::string> markdown_list(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (const auto& text : texts) lines.push_back(fmt::format("- {}\n", escape_markdown(text)));
  return lines;
}

std::vector<std::string> markdown_footnotes(const Table& table) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < table.footnotes.size(); ++i)
    lines.push_back(fmt::format("- {} {}\n", superscript(static_cast<uint32_t>(i + 1)),
                                escape_markdown(table.footnotes[i])));
  return lines;
}

}  // namespace bpfmatrix::report
