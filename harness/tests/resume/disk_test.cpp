// Disks that are full or broken: what is told, what stays, and that the run goes on afterwards.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <algorithm>
#include <thread>

#include "driver_fixture.h"
#include "result/store.h"

namespace bpfmatrix::tests {
namespace {

using ::testing::HasSubstr;
using result::AttemptState;

class Disk : public DriverTest {
 protected:
  static bool soak() { return std::getenv("BPFM_SOAK") != nullptr; }
  Variables preload() const {
    return {{"LD_PRELOAD", BPFM_BUILD "/tests/libfail_call.so"}, {"BPFM_UNDER", workspace_.string()}};
  }
  std::vector<std::string> words_with_room(const std::string& least, bool resuming = false) const {
    auto words = resuming ? resume_words() : run_words();
    *std::ranges::find(words, "0") = least;
    words.back() = "1";
    return words;
  }
  void tell_free(const std::string& bytes) {
    ASSERT_TRUE(base::write_file(folder_.path() / "free", bytes));
  }

  // Fails the n-th call, n = 1, 2, 3 …, until a run passes without; `stride` leaves some out. A disk
  // that is full stays full until the run has ended.
  void fail_each(const std::string& calls, const std::string& how, int stride, bool harmless) {
    const fs::path told = folder_.path() / "told";
    int failed = 0, passed = 0;
    std::map<std::string, int> kinds;
    for (int at = 1;; at += stride) {
      new_workspace();
      fs::remove(told);
      auto variables = preload();
      variables.insert({{"BPFM_CALLS", calls},
                        {"BPFM_HOW", how},
                        {"BPFM_AT", std::to_string(at)},
                        {"BPFM_TOLD", told.string()}});
      const bool full = how == "ENOSPC";
      if (full) variables["BPFM_REST"] = "1";
      const auto ended = run(variables);
      const auto call = base::read_file(told);
      if (!call) break;
      const std::string where = fmt::format("{} at call {}, a {}{}", how, at, *call, ended.err);
      ++kinds[call->substr(0, call->find('\n'))];
      EXPECT_EQ(machines_left(), 0) << where;
      expect_sound_store();
      if (ended.code() == 0 && harmless_end()) {
        ++passed;
        continue;
      }
      ++failed;
      EXPECT_FALSE(harmless) << where;
      EXPECT_EQ(ended.code(), full ? 101 : 1) << where;
      EXPECT_THAT(ended.err, testing::Not(HasSubstr("damaged"))) << where;
      EXPECT_FALSE(ended.killed()) << where;
      EXPECT_THAT(ended.err, HasSubstr("bpfmatrix: ")) << where;
      EXPECT_THAT(ended.err, testing::Not(HasSubstr("BUG"))) << where;
      go_on(where);
    }
    std::string all;
    for (const auto& [name, count] : kinds) all += fmt::format(" {} {}", count, name);
    std::printf("%s of %s calls:%s; %d runs told an error, %d were not harmed\n", how.c_str(),
                calls.c_str(), all.c_str(), failed, passed);
    EXPECT_GT(failed + passed, 0);
  }
  bool harmless_end() const { return canonical(record()) == reference_; }
  // When the fault is gone, the run comes to what an undisturbed one comes to.
  void go_on(const std::string& where) {
    const auto again = fs::exists(workspace_ / "results.sqlite") ? resume() : run();
    EXPECT_EQ(again.code(), 0) << where << again.err;
    if (again.err.find("came to its end") != std::string::npos && !any_run()) {
      EXPECT_EQ(run().code(), 0) << where;
    }
    EXPECT_EQ(canonical(record()), reference_) << where;
  }
  // The fault may have come before the run was in the store, or when all was in there.
  bool any_run() const {
    auto store = result::Store::open(workspace_ / "results.sqlite");
    return store && !store->list()->empty();
  }
  void make_small() {
    make_matrix({"ok", "ok"}, 1, 3);
    ASSERT_EQ(run().code(), 0);
    reference_ = canonical(record());
  }
  std::string reference_;
};

TEST_F(Disk, with_too_little_room_nothing_is_started) {
  make_small();
  new_workspace();
  const auto ended = call(words_with_room("1000TiB"));
  EXPECT_EQ(ended.code(), 101);
  EXPECT_THAT(ended.err, HasSubstr("MiB are free, and --min-free asks for 1048576000 MiB"));
  EXPECT_FALSE(fs::exists(workspace_ / "results.sqlite"));
}

TEST_F(Disk, when_room_runs_out_machines_end_what_they_have_and_the_rest_is_no_space) {
  make_matrix({"slow 12"}, 1, 300);
  ASSERT_EQ(run().code(), 0);
  reference_ = canonical(record());
  new_workspace();
  tell_free("1000000000");
  auto variables = preload();
  variables["BPFM_FREE"] = (folder_.path() / "free").string();
  const pid_t driver = start(words_with_room("1MiB"), variables);
  wait_for_cells(driver, 1);
  tell_free("1000");
  const auto ended = wait(driver);
  EXPECT_EQ(ended.code(), 101);
  EXPECT_THAT(ended.err, HasSubstr("no further machine is started"));
  EXPECT_THAT(ended.err, HasSubstr("is incomplete: 44 of 300 cells were not reached"));
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("BUG")));
  std::map<AttemptState, int> states;
  for (const auto& cell : record().cells) ++states[cell.attempt.state];
  EXPECT_EQ(states, (std::map<AttemptState, int>{{AttemptState::measured, 256},
                                                 {AttemptState::no_space, 44}}));
  EXPECT_EQ(call({"report"}).code(), 5);
  const auto still = call(words_with_room("1MiB", true), variables);
  EXPECT_EQ(still.code(), 101);  // refused: nothing changes
  tell_free("1000000000");
  EXPECT_EQ(call(words_with_room("1MiB", true), variables).code(), 0);
  EXPECT_EQ(canonical(record()), reference_);
}

TEST_F(Disk, a_full_disk_at_any_call_loses_nothing_that_was_stored) {
  make_small();
  fail_each("write", "ENOSPC", soak() ? 1 : 9, false);
}

TEST_F(Disk, an_io_error_at_any_writing_call_loses_nothing_that_was_stored) {
  make_small();
  fail_each("write", "EIO", soak() ? 1 : 11, false);
}

TEST_F(Disk, an_io_error_at_any_reading_call_gives_no_false_verdict) {
  make_small();
  fail_each("read", "EIO", soak() ? 1 : 13, false);
}

TEST_F(Disk, short_and_interrupted_calls_change_nothing) {
  make_small();
  const int stride = soak() ? 1 : 17;
  fail_each("write", "SHORT", stride, true);
  fail_each("write", "EINTR", stride, true);
  fail_each("read", "SHORT", stride, true);
  fail_each("read", "EINTR", stride, true);
}

}  // namespace
}  // namespace bpfmatrix::tests
