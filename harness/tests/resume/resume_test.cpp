// What a continued run takes over, what it runs anew, and when it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fmt/format.h>
#include <sqlite3.h>

#include "driver_fixture.h"
#include "result/store.h"

namespace bpfmatrix::tests {
namespace {

using ::testing::HasSubstr;
using result::AttemptState;

class Resume : public DriverTest {
 protected:
  // A run of 300 cells that was ended behind the first 256, which a machine gets at a time.
  void interrupt() {
    const pid_t driver = start(run_words());
    wait_for_cells(driver, 1);
    ::kill(driver, SIGTERM);
    ASSERT_EQ(wait(driver).code(), 143);
    id_ = record().header.id;
    ASSERT_EQ(record().header.finished, "");
  }
  // A run of two kernels, the first of which panics under a cell, as it is left by a driver that was
  // killed behind the first attempt at that.
  void leave_a_crash_unconfirmed(const std::string& scenario) {
    make_matrix({scenario, "ok"}, 1, 12);
    auto words = run_words();
    words.insert(words.end(), {"--retries", "0", "--sandbox", "off"});
    ASSERT_EQ(call(words).code(), 100);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((workspace_ / "results.sqlite").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "UPDATE runs SET finished='', digest=''", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    ASSERT_EQ(record().cells.at(7).attempt.state, AttemptState::kernel_crash);
    ASSERT_EQ(record().cells.at(7).attempts, 1u);
  }
  Ended resume_with(const std::vector<std::string>& more) {
    auto words = resume_words();
    words.insert(words.end(), {"--sandbox", "off"});
    words.insert(words.end(), more.begin(), more.end());
    return call(words);
  }
  void make_slow() { make_matrix({"slow 8"}, 1, 300); }
  std::string id_;
};

TEST_F(Resume, the_run_keeps_its_id_and_cells_that_are_there_do_not_run_again) {
  make_slow();
  interrupt();
  const auto before = record();
  const auto ended = resume();
  EXPECT_EQ(ended.code(), 0) << ended.err;
  const auto after = record();
  EXPECT_EQ(after.header.id, before.header.id);
  EXPECT_EQ(after.header.started, before.header.started);
  EXPECT_NE(after.header.finished, "");
  size_t kept = 0;
  for (size_t i = 0; i < after.cells.size(); ++i) {
    EXPECT_EQ(after.cells[i].attempts, 1u);
    if (before.cells[i].attempts == 0) continue;
    ++kept;
    EXPECT_EQ(after.cells[i].attempt, before.cells[i].attempt);
  }
  EXPECT_EQ(kept, 256u);
}

TEST_F(Resume, an_edited_matrix_is_refused_with_what_differs) {
  make_slow();
  interrupt();
  auto text = *base::read_file(matrix_);
  text.replace(text.find("4112"), 4, "4113");
  ASSERT_TRUE(base::write_file(matrix_, text));
  const auto ended = resume();
  EXPECT_EQ(ended.code(), 2);
  EXPECT_THAT(ended.err, HasSubstr("1 cell is not planned any more (first: k0/raw/trivial/"));
  EXPECT_THAT(ended.err, HasSubstr("1 cell is new (first: k0/raw/trivial/"));
  EXPECT_THAT(ended.err, HasSubstr("start anew with bpfmatrix run " + matrix_.string()));
  EXPECT_EQ(record().header.finished, "");
}

TEST_F(Resume, cells_of_a_kernel_that_is_another_now_are_stale_and_run_anew) {
  make_slow();
  interrupt();
  make_matrix({"slow 1"}, 1, 300);  // another file
  const auto ended = resume();
  EXPECT_EQ(ended.code(), 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("256 cells were measured anew"));
  const auto after = record();
  for (const auto& cell : after.cells) {
    EXPECT_EQ(cell.attempts, 1u);
    EXPECT_FALSE(cell.flaky);
  }
  EXPECT_THAT(after.header.notes, ::testing::Contains(HasSubstr("measured anew")));
}

TEST_F(Resume, a_crash_that_had_no_second_try_yet_gets_it_and_no_more) {
  leave_a_crash_unconfirmed("panic_at 7");
  const auto ended = resume_with({"--retries", "1"});
  EXPECT_EQ(ended.code(), 100) << ended.err;
  const auto after = record();
  EXPECT_NE(after.header.finished, "");
  for (size_t i = 0; i < after.cells.size(); ++i) {
    EXPECT_EQ(after.cells[i].attempts, i == 7 ? 2u : 1u) << i;
    EXPECT_EQ(after.cells[i].attempt.state,
              i == 7 ? AttemptState::kernel_crash : AttemptState::measured);
  }
  EXPECT_FALSE(after.cells[7].flaky);
  // What the kernel said from the title on, without the marks of printk().
  const auto said = after.cells[7].attempt.observation.messages.str();
  EXPECT_EQ(said.find("Kernel panic - not syncing"), 0u) << said;
  EXPECT_EQ(after.cells[6].attempt.observation.messages.str(), "");
}

TEST_F(Resume, a_crash_that_does_not_happen_again_is_flaky_and_no_earlier_run_answers_for_it) {
  leave_a_crash_unconfirmed("panic_at 7 twice");
  const auto ended = resume_with({"--retries", "1"});
  EXPECT_EQ(ended.code(), 100) << ended.err;
  const auto cell = record().cells.at(7);
  EXPECT_EQ(cell.attempts, 2u);
  EXPECT_EQ(cell.attempt.state, AttemptState::measured);
  EXPECT_TRUE(cell.flaky);
  EXPECT_FALSE(cell.cached);
}

TEST_F(Resume, a_run_that_tries_no_crash_again_is_continued_so) {
  leave_a_crash_unconfirmed("panic_at 7");
  const auto ended = resume_with({});
  EXPECT_EQ(ended.code(), 100) << ended.err;
  EXPECT_EQ(record().cells.at(7).attempts, 1u);
}

TEST_F(Resume, a_run_without_the_cache_is_continued_without_it) {
  make_slow();
  ASSERT_EQ(run().code(), 0);  // would answer every cell
  auto words = run_words();
  words.push_back("--no-cache");
  const pid_t driver = start(words);
  wait_for_cells(driver, 1);
  ::kill(driver, SIGTERM);
  ASSERT_EQ(wait(driver).code(), 143);
  ASSERT_EQ(resume().code(), 0);
  for (const auto& cell : record().cells) EXPECT_FALSE(cell.cached);
}

TEST_F(Resume, a_second_driver_on_the_run_is_refused_and_told_the_first) {
  make_slow();
  auto words = run_words();
  const pid_t driver = start(words);
  wait_for_cells(driver, 1);
  const auto second = resume();
  const auto report = call({"report"});
  EXPECT_EQ(second.code(), 2);
  EXPECT_THAT(second.err, HasSubstr(fmt::format("is being carried out by process {}", driver)));
  EXPECT_EQ(report.code(), 5);
  EXPECT_THAT(report.err, HasSubstr(fmt::format("is going on in process {}", driver)));
  EXPECT_EQ(wait(driver).code(), 0);
  EXPECT_FALSE(fs::exists(workspace_ / "locks" / (record().header.id + ".lock")));
}

TEST_F(Resume, the_lock_of_a_dead_driver_is_no_obstacle) {
  make_slow();
  const pid_t driver = start(run_words());
  wait_for_cells(driver, 1);
  ::kill(driver, SIGKILL);
  wait(driver);
  const fs::path lock = workspace_ / "locks" / (record().header.id + ".lock");
  EXPECT_TRUE(fs::exists(lock));
  EXPECT_EQ(machines_left(), 0);
  EXPECT_EQ(resume().code(), 0);
  EXPECT_FALSE(fs::exists(lock));
}

TEST_F(Resume, two_drivers_run_side_by_side_in_one_workspace) {
  make_slow();
  const pid_t first = start(run_words());
  const fs::path other = folder_.path() / "other.yaml";
  ASSERT_TRUE(base::write_file(other, *base::read_file(matrix_)));
  auto words = run_words();
  words[1] = other.string();
  words.push_back("--no-cache");
  const pid_t second = start(words);
  const auto one = wait(first), two = wait(second);
  EXPECT_EQ(one.code(), 0) << one.err;
  EXPECT_EQ(two.code(), 0) << two.err;
  auto store = result::Store::open(workspace_ / "results.sqlite");
  const auto runs = store->list();
  ASSERT_EQ(runs->size(), 2u);
  for (const auto& header : *runs) {
    EXPECT_NE(header.finished, "");
    for (const auto& cell : store->read(header.id)->cells) EXPECT_EQ(cell.attempts, 1u);
  }
}

}  // namespace
}  // namespace bpfmatrix::tests
