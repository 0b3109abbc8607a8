#include "report/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "report/axis_text.h"
#include "report/block_titles.h"
#include "report/cell_text.h"
#include "report/summary.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using result::RunRecord;

// A number for each distinct value: what is alike has the same number. Number 0 is the value made
// by default.
template <typename T>
class Interned {
 public:
  Interned() { number(T{}); }
  uint32_t number(T value) {
    const auto [at, added] = numbers_.try_emplace(std::move(value), numbers_.size());
    if (added) values_.push_back(&at->first);
    return static_cast<uint32_t>(at->second);
  }
  [[nodiscard]] const T& operator[](uint32_t number) const { return *values_[number]; }

 private:
  std::map<T, size_t> numbers_;
  std::vector<const T*> values_;  // map nodes stay where they are
};

// A (program, mode) pair's cells, loader by loader: position loader * kernels + kernel.
struct Grid {
  std::vector<uint32_t> texts;  // numbers of CellText
  std::vector<uint32_t> cells;  // indexes into the run, kNoCell
};

// Loaders that are alike, and what they share.
struct RowGroup {
  std::vector<uint32_t> loaders;  // ascending
  std::vector<uint32_t> texts;    // one per kernel
  auto operator<=>(const RowGroup&) const = default;
};
using Rows = std::vector<RowGroup>;

// Loaders of a kind whose cells are alike on every kernel share a row; a loader without any cell
// has none. Rows come in the order of their first loader.
Rows rows_of(const RunRecord& run, const Grid& grid) {
  const size_t kernels = run.kernels.size();
  Rows rows;
  for (uint32_t loader = 0; loader < run.loaders.size(); ++loader) {
    const auto begin = grid.texts.begin() + static_cast<ptrdiff_t>(loader * kernels);
    const std::vector<uint32_t> texts(begin, begin + static_cast<ptrdiff_t>(kernels));
    if (std::ranges::all_of(texts, [](uint32_t text) { return text == 0; })) continue;
    const auto alike = [&](const RowGroup& row) {
      const auto& other = run.loaders[row.loaders.front()];
      const auto& mine = run.loaders[loader];
      return row.texts == texts && can_share_row(other, mine);
    };
    if (const auto row = std::ranges::find_if(rows, alike); row != rows.end()) {
      row->loaders.push_back(loader);
    } else {
      rows.push_back({{loader}, texts});
    }
  }
  return rows;
}

// Of all its kernels; runs of one command have one.
std::string isolation_of(const RunRecord& run) {
  std::string text;
  std::set<std::string> seen;
  for (const auto& kernel : run.kernels)
    if (!kernel.isolation.empty() && seen.insert(kernel.isolation).second)
      text += (text.empty() ? "" : "; ") + kernel.isolation;
  return text;
}

std::string title_of(const RunRecord& run) {
  std::string title = run.header.matrix;
  std::string accel = run.header.accel;
  std::ranges::transform(accel, accel.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (!accel.empty()) title += " · " + accel;
  if (const auto isolation = isolation_of(run); !isolation.empty())
    title += " (" + isolation + ")";
  if (run.header.started.size() >= 10) title += " · " + run.header.started.substr(0, 10);
  return single_line(title);
}

class TableMaker {
 public:
  TableMaker(const RunRecord& run, const result::Judgement& judgement, const law::Findings& laws)
      : run_(run), judgement_(judgement), laws_(laws) {}

  Table make() {
    Table table;
    table.title = title_of(run_);
    table.columns = kernel_titles(run_);
    lay_out();
    for (const auto& group : group_pairs(run_, pairs_)) table.blocks.push_back(block(group));
    table.footnotes = std::move(footnotes_);
    for (const char letter : all_letters())
      if (letters_.contains(letter)) table.legend.push_back(legend_line(letter));
    if (kept_)
      table.legend.emplace_back("head, tail, all, none = the part of the log that was kept");
    if (unexpected_) table.legend.emplace_back("! = not as expected");
    table.summary = summarize(run_, judgement_, laws_);
    return table;
  }

 private:
  // Sorts the cells into grids, one per (program, mode), and numbers how their rows look.
  void lay_out() {
    const size_t size = run_.kernels.size() * run_.loaders.size();
    std::map<std::pair<uint32_t, spec::LogMode>, Grid> grids;
    for (uint32_t i = 0; i < run_.cells.size(); ++i) {
      const auto& cell = run_.cells[i];
      auto& grid = grids[{cell.program, cell.mode}];
      if (grid.texts.empty()) grid = {std::vector<uint32_t>(size, 0), std::vector(size, kNoCell)};
      const size_t at = cell.loader * run_.kernels.size() + cell.kernel;
      grid.texts[at] = texts_.number(cell_text(run_, cell, judgement_.verdicts[i]));
      grid.cells[at] = i;
    }
    for (auto& [key, grid] : grids) {
      pairs_.push_back({key.first, key.second, rows_.number(rows_of(run_, grid))});
      grids_.push_back(std::move(grid));
    }
  }

  TableBlock block(const TitledGroup& group) {
    TableBlock block{group.title, {}};
    for (const auto& row : rows_[pairs_[group.first].rows]) {
      TableRow out{loaders_text(run_, row.loaders), {}};
      for (size_t kernel = 0; kernel < run_.kernels.size(); ++kernel)
        out.cells.push_back(cell(row, kernel, grids_[group.first]));
      block.rows.push_back(std::move(out));
    }
    return block;
  }

  TableCell cell(const RowGroup& row, size_t kernel, const Grid& grid) {
    const CellText& text = texts_[row.texts[kernel]];
    TableCell cell{text.letter, text.detail, text.unexpected, {}, kNoCell};
    for (const auto& note : text.notes) cell.notes.push_back(footnote(note));
    cell.cell = grid.cells[row.loaders.front() * run_.kernels.size() + kernel];
    if (text.letter != ' ') letters_.insert(text.letter);
    kept_ |= (text.letter == 'T' || text.letter == 'R') && !text.detail.empty();
    unexpected_ |= text.unexpected;
    return cell;
  }

  // The number of a footnote; texts are numbered as they appear.
  uint32_t footnote(const std::string& text) {
    const auto [at, added] =
        footnote_numbers_.try_emplace(text, static_cast<uint32_t>(footnotes_.size() + 1));
    if (added) footnotes_.push_back(text);
    return at->second;
  }

  const RunRecord& run_;
  const result::Judgement& judgement_;
  const law::Findings& laws_;
  Interned<CellText> texts_;
  Interned<Rows> rows_;
  std::vector<TitledPair> pairs_;  // program and mode order
  std::vector<Grid> grids_;        // of the pair at the same index
  std::vector<std::string> footnotes_;
  std::map<std::string, uint32_t> footnote_numbers_;
  std::set<char> letters_;
  bool kept_ = false;  // some detail is a part of a log
  bool unexpected_ = false;
};

}  // namespace

Table make_table(const RunRecord& run, const result::Judgement& judgement,
                 const law::Findings& laws) {
  return TableMaker(run, judgement, laws).make();
}

}  // namespace bpfmatrix::report
