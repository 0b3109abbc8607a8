#include "compat/markup.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "report/axis_text.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// An address that can stand between < and >; what ends a sentence is not part of it.
size_t address_length(std::string_view text) {
  if (!text.starts_with("https://")) return 0;
  size_t end = 0;
  while (end < text.size() &&
         (is_plain(text[end]) || std::string_view(":/?=&%+~#").find(text[end]) !=
                                     std::string_view::npos))
    ++end;
  while (end > 0 && (text[end - 1] == '.' || text[end - 1] == ':')) --end;
  return end;
}

}  // namespace

std::string prose(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto at = std::min(text.find("https://"), text.size());
    out += report::escape_markdown(text.substr(0, at));
    text.remove_prefix(at);
    const auto length = address_length(text);
    if (length > 0) out += fmt::format("<{}>", text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string code(std::string_view text, size_t limit) {
  std::string line = report::single_line(base::printable(text), limit);
  if (line.empty()) return "–";
  // Neither may stand in code of a table; both look like what they stand for.
  for (const auto& [from, to] : {std::pair<char, const char*>{'`', "ˋ"}, {'|', "¦"}})
    for (size_t at = 0; (at = line.find(from, at)) != std::string::npos;) line.replace(at, 1, to);
  return "`" + line + "`";
}

std::string code_block(std::string_view text, size_t lines) {
  std::string clean = base::printable(text);
  while (clean.ends_with('\n')) clean.pop_back();
  if (clean.empty()) return {};
  size_t begin = clean.size();
  for (; lines > 0 && begin != std::string::npos && begin > 0; --lines)
    begin = clean.rfind('\n', begin - 1);
  // Indented: no text can end such a block from inside.
  std::string out = "    ";
  for (const char c : std::string_view(clean).substr(begin == std::string::npos ? 0 : begin)) {
    if (c == '\n' && out == "    ") continue;
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n\n";
}

std::string count(uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string file_name(std::string_view id) {
  std::string name(id.substr(0, 80));
  for (char& c : name)
    if (!is_plain(c)) c = '_';
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name;
}

std::string Table::text() const {
  if (rows_.empty()) return {};
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const auto& cell : cells) text += cell.empty() ? " |" : " " + cell + " |";
    return text + "\n";
  };
  std::string out = line(header_) + "|";
  for (size_t i = 0; i < header_.size(); ++i) out += "---|";
  out += "\n";
  for (const auto& row : rows_) out += line(row);
  return out + "\n";
}

std::vector<Grid::Row> Grid::rows() const {
  const size_t kernels = run_.kernels.size();
  std::vector<Row> rows;
  for (uint32_t loader = 0; loader < run_.loaders.size(); ++loader) {
    const auto begin = texts_.begin() + static_cast<ptrdiff_t>(loader * kernels);
    std::vector<std::string> texts(begin, begin + static_cast<ptrdiff_t>(kernels));
    if (std::ranges::all_of(texts, &std::string::empty)) continue;
    const auto alike = [&](const Row& row) {
      return row.texts == texts &&
             report::can_share_row(run_.loaders[row.loaders.front()], run_.loaders[loader]);
    };
    if (const auto row = std::ranges::find_if(rows, alike); row != rows.end()) {
      row->loaders.push_back(loader);
    } else {
      rows.push_back({{loader}, std::move(texts)});
    }
  }
  return rows;
}

void Grid::add_to(Table& table, const std::string& lead) const {
  for (auto& row : rows()) {
    std::vector<std::string> cells = {
        lead, report::escape_markdown(report::loaders_text(run_, row.loaders))};
    cells.insert(cells.end(), row.texts.begin(), row.texts.end());
    table.add(std::move(cells));
  }
}

std::string Grid::text() const {
  Table table(kernel_header(run_, {""}));
  for (auto& row : rows()) {
    std::vector<std::string> cells = {
        report::escape_markdown(report::loaders_text(run_, row.loaders))};
    cells.insert(cells.end(), row.texts.begin(), row.texts.end());
    table.add(std::move(cells));
  }
  return table.text();
}

std::vector<std::string> kernel_header(const result::RunRecord& run,
                                       std::vector<std::string> first) {
  for (const auto& title : report::kernel_titles(run))
    first.push_back(report::escape_markdown(title));
  return first;
}

}  // namespace bpfmatrix::compat
