// A benchmark (label bench): prints processor time, which a busy machine does not change, and
// asserts only that the work was done.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "base/files.h"
#include "result/store.h"
#include "small_run.h"

namespace bpfmatrix::result {
namespace {

namespace fs = std::filesystem;

class Stopwatch {
 public:
  [[nodiscard]] double milliseconds() const {
    return 1000.0 * static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC;
  }

 private:
  std::clock_t begin_ = std::clock();
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
  std::printf("judge: %.0f ms for %zu cells\n", took, run.cells.size());
  EXPECT_EQ(judgement.counts.at(Status::PASS), 100'000u);
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

  const Stopwatch reading;
  const auto back = store->read("latest");
  const double took = reading.milliseconds();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->cells.size(), run.cells.size());
  std::printf("read: %.0f ms for %zu cells\n", took, run.cells.size());

  const Stopwatch finishing;
  ASSERT_TRUE(store->finish_run(run.header.id, "2026-11-22T14:00:00Z"));
  std::printf("finish_run, which digests it: %.0f ms\n", finishing.milliseconds());
  const Stopwatch checked;
  ASSERT_TRUE(store->read("latest"));
  std::printf("read, the digest checked: %.0f ms\n", checked.milliseconds());
  const double size = static_cast<double>(store->size()->file_bytes) / (1 << 20);
  const Stopwatch opening;
  ASSERT_TRUE(Store::open(folder->path() / "results.sqlite", Check::whole));
  std::printf("open with quick_check: %.0f ms for %.0f MiB\n", opening.milliseconds(), size);
}

TEST(Speed, answering_every_cell_of_a_run_from_the_run_before) {
  const auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "bpfmatrix-speed-");
  ASSERT_TRUE(folder);
  auto store = Store::open(folder->path() / "results.sqlite");
  ASSERT_TRUE(store);
  RunRecord run = make_run(10, 10, 10, 50);
  ASSERT_TRUE(store->begin_run(run));
  std::vector<CellResult> results;
  std::vector<Question> questions;
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    Attempt attempt = rejected();
    attempt.observation.calls.resize(3);
    attempt.observation.log_head = fmt::format("{}{}", i % 5000, std::string(2000, 'h'));
    attempt.observation.log_tail = fmt::format("{}{}", i % 5000, std::string(4000, 't'));
    questions.push_back({i, fmt::format("{:064x}", i * 2654435761U)});
    results.push_back({i, questions.back().key, std::move(attempt)});
  }
  ASSERT_TRUE(store->add(run.header.id, results));
  for (const char* how : {"the run before", "the index of keys"}) {
    run.header.id += "-again";
    const Stopwatch watch;
    ASSERT_TRUE(store->begin_run(run));
    const double begun = watch.milliseconds();
    const auto answered = store->answer(run.header.id, questions);
    const double took = watch.milliseconds();
    ASSERT_TRUE(answered);
    EXPECT_TRUE(std::ranges::all_of(*answered, [](bool one) { return one; }));
    ASSERT_TRUE(store->read(run.header.id));
    std::printf("%s: begin_run %.0f ms, answer %.0f ms, read %.0f ms for %zu cells\n", how, begun,
                took - begun, watch.milliseconds() - took, run.cells.size());
    run.cells.pop_back();  // other cells than before
    questions.pop_back();
  }
}

}  // namespace
}  // namespace bpfmatrix::result
