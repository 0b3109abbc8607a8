#include <fmt/core.h>

#include <string>

#include "report/markdown_rows.h"
#include "report/markdown_text.h"
#include "report/render.h"

namespace bpfmatrix::report {
namespace {

void add_lines(std::string& out, const std::vector<std::string>& lines) {
  for (const auto& line : lines) out += line;
  if (!lines.empty()) out += '\n';
}

}  // namespace

std::string render_markdown(const Table& table) {
  std::string out = fmt::format("## {}\n\n", escape_markdown(table.title));
  for (const auto& block : table.blocks) {
    out += markdown_block_head(table, block);
    for (const auto& row : block.rows) out += markdown_row(row);
    out += '\n';
  }
  add_lines(out, markdown_list(table.legend));
  add_lines(out, markdown_footnotes(table));
  add_lines(out, markdown_list(table.summary));
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace bpfmatrix::report
