#include "base/lifeline.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace bpfmatrix::base {
namespace {

// A shell, not a copy of us: that would hold on to all pages that we change meanwhile. The signals
// are those that we send to a group before SIGKILL.
constexpr const char* kGuard = "trap '' HUP INT TERM; read -r nothing; kill -KILL 0";

[[noreturn]] void become_guard(int reading, int null_device) {
  ::dup2(reading, 0);
  ::dup2(null_device, 1);
  ::dup2(null_device, 2);
  ::close_range(3, ~0U, 0);  // what others wait to see the end of
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* const argv[] = {"sh", "-c", kGuard, nullptr};
  const char* const environment[] = {nullptr};
  ::execve("/bin/sh", const_cast<char* const*>(argv), const_cast<char* const*>(environment));
  ::_exit(127);
}

}  // namespace

const Descriptor& lifeline() {
  static const auto ends = [] {
    int raw[2] = {-1, -1};
    [[maybe_unused]] const int failed = ::pipe2(raw, O_CLOEXEC);
    return std::pair{Descriptor(raw[0]), Descriptor(raw[1])};
  }();
  return ends.first;
}

bool guard_group(int reading, int null_device) {
  const pid_t between = ::fork();
  if (between < 0) return false;
  if (between == 0) {
    const pid_t guard = ::fork();
    if (guard == 0) become_guard(reading, null_device);
    ::_exit(guard < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

}  // namespace bpfmatrix::base
