#include <fmt/core.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "report/render.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

// Markdown's own characters lose their meaning; what GitHub makes links of (mentions, issue
// numbers, addresses) is broken up with a zero-width space, since escaping does not reach that
// step.
std::string escaped(std::string_view raw) {
  constexpr std::string_view kZeroWidthSpace = "&#8203;";
  const std::string text = base::printable(raw);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '\n':
      case '\r':
      case '\t':
        out += ' ';
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '@':
        out += "@", out += kZeroWidthSpace;
        break;
      case '#':
        out += "\\#", out += kZeroWidthSpace;
        break;
      case ':':
        out += c;
        if (std::string_view(text).substr(i).starts_with("://")) out += kZeroWidthSpace;
        break;
      case '.':
        if (i >= 3 && (std::string_view(text).substr(i - 3, 3) == "www" ||
                       std::string_view(text).substr(i - 3, 3) == "WWW"))
          out += kZeroWidthSpace;
        out += c;
        break;
      default:
        if (std::string_view("\\`*_[]|~!$").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
  }
  return out;
}

std::string text_of(const TableCell& cell) {
  if (cell.letter == ' ') return "";
  std::string text = escaped(std::string(1, cell.letter));
  if (cell.unexpected) text = fmt::format("**{}\\!**", text);
  if (!cell.detail.empty()) text += ' ' + escaped(cell.detail);
  for (const auto note : cell.notes) text += ' ' + superscript(note);
  return text;
}

void add_list(std::string& out, const std::vector<std::string>& lines) {
  for (const auto& line : lines) out += fmt::format("- {}\n", escaped(line));
  if (!lines.empty()) out += '\n';
}

}  // namespace

std::string render_markdown(const Table& table) {
  std::string out = fmt::format("## {}\n\n", escaped(table.title));
  std::string header = "| |";
  std::string rule = "|---|";
  for (const auto& column : table.columns) {
    header += fmt::format(" {} |", escaped(column));
    rule += "---|";
  }
  for (const auto& block : table.blocks) {
    out += fmt::format("#### {}\n\n{}\n{}\n", escaped(block.title), header, rule);
    for (const auto& row : block.rows) {
      out += fmt::format("| {} |", escaped(row.loaders));
      for (const auto& cell : row.cells) out += fmt::format(" {} |", text_of(cell));
      out += '\n';
    }
    out += '\n';
  }
  add_list(out, table.legend);
  for (size_t i = 0; i < table.footnotes.size(); ++i)
    out += fmt::format("- {} {}\n", superscript(static_cast<uint32_t>(i + 1)),
                       escaped(table.footnotes[i]));
  if (!table.footnotes.empty()) out += '\n';
  add_list(out, table.summary);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace bpfmatrix::report
