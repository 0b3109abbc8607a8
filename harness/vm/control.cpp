#include "vm/control.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vm/stream.h"

namespace bpfmatrix::vm {
namespace asio = boost::asio;
using asio::awaitable;
using base::ErrorKind;
using base::fail;
using nlohmann::json;

namespace {

// QEMU's answers are some hundred bytes; whatever is longer is not one.
constexpr size_t kLongestLine = size_t{1} << 20;
constexpr std::chrono::milliseconds kPoll{3};
// Of the default, 128 MiB/s: a state is some 60 MiB, and the guest stands still meanwhile.
constexpr int64_t kBandwidth = int64_t{1} << 40;  // bytes a second

// Sends all of `bytes`, `file` with the first of them when it is not -1.
awaitable<base::Status> send(Stream& to, std::string bytes, int file, Control::Deadline deadline) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    iovec piece{const_cast<char*>(rest.data()), rest.size()};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (file >= 0) {
      message.msg_control = space;
      message.msg_controllen = sizeof space;
      cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(rights), &file, sizeof file);
    }
    const ssize_t n = ::sendmsg(to.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      rest.remove_prefix(static_cast<size_t>(n));
      file = -1;
      continue;
    }
    if (errno == EINTR) continue;
    if (peer_gone(errno)) co_return fail(ErrorKind::process, "QEMU has ended");
    if (errno != EAGAIN) co_return base::io_error(errno, "send to QEMU's monitor");
    const auto ready = co_await wait_ready(to, Stream::wait_write, deadline);
    if (ready == Ready::deadline) co_return fail(ErrorKind::timeout, "QEMU takes no command");
    if (ready == Ready::closed) co_return fail(ErrorKind::process, "the machine is stopped");
  }
  co_return base::Status{};
}

struct Step {
  std::string command;
  json arguments;
  int file = -1;
};

std::vector<Step> saving(int file) {
  return {{"stop", json::object(), -1},
          {"migrate-set-parameters", {{"max-bandwidth", kBandwidth}}, -1},
          {"getfd", {{"fdname", "state"}}, file},
          {"migrate", {{"uri", "fd:state"}}, -1}};
}

}  // namespace

struct Control::State {
  State(asio::io_context& io, base::Descriptor descriptor) : socket(io, descriptor.release()) {}

  // The next object that QEMU says, events included.
  awaitable<base::Result<json>> receive(Deadline deadline);
  // What QEMU answers to `command`. `file` travels with it when it is not -1.
  awaitable<base::Result<json>> execute(std::string command, json arguments, Deadline deadline,
                                        int file = -1);
  // The greeting and the end of negotiation, once.
  awaitable<base::Status> negotiate(Deadline deadline);
  awaitable<void> pause();

  Stream socket;
  std::string received;
  bool negotiated = false;
};

awaitable<base::Result<json>> Control::State::receive(Deadline deadline) {
  for (;;) {
    if (const auto end = received.find('\n'); end != std::string::npos) {
      auto object = json::parse(received.substr(0, end), nullptr, /*allow_exceptions=*/false);
      received.erase(0, end + 1);
      if (!object.is_object()) co_return fail(ErrorKind::protocol, "QEMU's monitor: no JSON");
      co_return object;
    }
    if (received.size() > kLongestLine)
      co_return fail(ErrorKind::protocol, "QEMU's monitor: an endless line");
    char piece[4096];
    const ssize_t n = ::read(socket.native_handle(), piece, sizeof piece);
    if (n > 0) {
      received.append(piece, static_cast<size_t>(n));
      continue;
    }
    if (n == 0 || peer_gone(errno)) co_return fail(ErrorKind::process, "QEMU has ended");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return base::io_error(errno, "read from QEMU's monitor");
    const auto ready = co_await wait_ready(socket, Stream::wait_read, deadline);
    if (ready == Ready::deadline) co_return fail(ErrorKind::timeout, "QEMU does not answer");
    if (ready == Ready::closed) co_return fail(ErrorKind::process, "the machine is stopped");
  }
}

awaitable<base::Result<json>> Control::State::execute(std::string command, json arguments,
                                                      Deadline deadline, int file) {
  const json request = {{"execute", command}, {"arguments", std::move(arguments)}};
  auto sent = co_await send(socket, request.dump() + "\n", file, deadline);
  if (!sent) co_return sent.error().in(command);
  for (;;) {
    auto answer = co_await receive(deadline);
    if (!answer) co_return answer.error().in(command);
    if (answer->contains("return")) co_return (*answer)["return"];
    if (answer->contains("error"))
      co_return fail(ErrorKind::process, "{}: QEMU says: {}", command,
                     (*answer)["error"].value("desc", "no"));
  }
}

awaitable<base::Status> Control::State::negotiate(Deadline deadline) {
  if (negotiated) co_return base::Status{};
  auto greeting = co_await receive(deadline);
  if (!greeting) co_return greeting.error();
  if (!greeting->contains("QMP")) co_return fail(ErrorKind::protocol, "QEMU does not greet");
  auto done = co_await execute("qmp_capabilities", json::object(), deadline);
  if (!done) co_return done.error();
  negotiated = true;
  co_return base::Status{};
}

awaitable<void> Control::State::pause() {
  base::RunTimer timer(socket.get_executor(), kPoll);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Control::Control(asio::io_context& io, base::Descriptor socket)
    : state_(std::make_shared<State>(io, std::move(socket))) {}
Control::Control(Control&&) noexcept = default;
Control& Control::operator=(Control&&) noexcept = default;
Control::~Control() {
  if (state_) close();
}

void Control::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

awaitable<base::Status> Control::greeted(Deadline deadline) {
  const auto state = state_;
  co_return co_await state->negotiate(deadline);
}

awaitable<base::Result<std::string>> Control::inject_nmi(Deadline deadline) {
  const auto state = state_;
  if (auto ok = co_await state->negotiate(deadline); !ok) co_return ok.error();
  auto seen = co_await state->execute("query-status", json::object(), deadline);
  if (!seen) co_return seen.error();
  auto sent = co_await state->execute("inject-nmi", json::object(), deadline);
  if (!sent) co_return sent.error();
  co_return seen->value("status", "unknown");
}

awaitable<base::Status> Control::save(int file, Deadline deadline) {
  const auto state = state_;
  if (auto ok = co_await state->negotiate(deadline); !ok) co_return ok;
  const auto steps = saving(file);
  for (const auto& step : steps) {
    auto done = co_await state->execute(step.command, step.arguments, deadline, step.file);
    if (!done) co_return done.error();
  }
  for (;;) {
    auto seen = co_await state->execute("query-migrate", json::object(), deadline);
    if (!seen) co_return seen.error();
    const std::string status = seen->value("status", "");
    if (status == "completed") co_return base::Status{};
    if (status == "failed" || status == "cancelled")
      co_return fail(ErrorKind::process, "migrate: QEMU says: {} ({})", status,
                     seen->value("error-desc", "no reason given"));
    if (base::RunClock::now() >= deadline)
      co_return fail(ErrorKind::timeout, "the machine was not saved in time");
    co_await state->pause();
  }
}

awaitable<base::Status> Control::loaded(Deadline deadline) {
  const auto state = state_;
  if (auto ok = co_await state->negotiate(deadline); !ok) co_return ok;
  for (;;) {
    auto seen = co_await state->execute("query-status", json::object(), deadline);
    if (!seen) co_return seen.error();
    if (seen->value("status", "") != "inmigrate") co_return base::Status{};
    if (base::RunClock::now() >= deadline)
      co_return fail(ErrorKind::timeout, "the saved state was not loaded in time");
    co_await state->pause();
  }
}

awaitable<base::Status> Control::resume(Deadline deadline) {
  const auto state = state_;
  if (auto ok = co_await state->negotiate(deadline); !ok) co_return ok;
  auto done = co_await state->execute("cont", json::object(), deadline);
  co_return done ? base::Status{} : base::Status(done.error());
}

}  // namespace bpfmatrix::vm
