#include "vm/machine.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "base/descriptor.h"
#include "vm/control.h"
#include "vm/kept_text.h"
#include "vm/stream.h"

namespace bpfmatrix::vm {
namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;
using Clock = base::RunClock;

namespace {

constexpr size_t kConsoleHalf = size_t{256} << 10;
constexpr size_t kErrorTail = size_t{16} << 10;
constexpr size_t kReadSize = size_t{64} << 10;
// How long the rest of the console may take once QEMU is gone and its end is closed.
constexpr std::chrono::seconds kDrainLimit{1};
// How long a console must be quiet for a diagnosis to be over, and how often that is looked at.
constexpr std::chrono::milliseconds kQuiet{500}, kLook{20};

const auto kTuple = asio::as_tuple(asio::use_awaitable);

std::vector<std::string> qemu_environment() {
  const char* path = std::getenv("PATH");
  return {fmt::format("PATH={}", path != nullptr ? path : "/usr/bin:/bin"), "HOME=/nonexistent",
          "LANG=C"};
}

// What bubblewrap says of a program that ended by a signal: 128 and its number.
base::ExitStatus unwrapped(base::ExitStatus status) {
  constexpr int kBySignal = 128;
  if (status.by_signal || status.code <= kBySignal) return status;
  return {true, status.code - kBySignal};
}

}  // namespace

// Shared with the coroutines that read the console and QEMU's standard error: after stop() they end
// in the loop's next turn.
struct Machine::State {
  explicit State(asio::io_context& io) : console(io), agent(io), errors(io), drained(io) {}

  // Kills and reaps QEMU, and lets everything go that waits on it.
  void stop() {
    child.reset();
    watcher = nullptr;
    boost::system::error_code ignored;
    for (Stream* stream : {&console, &agent, &errors}) stream->close(ignored);
    if (control) control->close();
    drained.cancel();
  }

  static asio::awaitable<void> pump(std::shared_ptr<State> state, Stream& from, KeptText& to) {
    std::vector<char> piece(kReadSize);
    for (;;) {
      const auto [error, n] = co_await from.async_read_some(asio::buffer(piece), kTuple);
      if (error) break;
      state->keep({piece.data(), n}, to);
    }
    --state->pumps;
    state->drained.cancel();
  }

  // What the console says in answer to a diagnosis is no finding.
  void keep(std::string_view bytes, KeptText& to) {
    const bool is_console = &to == &console_text;
    (is_console && diagnosing ? diagnosis_text : to).append(bytes);
    if (is_console && !diagnosing && watcher) watcher(bytes);
  }

  std::optional<base::ChildProcess> child;
  std::optional<Control> control;
  Stream console, agent, errors;
  KeptText console_text{kConsoleHalf, kConsoleHalf};
  KeptText diagnosis_text{kConsoleHalf, 0};
  KeptText error_text{0, kErrorTail};
  std::function<void(std::string_view)> watcher;  // of the console
  base::RunTimer drained;
  int pumps = 0;
  int pid = -1;
  bool killed = false;
  bool diagnosing = false;
  bool wrapped = false;  // the child is bubblewrap, with QEMU inside
};

base::Result<Machine> Machine::start(asio::io_context& io, const MachineConfig& config) {
  auto booted = config;
  booted.restored = false;
  return spawn(io, booted, -1);
}

base::Result<Machine> Machine::restore(asio::io_context& io, const MachineConfig& config,
                                       int state) {
  auto restored = config;
  restored.restored = true;
  return spawn(io, restored, state);
}

base::Result<Machine> Machine::spawn(asio::io_context& io, const MachineConfig& config,
                                     int saved_state) {
  BPFM_TRY(auto console, base::make_socket_pair());
  BPFM_TRY(auto agent, base::make_socket_pair());
  BPFM_TRY(auto errors, base::make_socket_pair());
  BPFM_TRY(auto control, base::make_socket_pair());
  base::ChildOptions options;
  auto launch = make_launch(config);
  options.argv = std::move(launch.argv);
  options.confinement = std::move(launch.confinement);
  options.environment = qemu_environment();
  options.descriptors = {{1, errors.theirs.get()},
                         {2, errors.theirs.get()},
                         {kConsoleDescriptor, console.theirs.get()},
                         {kAgentDescriptor, agent.theirs.get()},
                         {kControlDescriptor, control.theirs.get()}};
  if (saved_state >= 0) options.descriptors.emplace_back(kStateDescriptor, saved_state);
  std::vector<base::Descriptor> files;
  for (const auto& [number, path] : launch.files) {
    files.emplace_back(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
    if (!files.back().open()) return base::io_error(errno, fmt::format("open {}", path));
    options.descriptors.emplace_back(number, files.back().get());
  }
  options.new_session = true;  // Ctrl-C is the driver's: it ends its machines itself
  BPFM_TRY(auto child, base::ChildProcess::spawn(io, options));
  auto state = std::make_shared<State>(io);
  state->pid = child.pid();
  state->wrapped = !config.sandbox.bwrap.empty();
  state->child.emplace(std::move(child));
  state->control.emplace(io, std::move(control.ours));
  state->console.assign(console.ours.release());
  state->agent.assign(agent.ours.release());
  state->errors.assign(errors.ours.release());
  state->pumps = 2;
  asio::co_spawn(io, State::pump(state, state->console, state->console_text), asio::detached);
  asio::co_spawn(io, State::pump(state, state->errors, state->error_text), asio::detached);
  return Machine(std::move(state));
}

Machine::Machine(std::shared_ptr<State> state) : state_(std::move(state)) {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&& other) noexcept {
  if (this != &other) {
    if (state_) state_->stop();
    state_ = std::move(other.state_);
  }
  return *this;
}
Machine::~Machine() {
  if (state_) state_->stop();
}

asio::awaitable<base::Result<std::string>> Machine::read_agent(Clock::time_point deadline) {
  const auto state = state_;
  std::string bytes(kReadSize, '\0');
  for (;;) {
    const ssize_t n = ::read(state->agent.native_handle(), bytes.data(), bytes.size());
    if (n >= 0 || peer_gone(errno)) {
      bytes.resize(n > 0 ? static_cast<size_t>(n) : 0);
      co_return bytes;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return base::io_error(errno, "read from the agent");
    switch (co_await wait_ready(state->agent, Stream::wait_read, deadline)) {
      case Ready::yes:
        break;
      case Ready::deadline:
        co_return base::fail(base::ErrorKind::timeout, "nothing came from the agent");
      case Ready::closed:
        co_return base::fail(base::ErrorKind::process,
                             "read from the agent: the machine is stopped");
    }
  }
}

asio::awaitable<base::Status> Machine::write_agent(std::string bytes, Clock::time_point deadline) {
  const auto state = state_;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t n =
        ::send(state->agent.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      rest.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (peer_gone(errno))
      co_return base::fail(base::ErrorKind::process, "send to the agent: the machine has ended");
    if (errno != EAGAIN) co_return base::io_error(errno, "send to the agent");
    switch (co_await wait_ready(state->agent, Stream::wait_write, deadline)) {
      case Ready::yes:
        break;
      case Ready::deadline:
        co_return base::fail(base::ErrorKind::timeout,
                             "the agent took no more bytes ({} of {} sent)",
                             bytes.size() - rest.size(), bytes.size());
      case Ready::closed:
        co_return base::fail(base::ErrorKind::process, "send to the agent: the machine is stopped");
    }
  }
  co_return base::Status{};
}

// Takes the rest of the console of a QEMU that is gone; nothing of one that runs.
asio::awaitable<void> Machine::drain(std::shared_ptr<State> state) {
  const auto end = Clock::now() + kDrainLimit;
  while (!state->child->running() && state->pumps > 0 && Clock::now() < end) {
    state->drained.expires_at(end);
    co_await state->drained.async_wait(kTuple);
  }
}

asio::awaitable<base::Status> Machine::greeted(Clock::time_point deadline) {
  const auto state = state_;
  co_return co_await state->control->greeted(deadline);
}

asio::awaitable<Diagnosis> Machine::diagnose(Clock::time_point deadline) {
  const auto state = state_;
  state->diagnosing = true;
  const auto told = co_await state->control->inject_nmi(deadline);
  std::string text = "\nVM DIAGNOSIS:\n";
  if (!told) co_return Diagnosis{false, text + fmt::format("QEMU: {}\n", told.error().message)};
  text += fmt::format("QEMU: the machine was {}; it was sent an NMI\n", *told);
  uint64_t before = 0;
  auto last = Clock::now();
  while (Clock::now() < deadline && state->child->running()) {
    base::RunTimer timer(state->drained.get_executor(), kLook);
    co_await timer.async_wait(kTuple);
    const auto now = state->diagnosis_text.size();
    if (now != before) last = Clock::now();
    before = now;
    if (now != 0 && Clock::now() - last > kQuiet) break;
  }
  co_await drain(state);
  text += state->diagnosis_text.size() == 0 ? "the guest said nothing to it\n"
                                            : state->diagnosis_text.text();
  co_return Diagnosis{true, std::move(text)};
}

asio::awaitable<base::Status> Machine::save(int file, Clock::time_point deadline) {
  const auto state = state_;
  co_return co_await state->control->save(file, deadline);
}
asio::awaitable<base::Status> Machine::loaded(Clock::time_point deadline) {
  const auto state = state_;
  co_return co_await state->control->loaded(deadline);
}
asio::awaitable<base::Status> Machine::resume(Clock::time_point deadline) {
  const auto state = state_;
  co_return co_await state->control->resume(deadline);
}

asio::awaitable<Ending> Machine::finish(Clock::time_point deadline) {
  const auto state = state_;
  base::RunTimer timer(state->drained.get_executor(), deadline);
  const auto first = co_await (state->child->wait() || timer.async_wait(kTuple));
  if (first.index() == 1) kill();
  Ending ending;
  ending.status = co_await state->child->wait();
  if (state->wrapped) ending.status = unwrapped(ending.status);
  ending.killed_by_us = state->killed;
  co_await drain(state);
  ending.standard_error = state->error_text.text();
  co_return ending;
}

void Machine::kill() {
  if (!state_->child->running()) return;
  state_->killed = true;
  state_->child->signal(SIGKILL);
}

void Machine::watch_console(std::function<void(std::string_view)> watcher) {
  state_->watcher = std::move(watcher);
}

void Machine::catch_up() {
  std::vector<char> piece(kReadSize);
  // As much as a socket holds and no more: a guest that never stops talking must not keep us here.
  for (int i = 0; i < 64; ++i) {
    const ssize_t n =
        ::recv(state_->console.native_handle(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (n <= 0) return;
    state_->keep({piece.data(), static_cast<size_t>(n)}, state_->console_text);
  }
}

std::string Machine::console() const {
  return state_->console_text.text();
}
uint64_t Machine::console_bytes() const {
  return state_->console_text.size();
}
int Machine::pid() const {
  return state_->pid;
}

base::Result<std::string> qemu_version(const std::string& qemu) {
  BPFM_TRY(const auto text,
           base::run_checked({.argv = {qemu, "--version"}, .timeout = std::chrono::seconds(30)}));
  return version_in(text, qemu);
}

}  // namespace bpfmatrix::vm
