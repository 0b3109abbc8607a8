#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "report/inert_text.h"
#include "report/render.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

constexpr size_t kIndent = 2;        // of a row below its block's title
constexpr size_t kGap = 2;           // between columns
constexpr size_t kHeaderEvery = 30;  // lines after which the kernels are named again

// SGR codes. The letter says the same without them.
const char* color_of(char letter) {
  switch (letter) {
    case 'L':
      return "32";  // green
    case 'R':
      return "36";  // cyan: an answer like any other
    case 'T':
      return "33";  // yellow
    case 'E':
    case 'M':
      return "35";  // magenta
    case 'F':
    case 'C':
    case 'W':
    case 'A':
    case 'H':
    case 'O':
    case 'G':
    case 'B':
      return "31";  // red
    default:
      return "90";  // grey
  }
}

std::string colored(std::string_view text, const char* code, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string text_of(const TableCell& cell) {
  std::string text(1, cell.letter);
  if (cell.unexpected) text += '!';
  if (!cell.detail.empty()) text += ' ' + cell.detail;
  for (const auto note : cell.notes) text += ' ' + superscript(note);
  return base::printable(text);
}

class TerminalTable {
 public:
  TerminalTable(const Table& table, const TerminalOptions& options)
      : table_(table), options_(options) {
    for (const auto& block : table.blocks)
      for (const auto& row : block.rows)
        label_width_ =
            std::max(label_width_, kIndent + display_width(base::printable(row.loaders)));
    for (size_t column = 0; column < table.columns.size(); ++column) {
      size_t width = display_width(base::printable(table.columns[column]));
      for (const auto& block : table.blocks)
        for (const auto& row : block.rows)
          width = std::max(width, display_width(text_of(row.cells[column])));
      widths_.push_back(width);
    }
  }

  std::string text() {
    line(colored(base::printable(table_.title), "1", options_.color));
    for (size_t first = 0; first < widths_.size() || first == 0;) {
      const size_t last = panel_end(first);
      panel(first, last);
      if (last == first) break;
      first = last;
    }
    line("");
    legend();
    for (size_t i = 0; i < table_.footnotes.size(); ++i) {
      const std::string mark = superscript(static_cast<uint32_t>(i + 1));
      paragraph(mark + " " + base::printable(table_.footnotes[i]), display_width(mark) + 1);
    }
    if (!table_.legend.empty() || !table_.footnotes.empty()) line("");
    for (const auto& sentence : table_.summary) line(base::printable(sentence));
    return std::move(out_);
  }

 private:
  // One past the last column that still fits beside `first`; at least one column is taken.
  [[nodiscard]] size_t panel_end(size_t first) const {
    size_t used = label_width_;
    size_t column = first;
    while (column < widths_.size()) {
      used += kGap + widths_[column];
      if (used > options_.width && column > first) break;
      ++column;
    }
    return column;
  }

  void panel(size_t first, size_t last) {
    size_t since_header = kHeaderEvery;
    for (const auto& block : table_.blocks) {
      if (since_header + block.rows.size() >= kHeaderEvery) {
        line("");
        header(first, last);
        since_header = 0;
      }
      for (const auto& part : wrap(base::printable(block.title), options_.width, 2 * kIndent))
        line(colored(part, "1", options_.color));
      for (const auto& row : block.rows) body(row, first, last);
      since_header += 1 + block.rows.size();
    }
  }

  void header(size_t first, size_t last) {
    std::string text(label_width_, ' ');
    for (size_t column = first; column < last; ++column)
      text +=
          std::string(kGap, ' ') + pad(base::printable(table_.columns[column]), widths_[column]);
    line(text);
  }

  void body(const TableRow& row, size_t first, size_t last) {
    std::string text = pad(std::string(kIndent, ' ') + base::printable(row.loaders), label_width_);
    for (size_t column = first; column < last; ++column) {
      const auto& cell = row.cells[column];
      const std::string plain = text_of(cell);
      const std::string padding(widths_[column] - display_width(plain), ' ');
      const std::string code =
          cell.unexpected ? std::string("1;7;") + color_of(cell.letter) : color_of(cell.letter);
      text += std::string(kGap, ' ') + colored(plain, code.c_str(), options_.color) + padding;
    }
    line(text);
  }

  // Entries side by side, as many as fit on a line.
  void legend() {
    std::string text;
    for (const auto& entry : table_.legend) {
      const size_t width = display_width(text);
      if (!text.empty() && width + 3 + display_width(entry) > options_.width) {
        line(text);
        text.clear();
      }
      text += (text.empty() ? "" : "   ") + base::printable(entry);
    }
    if (!text.empty()) line(text);
  }

  void paragraph(const std::string& text, size_t indent) {
    for (const auto& part : wrap(text, options_.width, indent)) line(part);
  }

  void line(std::string text) {
    while (text.ends_with(' ')) text.pop_back();
    out_ += without_commands(std::move(text));
    out_ += '\n';
  }

  const Table& table_;
  const TerminalOptions& options_;
  size_t label_width_ = 0;
  std::vector<size_t> widths_;
  std::string out_;
};

}  // namespace

std::string render_terminal(const Table& table, const TerminalOptions& options) {
  return TerminalTable(table, options).text();
}

}  // namespace bpfmatrix::report
