// The clock of all limits: CLOCK_MONOTONIC without the time for which this process was stopped by
// SIGTSTP (Ctrl-Z). It never jumps, goes on at no change of the wall clock, and stands while the host
// sleeps.
//
// While a PauseScope lives, SIGTSTP stops every child that has a session of its own (machines), then
// this process; SIGCONT lets all go on, the clock having stood. Such children would otherwise run on
// while nobody listens, and every limit would be over. Where SIGTSTP is ignored it stays ignored.
#pragma once

#include <sys/types.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <csignal>

namespace bpfmatrix::base {

struct RunClock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<RunClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
  // How long the clock has stood so far.
  static duration stood() noexcept;
};

// Waits by that clock: what was to expire during a pause does so as much later.
using RunTimer = boost::asio::basic_waitable_timer<RunClock>;

// Remembers a child to be stopped and continued with us; `pid` leads a session, and so a group of its
// own. At most 512 at a time: further ones run on.
void stop_with_us(pid_t pid);
void forget_child(pid_t pid);

// One at a time; its thread is the program's only one.
class PauseScope {
 public:
  PauseScope();
  ~PauseScope();
  PauseScope(const PauseScope&) = delete;
  PauseScope& operator=(const PauseScope&) = delete;

 private:
  struct sigaction before_ {};
  bool installed_ = false;
};

}  // namespace bpfmatrix::base
