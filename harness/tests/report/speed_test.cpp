// A benchmark (label bench): prints processor time, which a busy machine does not change, and
// asserts only that the work was done.
#include <gtest/gtest.h>

#include <ctime>

#include "fixture.h"
#include "report/formats.h"
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

double milliseconds_since(std::clock_t begin) {
  return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(Speed, a_table_of_a_hundred_thousand_cells) {
  const auto run = large_run(100'000);
  const auto judgement = judge(run);
  const auto begin = std::clock();
  const auto table = make_table(run, judgement);
  const auto text = render_terminal(table, {});
  const double took = milliseconds_since(begin);
  std::printf("table: %.0f ms for %zu cells, %zu blocks, %zu bytes\n", took, run.cells.size(),
              table.blocks.size(), text.size());
  EXPECT_LT(table.blocks.size(), 20u);  // what is alike is joined
}

TEST(Speed, json_of_fifty_thousand_cells) {
  const auto run = large_run(50'000);
  const auto judgement = judge(run);
  const auto begin = std::clock();
  const auto text = render_json(run, judgement);
  const double took = milliseconds_since(begin);
  std::printf("json: %.0f ms for %zu cells, %zu bytes\n", took, run.cells.size(), text.size());
}

TEST(Speed, each_format_of_a_hundred_thousand_cells) {
  const auto run = large_run(100'000);
  const auto judgement = judge(run);
  for (const auto& format : all_formats()) {
    const auto begin = std::clock();
    const auto text = format.render(run, judgement, {});
    const double took = milliseconds_since(begin);
    std::printf("%s: %.0f ms, %.1f MiB\n", std::string(format.name).c_str(), took,
                static_cast<double>(text.size()) / (1 << 20));
    EXPECT_FALSE(text.empty());
  }
}

}  // namespace
}  // namespace bpfmatrix::report
