#include "run/boot.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "run/console_title.h"
#include "run/start.h"
#include "vm/machine.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using result::AttemptState;
using base::RunClock;

constexpr auto kHangGrace = 10s;  // after a cell's own limit, which the agent enforces
constexpr auto kEndGrace = 5s;    // for a machine to end by itself
constexpr auto kSendLimit = 60s;  // for one write; loaders are some MiB
constexpr uint32_t kFruitlessStarts = 2;
// Machines that died under dense cells, each of which costs one machine more than under announced
// ones. A boot costs as much as some ten thousand announcements.
constexpr uint32_t kDenseDeaths = 2;

// How one machine ended.
struct MachineEnd {
  AttemptState state = AttemptState::measured;  // measured: all was done
  std::string note;                             // for people
  std::string console;                          // its text
};

// Talks with the agent until everything is done (no Error), or something is wrong.
boost::asio::awaitable<base::Status> talk(vm::Machine& machine, Session& session,
                                          BootEvents& events, uint64_t& quiet_console) {
  auto last_progress = RunClock::now();
  uint64_t progress = 0;
  uint64_t console_before = machine.console_bytes();
  // Cells of a restored machine are on their way before its hello; short ones come with it.
  if (auto finished = session.take_finished(); !finished.empty())
    events.finished(std::move(finished));
  while (!session.done()) {
    if (session.last_run() && events.draining) std::exchange(events.draining, nullptr)();
    if (auto bytes = session.to_send(); !bytes.empty()) {
      auto sent = co_await machine.write_agent(std::move(bytes), RunClock::now() + kSendLimit);
      if (!sent) co_return sent;
      continue;
    }
    const auto cell_deadline =
        last_progress + std::chrono::milliseconds(session.limit_ms()) + kHangGrace;
    auto bytes = co_await machine.read_agent(cell_deadline);
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) co_return base::fail(ErrorKind::process, "the machine ended");
    auto taken = session.take(*bytes);
    if (auto finished = session.take_finished(); !finished.empty())
      events.finished(std::move(finished));
    if (!taken) co_return taken;
    if (session.progress() != progress) {
      progress = session.progress();
      last_progress = RunClock::now();
      // One step behind: the console may have been read before the frame that came before it.
      quiet_console = std::exchange(console_before, machine.console_bytes());
    }
  }
  if (auto bytes = session.to_send(); !bytes.empty())
    co_return co_await machine.write_agent(std::move(bytes), RunClock::now() + kSendLimit);
  co_return base::Status{};
}

// The last `bytes` of a console; its middle may have been cut, its end never is.
std::string_view end_of(std::string_view console, uint64_t bytes) {
  return console.substr(console.size() - std::min<uint64_t>(bytes, console.size()));
}

// `fresh`: so many bytes of the console came after the guest last showed that it was well. What
// stands before them has nothing to do with this end.
MachineEnd judge_end(const base::Error& error, const Session& session, const vm::Ending& ending,
                     std::string console, uint64_t fresh) {
  MachineEnd end;
  end.console = std::move(console);
  const auto title = find_crash_title(end_of(end.console, fresh));
  if (!ending.killed_by_us && (ending.status.by_signal || ending.status.code != 0)) {
    end.state = AttemptState::qemu_crash;
    end.note = fmt::format("QEMU ended with {}: {}", ending.status.text(),
                           last_lines(ending.standard_error, 3));
  } else if (title) {
    end.state = AttemptState::kernel_crash;
    end.note = *title;
  } else if (error.kind == ErrorKind::protocol) {
    end.state = AttemptState::protocol;
    end.note = error.message;
  } else if (error.kind == ErrorKind::timeout) {
    end.state = session.hello() ? AttemptState::hang : AttemptState::boot_fail;
    end.note = session.hello() ? "no sign of life from the machine"
                               : "the kernel did not come up: no hello from the agent in time";
  } else if (error.kind != ErrorKind::process) {
    end.state = AttemptState::loader_error;
    end.note = error.message;
  } else if (!session.hello()) {
    end.state = AttemptState::boot_fail;
    end.note = "the machine restarted before the agent said hello";
  } else {
    end.state = AttemptState::qemu_crash;
    end.note = fmt::format("the machine ended by itself without a word ({})", error.message);
  }
  return end;
}

// What a machine's death means for cells that were never begun: they were not run.
AttemptState without_cell(AttemptState state) {
  const bool guest = state == AttemptState::kernel_crash || state == AttemptState::hang;
  return guest ? AttemptState::boot_fail : state;
}

// With no hello yet a panic is a kernel that does not boot.
void before_hello(MachineEnd* end) {
  if (end->state != AttemptState::kernel_crash) return;
  end->state = AttemptState::boot_fail;
  end->note = "the kernel died while booting: " + end->note;
}

// A restored machine that nothing went wrong with has said nothing: there is nothing to keep.
std::string keep_console(const BootRequest& request, uint32_t number, const std::string& console) {
  if (console.empty()) return {};
  const auto path = request.evidence / fmt::format("{}-{}.console.txt", request.kernel, number);
  if (auto status = base::write_file(path, console); !status) return {};
  return path.string();
}

void finish_all(std::deque<Job> jobs, AttemptState state, const std::string& note,
                const BootEvents& events) {
  std::vector<Finished> finished;
  for (const auto& job : jobs) {
    Finished one{job.cell, {}};
    one.attempt.state = state;
    one.attempt.note = note;
    finished.push_back(std::move(one));
  }
  if (!finished.empty()) events.finished(std::move(finished));
}

// Cells that were under way when a machine died, none of which could be blamed.
struct Doubt {
  size_t cells = 0;
  std::string console;  // of that machine
};

// They have all run by now, and no machine died under them.
void tell_unexplained(const BootRequest& request, const BootEvents& events, const Doubt& doubt) {
  events.note(fmt::format(
      "{}: the {} cells under which a machine died ran without harm in a fresh one; what it died "
      "of is not known (its console: {})",
      request.kernel, doubt.cells, doubt.console));
}

std::string what_follows(size_t doubtful, bool nothing_left) {
  if (doubtful > 0)
    return fmt::format("; {} cells were under way and run again in a fresh machine, one by one",
                       doubtful);
  return nothing_left ? "" : "; the rest runs in a fresh machine";
}

// A machine that was started, to its end.
boost::asio::awaitable<MachineEnd> run_machine(StartedMachine& started, BootEvents& events) {
  vm::Machine& machine = *started.machine;
  Session& session = *started.session;
  uint64_t quiet_console = 0;
  auto status = started.status;
  if (status) status = co_await talk(machine, session, events, quiet_console);
  const bool ended_itself = !status && status.error().kind == ErrorKind::process;
  if (!status && !ended_itself) machine.kill();
  const auto ending = co_await machine.finish(RunClock::now() + kEndGrace);
  if (status) co_return MachineEnd{AttemptState::measured, {}, machine.console()};
  auto end = judge_end(status.error(), session, ending, machine.console(),
                       machine.console_bytes() - quiet_console);
  if (!session.hello()) before_hello(&end);
  co_return end;
}

}  // namespace

boost::asio::awaitable<BootReport> run_boot(boost::asio::io_context& io, BootRequest request,
                                            BootEvents events) {
  BootReport report;
  uint32_t fruitless = 0, dense_deaths = 0;
  std::optional<Doubt> doubt;
  while (!request.jobs.empty()) {
    auto started = co_await start_machine(io, request, std::exchange(request.jobs, {}), events);
    Session& session = *started.session;
    if (!started.machine) {
      report.problem = started.status.error().message;
      report.given_up = AttemptState::qemu_crash;
      finish_all(session.take_unfinished({}), AttemptState::qemu_crash, report.problem, events);
      break;
    }
    ++report.machines;
    report.restored += started.restored ? 1 : 0;
    if (session.hello() && !report.hello) {
      report.hello = session.hello();
      report.first_hello = started.to_hello;
    }
    const auto ended = co_await run_machine(started, events);
    const std::string console = keep_console(request, report.machines, ended.console);
    const auto blamed = session.to_blame();
    const size_t doubtful = session.in_doubt();
    // Cells in doubt stand first: where others are in doubt, or none is left, these have run.
    const bool doubts_ran = doubtful > 0 || ended.state == AttemptState::measured;
    if (doubt && doubts_ran) tell_unexplained(request, events, *doubt);
    if (blamed || doubts_ran) doubt.reset();
    if (ended.state == AttemptState::measured) continue;

    // Cells that are announced from now on are a step ahead: each takes it once.
    const bool fruitful = blamed || doubtful > 0 || session.cells_finished() > 0;
    fruitless = fruitful ? 0 : fruitless + 1;
    if (doubtful > 0) doubt = Doubt{doubtful, console};
    dense_deaths += doubtful > 0 ? 1 : 0;
    if (blamed) {
      Finished one{*blamed, {}};
      one.attempt.state = ended.state;
      one.attempt.note = ended.note;
      events.finished({std::move(one)});
    }
    request.jobs = session.take_unfinished(blamed);
    if (dense_deaths >= kDenseDeaths)
      for (auto& job : request.jobs) job.announce = true;
    events.note(fmt::format("{}: {}{} (console: {})", request.kernel, ended.note,
                            what_follows(doubtful, request.jobs.empty()), console));
    if (fruitless >= kFruitlessStarts) {
      const std::string tail = last_lines(ended.console, 2);
      report.problem =
          tail.empty() ? ended.note : fmt::format("{} (last console line: {})", ended.note, tail);
      report.console = console;
      report.given_up = without_cell(ended.state);
      finish_all(std::exchange(request.jobs, {}), *report.given_up, report.problem, events);
    }
  }
  co_return report;
}

}  // namespace bpfmatrix::run
