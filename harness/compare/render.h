// A comparison as text of one format. Pure; guest text is escaped or inert in each.
#pragma once

#include <cstddef>
#include <string>

#include "compare/compare.h"

namespace bpfmatrix::compare {

struct TextOptions {
  bool color = false;  // the caller looked at isatty and NO_COLOR
  size_t most = 20;    // cells shown of each kind of change; the rest is counted
};

// The sides are those that were compared. First what moved, then the changes, the regressed with what
// differs in their logs and the command that measures them again; last one line of counts.
[[nodiscard]] std::string render_terminal(const Comparison& comparison, const Side& before,
                                          const Side& after, const TextOptions& options);
// GitHub's Markdown, for a pull request or a step summary.
[[nodiscard]] std::string render_markdown(const Comparison& comparison, const Side& before,
                                          const Side& after, const TextOptions& options);
// One document, every change; members are only ever added within a major version ("1.0").
[[nodiscard]] std::string render_json(const Comparison& comparison, const Side& before,
                                      const Side& after);

// "1 regressed (0 known), 2 improved, 3 changed of 672 cells in both; 1 added".
[[nodiscard]] std::string counts_text(const Comparison& comparison);

// What differs in the logs of a change, both sides of which were measured.
[[nodiscard]] std::vector<std::string> log_difference(const CellChange& change, const Side& before,
                                                      const Side& after, size_t most);

}  // namespace bpfmatrix::compare
