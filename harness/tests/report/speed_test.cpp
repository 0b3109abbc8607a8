// Sizes, not benchmarks: limits are several times what a slow two-core machine needs.
#include <gtest/gtest.h>

#include <chrono>

#include "fixture.h"
#include "report/render.h"

namespace bpfmatrix::report {
namespace {

// The fixture's cells over and over, at other sizes of the buffer, until there are `cells`.
result::RunRecord large_run(size_t cells) {
  auto run = fixture_run();
  const size_t one = run.cells.size();
  run.cells.reserve(cells);
  for (size_t i = one; i < cells; ++i) {
    auto cell = run.cells[i % one];
    cell.mode.buffer = {spec::Buffer::Kind::fixed, static_cast<int64_t>(10'000 + i / one)};
    // The fixture has two sizes of one mode: keep every cell of the run a cell of its own.
    if (run.cells[i % one].mode.buffer.value == 8192) cell.mode.level = 3;
    run.cells.push_back(std::move(cell));
  }
  return run;
}

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

TEST(Speed, a_table_of_a_hundred_thousand_cells) {
  const auto run = large_run(100'000);
  const auto judgement = judge(run);
  const auto begin = std::chrono::steady_clock::now();
  const auto table = make_table(run, judgement);
  const auto text = render_terminal(table, {});
  const double took = milliseconds_since(begin);
  std::printf("table: %.0f ms for %zu cells, %zu blocks, %zu bytes\n", took, run.cells.size(),
              table.blocks.size(), text.size());
  EXPECT_LT(table.blocks.size(), 20u);  // what is alike is joined
  EXPECT_LT(took, 6'000);
}

TEST(Speed, json_of_fifty_thousand_cells) {
  const auto run = large_run(50'000);
  const auto judgement = judge(run);
  const auto begin = std::chrono::steady_clock::now();
  const auto text = render_json(run, judgement);
  const double took = milliseconds_since(begin);
  std::printf("json: %.0f ms for %zu cells, %zu bytes\n", took, run.cells.size(), text.size());
  EXPECT_LT(took, 10'000);
}

}  // namespace
}  // namespace bpfmatrix::report
