// A table or a run as text of one format. Pure; guest text is escaped or inert in each.
#pragma once

#include <string>

#include "law/evaluate.h"
#include "report/table.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

struct TerminalOptions {
  bool color = false;   // the caller looked at isatty and NO_COLOR
  uint32_t width = 100; // columns; kernels that do not fit follow in a further panel
};
[[nodiscard]] std::string render_terminal(const Table& table, const TerminalOptions& options);
// GitHub's Markdown; mentions, issue numbers and links of guest text stay plain text.
[[nodiscard]] std::string render_markdown(const Table& table);
// One document per run, a line per cell and per law; schema: harness/docs/results.schema.json.
[[nodiscard]] std::string render_json(const result::RunRecord& run,
                                      const result::Judgement& judgement,
                                      const law::Findings& laws = {});

}  // namespace bpfmatrix::report
