#include "base/run_clock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <thread>

#include "base/child_process.h"

namespace bpfmatrix::base {
namespace {

using namespace std::chrono_literals;

// Runs `body` in a process that is stopped by SIGTSTP while it does, for a second; its exit code.
template <typename Body>
int stopped_for_a_second(Body body) {
  int ready[2];
  if (::pipe(ready) != 0) return -3;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const PauseScope scope;
    if (::write(ready[1], "r", 1) != 1) ::_exit(99);
    ::_exit(body());
  }
  char byte = 0;
  const bool up = ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  ::close(ready[1]);
  if (!up) return -4;
  std::this_thread::sleep_for(100ms);
  ::kill(pid, SIGTSTP);
  int status = 0;
  if (::waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) return -1;
  std::this_thread::sleep_for(1s);
  ::kill(pid, SIGCONT);
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

TEST(RunClock, a_limit_does_not_pass_while_the_process_is_stopped) {
  EXPECT_EQ(stopped_for_a_second([] {
              boost::asio::io_context io;
              RunTimer timer(io, RunClock::now() + 900ms);
              const auto begin = RunClock::now();
              const auto wall = std::chrono::steady_clock::now();
              timer.async_wait([](const boost::system::error_code&) {});
              io.run();
              if (RunClock::stood() < 900ms) return 1;
              if (RunClock::now() - begin < 900ms) return 2;
              // Without the pause 0.9 s would have been over before it ended.
              return std::chrono::steady_clock::now() - wall < 1700ms ? 3 : 0;
            }),
            0);
}

char state_of(pid_t pid) {
  char path[64], text[512] = {};
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return '-';
  const size_t n = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  const std::string_view all(text, n);
  return all[all.rfind(')') + 2];
}

TEST(RunClock, a_child_with_a_session_of_its_own_stands_still_with_us) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t driver = ::fork();
  if (driver == 0) {
    const PauseScope scope;
    boost::asio::io_context io;
    ChildOptions options;
    options.argv = {"sleep", "30"};
    options.new_session = true;
    auto child = ChildProcess::spawn(io, options);
    const pid_t pid = child ? child->pid() : -1;
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_GT(child, 0);
  ::kill(driver, SIGTSTP);
  int status = 0;
  ASSERT_EQ(::waitpid(driver, &status, WUNTRACED), driver);
  // A process that is busy takes a signal a little later.
  for (int i = 0; i < 100 && state_of(child) != 'T'; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(state_of(child), 'T');
  ::kill(driver, SIGCONT);
  for (int i = 0; i < 100 && state_of(child) != 'S'; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(state_of(child), 'S');
  ::kill(driver, SIGKILL);
  ::waitpid(driver, &status, 0);
  for (int i = 0; i < 100 && state_of(child) != '-' && state_of(child) != 'Z'; ++i)
    std::this_thread::sleep_for(20ms);
  EXPECT_NE(state_of(child), 'S');
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RunClock, where_stopping_is_ignored_it_stays_ignored) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGTSTP, SIG_IGN);
    {
      const PauseScope scope;
      ::raise(SIGTSTP);
    }
    struct sigaction now {};
    ::sigaction(SIGTSTP, nullptr, &now);
    ::_exit(now.sa_handler == SIG_IGN && RunClock::stood() == 0s ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace bpfmatrix::base
