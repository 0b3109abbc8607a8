#include "base/run_clock.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace bpfmatrix::base {
namespace {

// What the signal handler touches: lock-free atomics only.
std::atomic<int64_t> stood_ns{0};
std::array<std::atomic<pid_t>, 512> children{};
static_assert(std::atomic<int64_t>::is_always_lock_free && std::atomic<pid_t>::is_always_lock_free);

int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// The whole group: what started the machine for us, and the machine.
void signal_children(int signal) {
  for (const auto& child : children)
    if (const pid_t pid = child.load(); pid > 0) ::kill(-pid, signal);
}

// Everything in here is async-signal-safe.
void pause_all(int) {
  const int saved = errno;
  const int64_t begin = monotonic_ns();
  signal_children(SIGSTOP);
  ::kill(::getpid(), SIGSTOP);  // returns after SIGCONT
  stood_ns += monotonic_ns() - begin;
  signal_children(SIGCONT);
  errno = saved;
}

}  // namespace

RunClock::time_point RunClock::now() noexcept {
  return time_point(std::chrono::steady_clock::now().time_since_epoch() - stood());
}

RunClock::duration RunClock::stood() noexcept {
  return std::chrono::nanoseconds(stood_ns.load());
}

void stop_with_us(pid_t pid) {
  for (auto& child : children) {
    pid_t free = 0;
    if (child.compare_exchange_strong(free, pid)) return;
  }
}

void forget_child(pid_t pid) {
  for (auto& child : children) {
    pid_t mine = pid;
    if (child.compare_exchange_strong(mine, 0)) return;
  }
}

PauseScope::PauseScope() {
  ::sigaction(SIGTSTP, nullptr, &before_);
  if (before_.sa_handler == SIG_IGN) return;
  struct sigaction pausing {};
  pausing.sa_handler = pause_all;
  pausing.sa_flags = SA_RESTART;
  installed_ = ::sigaction(SIGTSTP, &pausing, nullptr) == 0;
}

PauseScope::~PauseScope() {
  if (installed_) ::sigaction(SIGTSTP, &before_, nullptr);
}

}  // namespace bpfmatrix::base
