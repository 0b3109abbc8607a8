// The table: kernels across; down, blocks of (program, mode) with a row per group of loaders that
// behave alike. Pure: the same run gives the same bytes. Its texts are one line each and may hold
// what a guest wrote: renderers escape.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

inline constexpr uint32_t kNoCell = UINT32_MAX;

struct TableCell {
  char letter = '?';      // L loaded, R rejected, T truncated, E refused, …; ' ' was not planned
  std::string detail;     // "head", "tail", "all", "kernel", "library", ""
  bool unexpected = false;
  std::vector<uint32_t> notes;  // numbers of footnotes, from 1
  uint32_t cell = 0;      // index of the (first) cell in the run: the link to its evidence;
                          // kNoCell where there is none
};
struct TableRow {
  std::string loaders;    // "raw", "libbpf 0.3 … 1.1.2", "libbpf 0.3, 1.4.6"
  std::vector<TableCell> cells;  // one per kernel column
};
struct TableBlock {
  // "long_fault · prog_load · level 2 (LEVEL2) · buffer 4 KiB"; joined blocks list what they hold:
  // "trivial, global_data · prog_load · level 1, 2 · buffer 127, 128; level 4 · no buffer"
  std::string title;
  std::vector<TableRow> rows;
};
struct Table {
  std::string title;                  // "quick · TCG · 2026-11-22"
  std::vector<std::string> columns;   // releases shortened: "5.10.262"
  std::vector<TableBlock> blocks;
  std::vector<std::string> footnotes;  // [0] is note 1
  std::vector<std::string> legend;     // only letters that occur: "L = loaded"
  std::vector<std::string> summary;    // counts, findings, problems, what did not run and why
};

// Loaders of a kind whose cells are alike in letter, detail, mark and notes on every kernel share a
// row; blocks whose rows are all alike share one title line, within a program and, where the modes
// are the same, across programs. Cells that differ in what is shown are never joined.
[[nodiscard]] Table make_table(const result::RunRecord& run, const result::Judgement& judgement,
                               const law::Findings& laws = {});

}  // namespace bpfmatrix::report
