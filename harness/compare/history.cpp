#include "compare/history.h"

#include <algorithm>

#include "base/text.h"
#include "report/cell_text.h"

namespace bpfmatrix::compare {

void History::add(const result::RunRecord& run, const result::Judgement& judgement) {
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& cell = run.cells[i];
    const auto matches = [&](const std::string& glob) { return base::glob_matches(glob, cell.id); };
    if (!globs_.empty() && std::ranges::none_of(globs_, matches)) continue;
    const auto [at, added] = index_.try_emplace(cell.id, cells_.size());
    if (added) {
      cells_.emplace_back();
      cells_.back().history.cell = cell.id;
    }
    auto& [history, last_of_key] = cells_[at->second];
    history.letters.resize(runs_.size(), ' ');
    history.letters += report::cell_text(run, cell, judgement.verdicts[i]).letter;
    if (cell.cached || !result::reached_the_cell(cell.attempt.state)) continue;
    ++history.measured;
    const auto last = cell.key.empty() ? last_of_key.end() : last_of_key.find(cell.key);
    const bool other_answer =
        last != last_of_key.end() && result::disagree(last->second, cell.attempt);
    if (cell.flaky || other_answer) ++history.flaky;
    if (!cell.key.empty()) last_of_key.insert_or_assign(cell.key, cell.attempt);
  }
  runs_.push_back({run.header.id, run.header.started, run.header.program_version});
}

std::vector<CellHistory> History::cells() const {
  std::vector<CellHistory> all;
  all.reserve(cells_.size());
  for (const auto& cell : cells_) {
    all.push_back(cell.history);
    all.back().letters.resize(runs_.size(), ' ');
  }
  return all;
}

}  // namespace bpfmatrix::compare
