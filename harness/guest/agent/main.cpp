// The guest's only process of its own: PID 1. Takes files and RUNs from the driver, starts loaders,
// and says what became of them. Never sees a matrix; refuses nothing that the driver sends.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "agent/loaders.h"
#include "agent/port.h"
#include "agent/system.h"

namespace bpfmatrix::guest {
namespace {

// One piece of a file: appended in order; told as done with the last.
void take_file(Port* port, const std::string& payload) {
  const auto* raw = reinterpret_cast<const uint8_t*>(payload.data());
  if (payload.size() < 2) return;
  const size_t name_size = bpfm_get16(raw);
  const size_t fixed = 2 + name_size + 1 + 8 + 8;
  if (payload.size() < fixed) return;
  const std::string name = payload.substr(2, name_size);
  const uint8_t* at = raw + 2 + name_size;
  const bool executable = *at != 0;
  const uint64_t total = bpfm_get64(at + 1), offset = bpfm_get64(at + 9);
  const std::string path = "/run/files/" + name;
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : O_APPEND);
  const int file = ::open(path.c_str(), flags, executable ? 0755 : 0644);
  int error = file < 0 ? errno : 0;
  size_t done = fixed;
  while (file >= 0 && error == 0 && done < payload.size()) {
    const ssize_t n = ::write(file, payload.data() + done, payload.size() - done);
    if (n < 0) error = errno;
    if (n > 0) done += static_cast<size_t>(n);
  }
  if (file >= 0) ::close(file);
  if (error == 0 && offset + (payload.size() - fixed) < total) return;
  std::string out;
  append_text(&out, name);
  append32(&out, static_cast<uint32_t>(error));
  port->send(BPFM_FILE_DONE, out);
}

// To a machine that was saved while it waited in serve(), and restored.
void wake(Port* port, const std::string& payload, const std::string& module_errors) {
  constexpr size_t kNonce = 16, kTime = 8, kRandom = 32;
  if (payload.size() != kNonce + kTime + kRandom) return;
  const auto* raw = reinterpret_cast<const uint8_t*>(payload.data());
  awake(bpfm_get64(raw + kNonce), payload.substr(kNonce + kTime));
  port->shared()->next_seq = 0;
  port->send(BPFM_HELLO, hello(payload.substr(0, kNonce), module_errors));
}

int watch_children() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void serve(Port* port, const std::string& module_errors) {
  Loaders loaders(port);
  const int children = watch_children();
  for (;;) {
    pollfd waiting[2] = {{port->descriptor(), POLLIN, 0}, {children, POLLIN, 0}};
    ::poll(waiting, 2, loaders.wait_ms());
    signalfd_siginfo drained[8];
    while (::read(children, drained, sizeof drained) > 0) {
    }
    loaders.check();
    if ((waiting[0].revents & (POLLIN | POLLHUP)) == 0) continue;
    std::vector<Frame> frames;
    if (!port->read(&frames)) return;
    for (const auto& frame : frames) {
      if (frame.type == BPFM_FILE) take_file(port, frame.payload);
      if (frame.type == BPFM_RUN) loaders.run(frame.payload);
      if (frame.type == BPFM_WAKE) wake(port, frame.payload, module_errors);
      if (frame.type == BPFM_SHUTDOWN) return;
    }
  }
}

}  // namespace
}  // namespace bpfmatrix::guest

int main() {
  using namespace bpfmatrix::guest;  // NOLINT: main only
  prepare_system();
  // For the console: the kernel is up, whatever becomes of modules and port (run/start.cpp).
  std::fprintf(stderr, "bpfmatrix agent: up\n");
  const std::string module_errors = load_modules();
  Port port;
  if (port.open()) {
    port.send(BPFM_HELLO, hello(nonce_of_boot(), module_errors));
    serve(&port, module_errors);
  } else {
    std::fprintf(stderr,
                 "bpfmatrix agent: no virtio port named bpfmatrix; does this kernel need modules "
                 "for virtio? (%s)\n",
                 module_errors.empty() ? "none failed" : module_errors.c_str());
  }
  end_machine();
}
