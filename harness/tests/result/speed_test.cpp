// Sizes, not benchmarks: the limits are several times what a slow two-core machine needs, so that
// only a change of order shows. The measured numbers are printed.
#include <gtest/gtest.h>

#include <chrono>

#include "base/files.h"
#include "result/store.h"
#include "small_run.h"

namespace bpfmatrix::result {
namespace {

namespace fs = std::filesystem;

class Stopwatch {
 public:
  [[nodiscard]] double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// 100,000 cells, all loaded.
RunRecord large_run() {
  RunRecord run = make_run(10, 10, 20, 50);
  for (auto& cell : run.cells) cell.attempt = loaded();
  return run;
}

TEST(Speed, judging_a_hundred_thousand_cells_by_twenty_expectations) {
  RunRecord run = large_run();
  for (int i = 0; i < 20; ++i) {
    auto expectation = expect_outcome("LOADED");
    expectation.selector.kernels = {"k[0-9]", "none"};
    expectation.selector.programs = {fmt::format("p{}", i)};
    run.expectations.push_back(expectation);
  }
  const Stopwatch watch;
  const auto judgement = judge(run);
  const double took = watch.milliseconds();
  RecordProperty("judge_ms", static_cast<int>(took));
  std::printf("judge: %.0f ms for %zu cells\n", took, run.cells.size());
  EXPECT_EQ(judgement.counts.at(Status::PASS), 100'000u);
  EXPECT_LT(took, 3'000);
}

TEST(Speed, storing_in_batches_and_reading_back) {
  const auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "bpfmatrix-speed-");
  ASSERT_TRUE(folder);
  auto store = Store::open(folder->path() / "results.sqlite");
  ASSERT_TRUE(store);
  RunRecord run = make_run(10, 10, 4, 50);
  Stopwatch begin;
  ASSERT_TRUE(store->begin_run(run));
  std::printf("begin_run: %.0f ms for %zu cells\n", begin.milliseconds(), run.cells.size());

  std::vector<CellResult> batch;
  const Stopwatch adding;
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    Attempt attempt = rejected();
    attempt.observation.calls.resize(12);
    attempt.observation.log_head = fmt::format("{}{}", i, std::string(500, 'h'));
    attempt.observation.log_tail = fmt::format("{}{}", i % 500, std::string(2000, 't'));
    batch.push_back({i, std::string(64, 'k'), std::move(attempt)});
    if (batch.size() < 500) continue;
    ASSERT_TRUE(store->add(run.header.id, batch));
    batch.clear();
  }
  const double per_cell = adding.milliseconds() / static_cast<double>(run.cells.size());
  std::printf("add: %.4f ms a cell in batches of 500\n", per_cell);
  EXPECT_LT(per_cell, 0.6);

  const Stopwatch reading;
  const auto back = store->read("latest");
  const double took = reading.milliseconds();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->cells.size(), run.cells.size());
  std::printf("read: %.0f ms for %zu cells\n", took, run.cells.size());
  EXPECT_LT(took, 3'000);
}

}  // namespace
}  // namespace bpfmatrix::result
