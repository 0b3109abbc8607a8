#include <fmt/core.h>

#include <string>

#include "report/markdown_text.h"
#include "report/render.h"
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

void add_list(std::string& out, const std::vector<std::string>& lines) {
  for (const auto& line : lines) out += fmt::format("- {}\n", escape_markdown(line));
  if (!lines.empty()) out += '\n';
}

}  // namespace

std::string render_markdown(const Table& table) {
  std::string out = fmt::format("## {}\n\n", escape_markdown(table.title));
  std::string header = "| |";
  std::string rule = "|---|";
  for (const auto& column : table.columns) {
    header += fmt::format(" {} |", escape_markdown(column));
    rule += "---|";
  }
  for (const auto& block : table.blocks) {
    out += fmt::format("#### {}\n\n{}\n{}\n", escape_markdown(block.title), header, rule);
    for (const auto& row : block.rows) {
      out += fmt::format("| {} |", escape_markdown(row.loaders));
      for (const auto& cell : row.cells) out += fmt::format(" {} |", text_of(cell));
      out += '\n';
    }
    out += '\n';
  }
  add_list(out, table.legend);
  for (size_t i = 0; i < table.footnotes.size(); ++i)
    out += fmt::format("- {} {}\n", superscript(static_cast<uint32_t>(i + 1)),
                       escape_markdown(table.footnotes[i]));
  if (!table.footnotes.empty()) out += '\n';
  add_list(out, table.summary);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace bpfmatrix::report
