// The driver is killed, at any moment and at every step, and the run is continued.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "driver_fixture.h"
#include "result/store.h"

namespace bpfmatrix::tests {
namespace {

using Clock = std::chrono::steady_clock;

class Sigkill : public DriverTest {
 protected:
  // 500 cells: good ones, kernels that panic or do not come up, loaders that die.
  void make_large() {
    make_matrix({"ok", "ok", "panic_at 217", "loader_gone_at 350", "exit1"}, 4, 25);
  }
  // What an undisturbed run comes to, and how long it takes.
  void make_reference() {
    const auto begin = Clock::now();
    const auto ended = run();
    took_ = Clock::now() - begin;
    ASSERT_EQ(ended.code(), expected_) << ended.err;
    reference_ = canonical(record());
    cells_ = record().cells.size();
  }
  // Continues what was killed until it has come to its end. `killed`: what became of the driver.
  void continue_and_compare(const Ended& killed, const std::string& how) {
    EXPECT_EQ(machines_left(), 0) << how;
    expect_sound_store();
    if (!fs::exists(workspace_ / "results.sqlite") || !killed.killed()) {
      if (killed.killed()) return;  // before there was a run
      EXPECT_EQ(killed.code(), expected_) << how << killed.err;
    } else {
      const auto ended = resume();
      if (ended.err.find("came to its end") == std::string::npos) {
        EXPECT_EQ(ended.code(), expected_) << how << ended.err;
        ++continued_;
      }
    }
    auto store = result::Store::open(workspace_ / "results.sqlite");
    ASSERT_TRUE(store) << how;
    const auto runs = store->list();
    if (!runs || runs->empty()) return;  // killed before the run began
    EXPECT_EQ(runs->size(), 1u) << how;
    EXPECT_EQ(canonical(record()), reference_) << how;
    EXPECT_EQ(machines_left(), 0) << how;
  }
  void kill_at_random_points(int points) {
    std::minstd_rand random(4711);
    for (int i = 0; i < points; ++i) {
      new_workspace();
      const auto delay = took_ * std::uniform_real_distribution(0.0, 1.0)(random);
      const pid_t driver = start(run_words());
      std::this_thread::sleep_for(delay);
      ::kill(driver, SIGKILL);
      const auto killed = wait(driver);
      continue_and_compare(
          killed, fmt::format("killed after {} us\n",
                              std::chrono::duration_cast<std::chrono::microseconds>(delay).count()));
    }
    std::printf("%d points, %d runs continued\n", points, continued_);
  }

  int expected_ = 100;  // a kernel that panics
  Clock::duration took_{};
  std::string reference_;
  size_t cells_ = 0;
  int continued_ = 0;
};

TEST_F(Sigkill, a_run_that_was_killed_is_continued_to_what_an_undisturbed_one_comes_to) {
  make_large();
  make_reference();
  ASSERT_EQ(cells_, 500u);
  kill_at_random_points(std::getenv("BPFM_SOAK") != nullptr ? 200 : 12);
  EXPECT_GT(continued_, 0);
}

// Each call that changes a file of the workspace is a step: the store's pages and syncs, what is
// renamed into its place, locks, saved machines.
TEST_F(Sigkill, a_driver_that_dies_at_any_step_leaves_what_can_be_continued) {
  make_matrix({"ok", "panic_at 8"}, 2, 3);
  make_reference();
  const int stride = std::getenv("BPFM_SOAK") != nullptr ? 1 : 12;
  const fs::path told = folder_.path() / "told";
  int steps = 0;
  for (int at = 1;; at += stride) {
    new_workspace();
    fs::remove(told);
    const auto ended = run({{"LD_PRELOAD", BPFM_BUILD "/tests/libfail_call.so"},
                            {"BPFM_UNDER", workspace_.string()},
                            {"BPFM_CALLS", "write"},
                            {"BPFM_HOW", "KILL"},
                            {"BPFM_AT", std::to_string(at)},
                            {"BPFM_TOLD", told.string()}});
    const auto call = base::read_file(told);
    if (!call) break;
    ASSERT_TRUE(ended.killed());
    ++steps;
    continue_and_compare(ended, fmt::format("killed at call {}, a {}", at, *call));
  }
  std::printf("%d steps, %d runs continued\n", steps, continued_);
  EXPECT_GT(steps, 5);
  EXPECT_GT(continued_, 0);
}

}  // namespace
}  // namespace bpfmatrix::tests
