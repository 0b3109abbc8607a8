#include "run/boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "console/title.h"
#include "run/judge_end.h"
#include "run/start.h"
#include "vm/machine.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using base::RunClock;
using result::AttemptState;

constexpr auto kHangGrace = 10s;  // after a cell's own limit, which the agent enforces
constexpr auto kEndGrace = 5s;    // for a machine to end by itself
// How often the console is looked at when nothing comes from the agent.
constexpr auto kGlance = 1s;
// So long a result waits for late words of the kernel when nothing else comes: they travel on another
// channel, and so does the end of the machine.
constexpr auto kLateWords = 5s;
// A report is over when nothing came for so long; a trace takes a tenth of that at 115200 baud.
constexpr auto kReportQuiet = 1s;
constexpr auto kReportLimit = 5s;
constexpr auto kDiagnosis = 3s;   // for a hung guest to say where it hangs
constexpr auto kSendLimit = 60s;  // for one write; loaders are some MiB
constexpr uint32_t kFruitlessStarts = 2;
// Machines that died under dense cells, each of which costs one machine more than under announced
// ones. A boot costs as much as some ten thousand announcements.
constexpr uint32_t kDenseDeaths = 2;

// A machine that runs, with what is heard of it.
struct Running {
  vm::Machine& machine;
  Session& session;
  ConsoleWatch& watch;
  BootEvents& events;
  const bool* stopping = nullptr;  // see BootRequest
  bool restored = false;           // its first cells were sent before its hello

  void tell(std::vector<Finished> finished) const {
    if (!finished.empty()) events.finished(std::move(finished));
  }
};

bool nobody_to_blame(const Session& session) {
  return !session.to_blame() && session.in_doubt() == 0;
}

// The console may be ahead of the agent: what the guest sent before it spoke, not least which cell it
// had begun, is still to be read.
boost::asio::awaitable<void> catch_up_with_agent(Running& run) {
  for (;;) {
    const auto bytes = co_await run.machine.read_agent(RunClock::now());
    if (!bytes || bytes->empty() || !run.session.take(*bytes)) break;
  }
  run.session.withdraw_results();
}

// Hears what the console has said. An Error: this machine is not to go on.
boost::asio::awaitable<base::Status> heed(Running& run) {
  run.machine.catch_up();
  const auto trouble = run.watch.trouble();
  if (!trouble) co_return base::Status{};
  run.session.withdraw_results();
  const bool over = trouble->kind == console::Kind::reboot || run.watch.panicked();
  if (nobody_to_blame(run.session)) co_await catch_up_with_agent(run);
  if (over || !nobody_to_blame(run.session))
    co_return base::fail(ErrorKind::unavailable, "the kernel complained: {}", trouble->title);
  run.watch.settle_as_machines_own();
  co_return base::Status{};
}

// Takes bytes of the agent, and what the console said before they were sent.
boost::asio::awaitable<base::Status> take(Running& run, std::string bytes) {
  const uint64_t finished = run.session.cells_finished();
  auto taken = run.session.take(bytes);
  if (auto heard = co_await heed(run); !heard) co_return heard;
  if (!taken) co_return taken;
  if (run.session.cells_finished() != finished) {
    // The OOM killer speaks before its victim is gone.
    if (const auto memory = run.watch.out_of_memory()) run.session.blame_memory(*memory);
    run.watch.settle();
  }
  run.tell(run.session.take_settled());
  co_return base::Status{};
}

// Talks with the agent until everything is done (no Error), or something is wrong.
boost::asio::awaitable<base::Status> talk(Running& run) {
  auto& [machine, session, watch, events, stopping, restored] = run;
  auto last_progress = RunClock::now(), last_bytes = last_progress;
  uint64_t progress = 0;
  if (restored) {
    if (auto heard = co_await heed(run); !heard) co_return heard;
  } else {
    machine.catch_up();
    watch.settle_as_machines_own();  // what it said while it booted
  }
  while (!session.done()) {
    if (stopping != nullptr && *stopping) session.hold();
    if (session.last_run() && events.draining) std::exchange(events.draining, nullptr)();
    if (auto bytes = session.to_send(); !bytes.empty()) {
      auto sent = co_await machine.write_agent(std::move(bytes), RunClock::now() + kSendLimit);
      if (!sent) co_return sent;
      continue;
    }
    const auto cell_deadline =
        last_progress + std::chrono::milliseconds(session.limit_ms()) + kHangGrace;
    const auto glance = std::min(cell_deadline, RunClock::now() + kGlance);
    auto bytes = co_await machine.read_agent(glance);
    if (!bytes && glance < cell_deadline && bytes.error().kind == ErrorKind::timeout) {
      auto heard = co_await heed(run);
      if (!heard) co_return heard;
      if (RunClock::now() - last_bytes >= kLateWords) run.tell(session.take_finished());
      continue;
    }
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) co_return base::fail(ErrorKind::process, "the machine ended");
    last_bytes = RunClock::now();
    auto taken = co_await take(run, std::move(*bytes));
    if (!taken) co_return taken;
    if (session.progress() != progress) {
      progress = session.progress();
      last_progress = RunClock::now();
    }
  }
  if (auto bytes = session.to_send(); !bytes.empty())
    co_return co_await machine.write_agent(std::move(bytes), RunClock::now() + kSendLimit);
  co_return base::Status{};
}

bool complains(const ConsoleWatch& watch) {
  const auto trouble = watch.trouble();
  return trouble && trouble->kind != console::Kind::reboot;
}

// Lets a kernel that complains have its say. True when the machine ends meanwhile.
boost::asio::awaitable<bool> hear_out(Running& run) {
  const auto deadline = RunClock::now() + kReportLimit;
  while (RunClock::now() < deadline) {
    const uint64_t before = run.watch.bytes();
    const auto bytes = co_await run.machine.read_agent(RunClock::now() + kReportQuiet);
    run.machine.catch_up();
    if (bytes && bytes->empty()) co_return true;
    if (!bytes && bytes.error().kind != ErrorKind::timeout) co_return true;
    if (!bytes && run.watch.bytes() == before) co_return false;
  }
  co_return false;
}

// A start that took too long says at which stage.
void late_start(const StartedMachine& started, MachineEnd* end) {
  if (started.stage == Stage::ready || started.status.error().kind != ErrorKind::timeout ||
      end->state != AttemptState::boot_fail)
    return;
  if (started.stage == Stage::qemu) end->state = AttemptState::qemu_crash;
  end->note = started.status.error().message;
}

void take_diagnosis(const vm::Diagnosis& diagnosis, MachineEnd* end) {
  end->console += diagnosis.text;
  if (diagnosis.qemu_answered || end->state != AttemptState::hang) return;
  end->state = AttemptState::qemu_crash;
  end->note = "QEMU stood still, not its guest: its monitor gave no answer";
}

// A restored machine that nothing went wrong with has said nothing: there is nothing to keep.
std::string keep_console(const BootRequest& request, uint32_t number, const std::string& console) {
  if (console.empty()) return {};
  // Another part of the kernel's cells, or the run before it was continued, may have kept one.
  std::filesystem::path path;
  std::error_code ignored;
  do path = request.evidence / fmt::format("{}-{}.console.txt", request.kernel, number++);
  while (std::filesystem::exists(path, ignored));
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

// Cells that took a machine with them.
class Poison {
 public:
  explicit Poison(uint32_t retries) : retries_(retries) {}

  // Takes the job of `cell` out of `jobs` and puts it last, alone, while it may be tried again.
  // True: it will be.
  bool set_aside(uint32_t cell, std::deque<Job>& jobs) {
    const auto at = std::ranges::find(jobs, cell, &Job::cell);
    if (at == jobs.end()) return false;
    Job job = std::move(*at);
    jobs.erase(at);
    const auto tried = tried_.try_emplace(cell, job.tried).first;
    if (tried->second++ >= retries_) return false;
    job.announce = true;
    jobs.push_back(std::move(job));
    return true;
  }
  [[nodiscard]] bool knows(uint32_t cell) const { return tried_.contains(cell); }

 private:
  uint32_t retries_;
  std::map<uint32_t, uint32_t> tried_;  // cell -> attempts that ended so
};

std::string what_follows(size_t doubtful, bool again, bool nothing_left) {
  if (again) return "; its cell runs again in a fresh machine, the last of all";
  if (doubtful > 0)
    return fmt::format("; {} cells were under way and run again in a fresh machine, one by one",
                       doubtful);
  return nothing_left ? "" : "; the rest runs in a fresh machine";
}

// A machine that was started, to its end.
boost::asio::awaitable<MachineEnd> run_machine(StartedMachine& started, const bool* stopping,
                                               BootEvents& events) {
  Running run{*started.machine, *started.session, *started.watch, events, stopping,
              started.restored};
  auto status = started.status;
  if (status) {
    if (events.measuring) events.measuring(true);
    status = co_await talk(run);
    if (events.measuring) events.measuring(false);
  }
  bool ended_itself = !status && status.error().kind == ErrorKind::process;
  if (!status && !ended_itself && complains(run.watch)) ended_itself = co_await hear_out(run);
  std::optional<vm::Diagnosis> diagnosis;
  if (!status && !ended_itself && status.error().kind == ErrorKind::timeout)
    diagnosis = co_await run.machine.diagnose(RunClock::now() + kDiagnosis);
  if (!status && !ended_itself) run.machine.kill();
  const auto ending = co_await run.machine.finish(RunClock::now() + kEndGrace);
  run.watch.finish();
  if (status && run.watch.of_the_shutdown()) run.watch.settle_as_machines_own();
  if (run.watch.trouble()) run.session.withdraw_results();
  run.tell(run.session.take_finished());
  MachineEnd end;
  if (status && run.watch.trouble())
    status = base::fail(ErrorKind::unavailable, "the kernel complained at its end");
  if (!status) end = judge_end(status.error(), run.session, ending, run.watch);
  end.console = run.machine.console();
  end.told = run.watch.passed_over();
  if (!started.status) late_start(started, &end);
  if (diagnosis) take_diagnosis(*diagnosis, &end);
  co_return end;
}

}  // namespace

boost::asio::awaitable<BootReport> run_boot(boost::asio::io_context& io, BootRequest request,
                                            BootEvents events) {
  BootReport report;
  uint32_t fruitless = 0, dense_deaths = 0;
  std::optional<Doubt> doubt;
  std::set<std::string> told;
  Poison poison(request.retries);
  events.finished = [&poison, tell = std::move(events.finished)](std::vector<Finished> finished) {
    for (auto& one : finished) one.again = poison.knows(one.cell);
    tell(std::move(finished));
  };
  const auto stopping = [&] { return request.stopping != nullptr && *request.stopping; };
  while (!request.jobs.empty() && !stopping()) {
    auto started = co_await start_machine(io, request, std::exchange(request.jobs, {}), events);
    Session& session = *started.session;
    if (!started.machine) {
      report.problem = started.status.error().message;
      report.given_up = AttemptState::qemu_crash;
      finish_all(session.take_unfinished(), AttemptState::qemu_crash, report.problem, events);
      break;
    }
    ++report.machines;
    report.restored += started.restored ? 1 : 0;
    if (session.hello() && !report.hello) {
      report.hello = session.hello();
      report.first_hello = started.to_hello;
      if (events.hello) events.hello(*report.hello);
    }
    const auto ended = co_await run_machine(started, request.stopping, events);
    const std::string console = keep_console(request, report.machines, ended.console);
    for (const auto& text : ended.told)
      if (told.insert(text).second)
        events.note(fmt::format("{}: {} (console: {})", request.kernel, text, console));
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
      one.attempt.observation.messages = result::SharedText(ended.report);
      events.finished({std::move(one)});
    }
    request.jobs = session.take_unfinished();
    const bool again = blamed && poison.set_aside(*blamed, request.jobs);
    if (dense_deaths >= kDenseDeaths)
      for (auto& job : request.jobs) job.announce = true;
    events.note(fmt::format("{}: {}{}{}", request.kernel, ended.note,
                            what_follows(doubtful, again, request.jobs.empty()),
                            console.empty() ? "" : fmt::format(" (console: {})", console)));
    if (fruitless >= kFruitlessStarts) {
      const std::string tail = console::last_lines(ended.console, 2);
      report.problem =
          tail.empty() ? ended.note : fmt::format("{} (last console line: {})", ended.note, tail);
      report.console = console;
      report.given_up = without_cell(ended.state);
      report.left = std::exchange(request.jobs, {});
      if (!request.return_given_up)
        finish_all(std::exchange(report.left, {}), *report.given_up, report.problem, events);
    }
  }
  co_return report;
}

}  // namespace bpfmatrix::run
