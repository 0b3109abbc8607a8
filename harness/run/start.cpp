#include "run/start.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "run/nonce.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using boost::asio::awaitable;
using base::RunClock;

constexpr auto kSaveLimit = 30s;
constexpr auto kSendLimit = 10s;
constexpr auto kEndGrace = 2s;

// The random bytes are of the same source as nonces.
wire::Wake make_wake(const Nonce& nonce) {
  wire::Wake wake;
  wake.nonce = nonce.bytes;
  for (size_t i = 0; i < wake.random.size();)
    for (const auto byte : make_nonce().bytes) wake.random[i++] = byte;
  static_assert(std::tuple_size_v<decltype(wake.random)> % sizeof(Nonce::bytes) == 0);
  wake.time =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count());
  return wake;
}

void watch_console(StartedMachine& started, const BootRequest& request) {
  started.watch = std::make_shared<ConsoleWatch>(request.console);
  started.machine->watch_console(
      [watch = started.watch](std::string_view bytes) { watch->feed(bytes); });
}

std::chrono::milliseconds since(RunClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(RunClock::now() - start);
}

awaitable<base::Status> until_hello(StartedMachine& started, RunClock::time_point deadline) {
  auto& session = *started.session;
  while (!session.hello()) {
    auto bytes = co_await started.machine->read_agent(deadline);
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) co_return base::fail(ErrorKind::process, "the machine ended");
    if (auto taken = session.take(*bytes); !taken) co_return taken;
  }
  co_return base::Status{};
}

// The agent's first words, on the console (guest/agent/main.cpp).
constexpr std::string_view kAgentIsUp = "bpfmatrix agent: up";
constexpr auto kLook = 200ms;  // how often the console is looked at meanwhile

// A machine that boots: QEMU answers, the kernel starts the agent, the agent says hello.
awaitable<base::Status> bring_up(StartedMachine& started, const BootRequest& request) {
  vm::Machine& machine = *started.machine;
  auto up = co_await machine.greeted(RunClock::now() + request.qemu_limit);
  if (!up && up.error().kind == ErrorKind::timeout)
    co_return base::fail(ErrorKind::timeout, "QEMU did not answer within {} ms of its start",
                         request.qemu_limit.count());
  if (!up) co_return up;
  started.stage = Stage::kernel;
  auto deadline = RunClock::now() + request.boot_limit;
  for (;;) {
    auto said = co_await until_hello(started, std::min(deadline, RunClock::now() + kLook));
    if (said) started.stage = Stage::ready;
    if (said || said.error().kind != ErrorKind::timeout) co_return said;
    if (started.stage == Stage::kernel && machine.console().find(kAgentIsUp) != std::string::npos) {
      started.stage = Stage::agent;
      deadline = std::min(deadline, RunClock::now() + request.hello_limit);
    }
    const auto trouble = started.watch->trouble();
    if (trouble && trouble->kind == console::Kind::reboot)
      co_return base::fail(ErrorKind::unavailable, "the machine restarted");
    if (RunClock::now() < deadline) continue;
    co_return base::fail(ErrorKind::timeout, "{}",
                         started.stage == Stage::agent
                             ? "the kernel came up, but its agent said no hello in time"
                             : "the kernel did not come up: no sign of the agent in time");
  }
}

// A restored machine stands still until its state is loaded by QEMU and found intact by us, which
// happens side by side.
awaitable<base::Status> bring_back(StartedMachine& started, BootRequest& request,
                                   const std::string& key, const std::string& sha256) {
  vm::Machine& machine = *started.machine;
  const auto deadline = RunClock::now() + std::max<std::chrono::milliseconds>(
                                                  5s, request.boot_limit / 4);
  if (!co_await request.states->intact(key, sha256))
    co_return base::fail(ErrorKind::invalid_input, "its file is not what was written");
  if (auto loaded = co_await machine.loaded(deadline); !loaded) co_return loaded;
  if (auto resumed = co_await machine.resume(deadline); !resumed) co_return resumed;
  auto sent = co_await machine.write_agent(started.session->to_send(), RunClock::now() + kSendLimit);
  if (!sent) co_return sent;
  co_return co_await until_hello(started, deadline);
}

// Nothing when there is no state, or it did not come back and was dropped; `jobs` are then as they
// were.
awaitable<std::optional<StartedMachine>> restore(boost::asio::io_context& io, BootRequest& request,
                                                 std::deque<Job>& jobs, const BootEvents& events) {
  const std::string key = vm::state_key(request.state);
  auto found = request.states->find(key);
  if (!found) co_return std::nullopt;
  StartedMachine out;
  const auto began = RunClock::now();
  const auto nonce = make_nonce();
  const auto wake = make_wake(nonce);
  auto config = request.machine;
  config.nonce = nonce.digits;
  auto machine = vm::Machine::restore(io, config, found->file.get());
  if (!machine) co_return std::nullopt;  // QEMU itself: the boot will tell it
  out.session = std::make_unique<Session>(wake, *request.files, std::move(jobs));
  out.machine.emplace(std::move(*machine));
  watch_console(out, request);
  out.watch->set_running();
  out.status = co_await bring_back(out, request, key, found->sha256);
  if (out.status) {
    out.restored = true;
    out.stage = Stage::ready;
    out.to_hello = since(began);
    co_return out;
  }
  out.machine->kill();
  const auto ending = co_await out.machine->finish(RunClock::now() + kEndGrace);
  const auto words = ending.standard_error.substr(0, ending.standard_error.find('\n'));
  events.note(fmt::format("{}: its saved machine does not come back ({}{}{}); booting it anew",
                          request.kernel, out.status.error().message, words.empty() ? "" : "; ",
                          words));
  request.states->drop(key);
  jobs = out.session->take_unfinished();
  co_return std::nullopt;
}

// Saves a machine whose agent has said hello and waits. An Error: the machine does not go on.
awaitable<base::Status> save(vm::Machine& machine, BootRequest& request, const BootEvents& events) {
  const std::string key = vm::state_key(request.state);
  const auto deadline = RunClock::now() + kSaveLimit;
  const auto give_up = [&](const base::Error& error) {
    request.states = nullptr;
    events.note(fmt::format("{}: the machine cannot be saved for the next run: {}", request.kernel,
                            error.message));
  };
  auto draft = request.states->begin();
  if (!draft) {
    give_up(draft.error());
    co_return base::Status{};
  }
  auto saved = co_await machine.save(draft->file(), deadline);
  auto resumed = co_await machine.resume(deadline);
  if (saved) saved = co_await request.states->keep(std::move(*draft), key, request.state);
  if (!saved) give_up(saved.error());
  co_return resumed;
}

}  // namespace

awaitable<StartedMachine> start_machine(boost::asio::io_context& io, BootRequest& request,
                                        std::deque<Job> jobs, const BootEvents& events) {
  if (request.states != nullptr) {
    auto restored = co_await restore(io, request, jobs, events);
    if (restored) co_return std::move(*restored);
  }
  StartedMachine out;
  const auto began = RunClock::now();
  const auto nonce = make_nonce();
  auto config = request.machine;
  config.nonce = nonce.digits;
  out.session = std::make_unique<Session>(nonce.bytes, *request.files, std::move(jobs));
  auto machine = vm::Machine::start(io, config);
  if (!machine) {
    out.status = machine.error();
    co_return out;
  }
  out.machine.emplace(std::move(*machine));
  watch_console(out, request);
  out.status = co_await bring_up(out, request);
  out.watch->set_running();
  out.to_hello = since(began);
  if (out.status && request.states != nullptr)
    out.status = co_await save(*out.machine, request, events);
  co_return out;
}

}  // namespace bpfmatrix::run
