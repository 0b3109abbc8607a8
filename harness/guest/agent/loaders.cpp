#include "agent/loaders.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "agent/time_left.h"

namespace bpfmatrix::guest {
namespace {

constexpr int kLookMs = 100;        // a cell is killed so much late at most
constexpr int kPipeSize = 1 << 18;  // two whole RUN frames: handing one over never blocks

uint64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000ULL + static_cast<uint64_t>(t.tv_nsec);
}

bool write_all(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(to, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

bool Loaders::start(const std::string& name) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeSize);
  const std::string path = "/run/files/" + name;
  const int port = port_->descriptor(), shared = port_->shared_descriptor();
  pid_ = ::fork();
  if (pid_ == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Above all numbers used below, then down to their places; dup2 clears close-on-exec.
    const int in = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 10), out = ::fcntl(port, F_DUPFD_CLOEXEC, 10),
              page = ::fcntl(shared, F_DUPFD_CLOEXEC, 10);
    ::dup2(in, BPFM_FD_CELLS);
    ::dup2(out, BPFM_FD_PORT);
    ::dup2(page, BPFM_FD_SHARED);
    char* const argv[] = {const_cast<char*>(path.c_str()), nullptr};
    char* const environment[] = {nullptr};
    ::execve(path.c_str(), argv, environment);
    ::_exit(127);
  }
  ::close(ends[0]);
  cells_ = ends[1];
  name_ = name;
  return pid_ > 0;
}

void Loaders::stop() {
  if (pid_ < 0) return;
  ::close(cells_);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = cells_ = -1;
  timed_out_ = false;
  name_.clear();
  port_->shared()->out_size = 0;  // its RUN was done: all was sent
}

void Loaders::gone(uint8_t reason, int number) {
  bpfm_shared* shared = port_->shared();
  std::string out;
  append32(&out, run_);
  append32(&out, shared->cell);
  out.push_back(static_cast<char>(reason));
  append32(&out, static_cast<uint32_t>(number));
  shared->cell = BPFM_NO_CELL;
  shared->idle = 1;
  port_->send(BPFM_LOADER_GONE, out);
}

void Loaders::run(const std::string& payload) {
  const auto* raw = reinterpret_cast<const uint8_t*>(payload.data());
  constexpr size_t kName = 8;  // after the number of the run and its flags
  if (payload.size() < kName + 2 || payload.size() < kName + 2 + bpfm_get16(raw + kName)) return;
  run_ = bpfm_get32(raw);
  const std::string name = payload.substr(kName + 2, bpfm_get16(raw + kName));
  if (name != name_) stop();
  bpfm_shared* shared = port_->shared();
  shared->idle = 0;
  shared->cell = BPFM_NO_CELL;
  if (pid_ < 0 && (::access(("/run/files/" + name).c_str(), X_OK) != 0 || !start(name))) {
    gone(BPFM_GONE_NO_START, errno);
    return;
  }
  uint8_t length[4];
  bpfm_put32(length, static_cast<uint32_t>(payload.size()));
  // A loader that died in between is found by check().
  if (write_all(cells_, reinterpret_cast<char*>(length), sizeof length))
    write_all(cells_, payload.data(), payload.size());
}

void Loaders::check() {
  if (pid_ < 0) return;
  const bpfm_shared* shared = port_->shared();
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    ::close(cells_);
    pid_ = cells_ = -1;
    name_.clear();
    const bool by_signal = WIFSIGNALED(status);
    const int number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    const bool run_done = port_->send_held();
    if (!shared->idle && !run_done)
      gone(timed_out_ ? BPFM_GONE_TIMEOUT : by_signal ? BPFM_GONE_SIGNAL : BPFM_GONE_EXIT, number);
    timed_out_ = false;
    return;
  }
  if (timed_out_ || wait_ms() != 0) return;
  // Stopped before it is judged, so that no other cell begins meanwhile and is killed for this one.
  ::kill(pid_, SIGSTOP);
  timed_out_ = wait_ms() == 0;
  ::kill(pid_, timed_out_ ? SIGKILL : SIGCONT);
}

int Loaders::wait_ms() const {
  const bpfm_shared* shared = port_->shared();
  if (pid_ < 0 || shared->idle || timed_out_) return -1;
  // Nothing tells the agent that another cell began, whose limit may be shorter.
  if (shared->cell == BPFM_NO_CELL) return kLookMs;
  return std::min(kLookMs, time_left_ms(shared->began_ns, shared->limit_ms, now_ns()));
}

}  // namespace bpfmatrix::guest
