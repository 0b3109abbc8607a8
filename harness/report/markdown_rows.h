// The parts of a table in GitHub's Markdown, each whole lines, for whoever lays them out. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/table.h"

namespace bpfmatrix::report {

// The block's title and the head of its table.
[[nodiscard]] std::string markdown_block_head(const Table& table, const TableBlock& block);
// "| libbpf 0.3 | T head | L |".
[[nodiscard]] std::string markdown_row(const TableRow& row);
// "- text"; the texts are raw.
[[nodiscard]] std::vector<std::string> markdown_list(const std::vector<std::string>& texts);
// "- ¹ text", of the table's footnotes.
[[nodiscard]] std::vector<std::string> markdown_footnotes(const Table& table);

}  // namespace bpfmatrix::report
