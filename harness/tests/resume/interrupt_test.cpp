// Signals of a person, a terminal or a batch system, and what a run is after them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fmt/format.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "driver_fixture.h"

namespace bpfmatrix::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using result::AttemptState;

size_t tried(const result::RunRecord& run) {
  size_t count = 0;
  for (const auto& cell : run.cells) count += cell.attempts > 0 ? 1 : 0;
  return count;
}

char state_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const auto at = line.rfind(')');
  return at == std::string::npos ? '-' : line[at + 2];
}

class Interrupted : public DriverTest {
 protected:
  // A machine that gets 256 cells at a time, for some 2 s, and 44 more.
  void make_slow() { make_matrix({"slow 8"}, 1, 300); }
};

TEST_F(Interrupted, a_signal_lets_machines_end_what_they_have_and_shows_what_is_there) {
  make_slow();
  ASSERT_EQ(run().code(), 0);
  const auto reference = canonical(record());
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143), std::pair(SIGHUP, 129)}) {
    new_workspace();
    const pid_t driver = start(run_words());
    wait_for_cells(driver, 1);
    ::kill(driver, signal);
    const auto ended = wait(driver);
    EXPECT_EQ(ended.code(), code);
    EXPECT_FALSE(ended.killed());
    EXPECT_THAT(ended.err, HasSubstr("again ends it at once"));
    EXPECT_THAT(ended.err, HasSubstr("is incomplete: 44 of 300 cells were not reached; go on with"));
    EXPECT_THAT(ended.out, HasSubstr("trivial"));
    EXPECT_EQ(tried(record()), 256u);  // all that the machine had, and no more
    EXPECT_EQ(machines_left(), 0);
    const auto report = call({"report"});
    EXPECT_EQ(report.code(), 5);
    EXPECT_THAT(report.err, HasSubstr(fmt::format("go on with: bpfmatrix --workspace {} resume 20",
                                                  workspace_.string())));
    EXPECT_EQ(call({"export"}).code(), 5);
    EXPECT_EQ(resume().code(), 0);
    EXPECT_EQ(canonical(record()), reference);
    EXPECT_EQ(call({"report"}).code(), 0);
  }
}

TEST_F(Interrupted, a_run_that_has_had_its_time_ends_softly_and_can_be_continued) {
  make_slow();
  auto words = run_words();
  words.insert(words.end(), {"--time-limit", "1s"});
  const auto ended = call(words);
  EXPECT_EQ(ended.code(), 5);
  EXPECT_THAT(ended.err, HasSubstr("the run has had its 1 s"));
  EXPECT_LT(tried(record()), 300u);
  EXPECT_EQ(machines_left(), 0);
  EXPECT_EQ(resume().code(), 0);
  EXPECT_EQ(tried(record()), 300u);
}

TEST_F(Interrupted, a_second_signal_ends_it_at_once) {
  make_matrix({"hang_at 5"}, 1, 20);
  const pid_t driver = start(run_words());
  while (machines().empty()) std::this_thread::sleep_for(10ms);
  std::this_thread::sleep_for(500ms);
  const auto begin = std::chrono::steady_clock::now();
  ::kill(driver, SIGINT);
  std::this_thread::sleep_for(100ms);
  ::kill(driver, SIGINT);
  const auto ended = wait(driver);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(ended.code(), 130);
  EXPECT_EQ(machines_left(), 0);
  EXPECT_EQ(record().header.finished, "");
  EXPECT_LT(took, 4500ms);  // of a grace of 5 s
}

TEST_F(Interrupted, a_machine_that_hangs_is_not_waited_for_beyond_the_grace) {
  make_matrix({"hang_at 5"}, 1, 20);
  const pid_t driver = start(run_words());
  while (machines().empty()) std::this_thread::sleep_for(10ms);
  std::this_thread::sleep_for(500ms);
  ::kill(driver, SIGTERM);
  EXPECT_EQ(wait(driver).code(), 143);
  EXPECT_EQ(machines_left(), 0);
  EXPECT_EQ(tried(record()), 0u);  // its cells were dense: none had left the machine
}

TEST_F(Interrupted, a_signal_that_is_ignored_stays_ignored) {
  make_slow();
  struct sigaction before {};
  ::sigaction(SIGHUP, nullptr, &before);
  ::signal(SIGHUP, SIG_IGN);  // as nohup does
  const pid_t driver = start(run_words());
  ::sigaction(SIGHUP, &before, nullptr);
  wait_for_cells(driver, 1);
  ::kill(driver, SIGHUP);
  EXPECT_EQ(wait(driver).code(), 0);
}

// Ctrl-Z and Ctrl-C as a terminal sends them: to the driver's group, which machines are not in.
TEST_F(Interrupted, a_terminal_pauses_machines_and_limits_and_takes_up_again) {
  // A hello after 1 s, with 1.5 s to come (the limit times 10 under TCG): the pause is longer.
  make_matrix({"slow_boot 1000"}, 1, 20, "limits: {boot: 150ms}\n");
  auto words = run_words();
  std::vector<std::string> all = {BPFM_BUILD "/bin/bpfmatrix", "--workspace", workspace_.string()};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (auto& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  int terminal = -1;
  const pid_t driver = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (driver == 0) {
    ::setenv("BPFMATRIX_SANDBOX", "off", 1);  // one process a machine
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }
  while (machines().empty() && state_of(driver) != 'Z') std::this_thread::sleep_for(5ms);
  std::this_thread::sleep_for(100ms);
  ASSERT_EQ(::write(terminal, "\x1a", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(driver, &status, WUNTRACED), driver);
  ASSERT_TRUE(WIFSTOPPED(status));
  const auto stopped = machines();
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_EQ(state_of(stopped[0]), 'T');
  std::this_thread::sleep_for(2s);
  ::kill(driver, SIGCONT);
  std::string said;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(terminal, piece, sizeof piece)) > 0;) said.append(piece, static_cast<size_t>(n));
  ASSERT_EQ(::waitpid(driver, &status, 0), driver);
  ::close(terminal);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said;
  for (const auto& cell : record().cells) EXPECT_EQ(cell.attempt.state, AttemptState::measured);
  EXPECT_EQ(machines_left(), 0);
}

TEST_F(Interrupted, a_run_that_has_ended_is_told_so) {
  make_matrix({"ok"}, 1, 2);
  EXPECT_THAT(resume().err, HasSubstr("no run was made in this workspace yet"));
  ASSERT_EQ(run().code(), 0);
  const auto id = record().header.id;
  const auto again = resume();
  EXPECT_EQ(again.code(), 0);
  EXPECT_THAT(again.err, HasSubstr("every run of this workspace came to its end"));
  auto words = resume_words();
  words.insert(words.begin() + 1, id.substr(0, 12));
  const auto named = call(words);
  EXPECT_EQ(named.code(), 0);
  EXPECT_THAT(named.err, HasSubstr(id + " came to its end already"));
}

}  // namespace
}  // namespace bpfmatrix::tests
