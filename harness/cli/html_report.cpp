#include "cli/html_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/files.h"
#include "report/html.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

constexpr size_t kPastRuns = 10;
// Reading takes some 30 µs a cell: of large runs fewer are looked at, in all at most two seconds.
constexpr size_t kPastCells = 60'000;

bool has_a_cell_of(const result::RunRecord& run, const report::PastRun& past) {
  return std::ranges::any_of(
      run.cells, [&past](const result::CellRecord& cell) { return past.cells.contains(cell.id); });
}

// The finished runs of the same matrix before this one, oldest first.
base::Result<std::vector<report::PastRun>> history_of(const image::Workspace& workspace,
                                                      const StoredRun& stored,
                                                      result::Flaky flaky) {
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(const auto headers, store.list());
  auto at = std::ranges::find(headers, stored.run.header.id, &result::RunHeader::id);
  std::vector<report::PastRun> history;
  size_t cells = 0;
  for (; at != headers.end() && history.size() < kPastRuns && cells < kPastCells; ++at) {
    if (at->id == stored.run.header.id || at->matrix != stored.run.header.matrix ||
        at->finished.empty())
      continue;
    const auto past = store.read(at->id);
    if (!past) {
      fmt::print(stderr, "bpfmatrix: the page's history goes without a run: {}\n",
                 past.error().message);
      continue;
    }
    cells += past->cells.size();
    auto known = report::past_run(*past, result::judge(*past, flaky));
    if (has_a_cell_of(stored.run, known)) history.push_back(std::move(known));
  }
  std::ranges::reverse(history);
  return history;
}

}  // namespace

base::Error no_page_here() {
  return base::fail(base::ErrorKind::unavailable,
                    "this build has no HTML page: install nodejs (18 or newer) and npm, then "
                    "build bpfmatrix again (scripts/quickstart.sh does both)");
}

base::Result<std::string> html_report(const image::Workspace& workspace, const RunChoice& choice,
                                      const StoredRun& stored) {
  BPFM_TRY(const auto data, image::find_data_folder());
  const auto page_template = base::read_file(data.root / "page/template.html");
  if (!page_template) return no_page_here();
  std::vector<report::PastRun> history;
  if (choice.file.empty()) {
    BPFM_TRY(history, history_of(workspace, stored, choice.flaky));
  }
  return report::render_html(*page_template, stored.run, stored.judgement, stored.findings,
                             history);
}

}  // namespace bpfmatrix::cli
