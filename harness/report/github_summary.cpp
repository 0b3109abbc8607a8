#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/formats.h"
#include "report/markdown_rows.h"
#include "report/markdown_text.h"

namespace bpfmatrix::report {
namespace {

constexpr size_t kRoomForCut = 1024;  // the line that tells what was left out

// Lines up to `limit` bytes; the number of those that did not fit is told in a line of its own.
void add_lines(std::string& out, const std::vector<std::string>& lines, size_t limit) {
  const size_t end = out.size() + limit;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (out.size() + lines[i].size() + 64 > end) {
      out += fmt::format("- … and {} more\n", lines.size() - i);
      break;
    }
    out += lines[i];
  }
  if (!lines.empty()) out += '\n';
}

std::string cut_line(const result::RunRecord& run, size_t shown, size_t all) {
  return fmt::format(
      "**Cut here: {} of {} rows are shown, a summary takes no more. The whole table: bpfmatrix "
      "report {} --format markdown**\n\n",
      shown, all, escape_markdown(run.header.id.substr(0, 200)));
}

// Whole rows, as many as fit in `limit` bytes.
void add_blocks(std::string& out, const result::RunRecord& run, const Table& table, size_t limit) {
  size_t all = 0, shown = 0;
  for (const auto& block : table.blocks) all += block.rows.size();
  const size_t end = out.size() + limit;
  for (const auto& block : table.blocks) {
    std::string text = markdown_block_head(table, block);
    size_t rows = 0;
    for (const auto& row : block.rows) {
      const auto line = markdown_row(row);
      if (out.size() + text.size() + line.size() + 1 > end) break;
      text += line;
      ++rows;
    }
    shown += rows;
    if (rows != 0) out += text + "\n";
    if (rows == block.rows.size()) continue;
    out += cut_line(run, shown, all);
    return;
  }
}

}  // namespace

std::string render_github_summary(const result::RunRecord& run, const Table& table, size_t limit) {
  // What explains the table comes last and must not be lost: it is written first.
  std::string tail;
  add_lines(tail, markdown_list(table.legend), limit / 8);
  add_lines(tail, markdown_footnotes(table), limit / 8);
  std::string out = fmt::format(
      "## {}\n\n", escape_markdown(table.title.substr(0, std::min<size_t>(limit / 32, 1000))));
  add_lines(out, markdown_list(table.summary), limit / 4);
  const size_t used = out.size() + tail.size() + kRoomForCut;
  add_blocks(out, run, table, limit > used ? limit - used : 0);
  out += tail;
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace bpfmatrix::report
