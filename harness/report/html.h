// A run as one HTML page that needs nothing else: the template that harness/page/ is built into,
// with the run in it. Pure; any thread.
//
// The run is data and never markup: JSON in script elements that no browser executes, with what
// HTML could read in it escaped. What is in them, and what keeps hostile text inert:
// harness/docs/page.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// What the cells of an earlier run came to, by their ids.
struct PastRun {
  struct Cell {
    char letter = ' ';  // as in the table
    result::Status status = result::Status::MISS;
  };
  std::string id, started;
  std::unordered_map<std::string, Cell> cells;
};
[[nodiscard]] PastRun past_run(const result::RunRecord& run, const result::Judgement& judgement);

struct PageOptions {
  // Bytes that log texts may take in the page. Over that every text is cut further than the run's
  // own limits, as far as it takes, and the page says so.
  size_t text_budget = size_t{2560} << 10;
};

// `page_template`: share/bpfmatrix/page/template.html. invalid_input when it is none. `history`:
// oldest first; runs of the same matrix.
[[nodiscard]] base::Result<std::string> render_html(std::string_view page_template,
                                                    const result::RunRecord& run,
                                                    const result::Judgement& judgement,
                                                    const law::Findings& laws = {},
                                                    const std::vector<PastRun>& history = {},
                                                    const PageOptions& options = {});

}  // namespace bpfmatrix::report
