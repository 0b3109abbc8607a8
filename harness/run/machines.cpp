#include "run/machines.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "base/run_clock.h"
#include "run/boot.h"
#include "run/console_watch.h"
#include "run/jobs.h"
#include "run/kvm_failure.h"
#include "run/machine_setup.h"
#include "run/periodic.h"
#include "run/recording.h"
#include "run/schedule.h"
#include "run/signals.h"
#include "run/space.h"
#include "vm/saved_states.h"

namespace bpfmatrix::run {
namespace {

namespace asio = boost::asio;

// After a signal, for cells that machines have in hand.
constexpr std::chrono::seconds kGrace{5};

constexpr std::chrono::milliseconds kQemuLimit{5'000}, kHelloLimit{5'000};  // under KVM

// Everything that a run holds while it goes on.
struct Running : Ready {
  Running(const Ready& ready, result::RunRecord& of, result::Store& kept_in, Progress& shown)
      : Ready(ready),
        record(of),
        store(kept_in),
        recorder(kept_in, of.header.id),
        progress(shown),
        accelerator(ready.acceleration, ready.request.accel, ready.workspace.acceleration(),
                    [&shown](const std::string& text) { shown.note(text); }),
        states(ready.workspace.states()),
        house(io, std::chrono::seconds(1)),
        grace_timer(io),
        end_timer(io) {}

  asio::io_context io;
  result::RunRecord& record;
  result::Store& store;
  Recorder recorder;
  Progress& progress;
  RunAcceleration accelerator;
  vm::SavedStates states;
  Periodic house;
  base::RunTimer grace_timer, end_timer;
  std::set<uint32_t> told_modules;             // kernels whose modules that did not load were told
  std::map<uint32_t, std::string> accel_used;  // by kernel: of its machines that came up
  std::deque<Task> waiting;            // without a machine yet, the longest first
  uint32_t free_slots = 0;             // machines that may be started now
  uint32_t at_work = 0;                // tasks under way
  uint32_t measuring = 0;              // machines that have cells now
  bool stopping = false;               // no cell is handed out any more
  WorkEnd end;
  std::function<void()> over;  // lets the event loop end
};

void fail(Running& run, const base::Error& error) {
  if (!run.end.failure) run.end.failure = error;
  run.io.stop();
}

// Lets what machines have come to its end; nothing new begins.
void stop_softly(Running& run) {
  run.stopping = true;
  run.waiting.clear();
  if (run.measuring == 0) run.io.stop();
}

void take_results(Running& run, const plan::MachineDigests& digests,
                  std::vector<Finished> finished) {
  const auto& plan = run.planned.plan;
  for (auto& one : finished) {
    const auto& cell = plan.cells[one.cell];
    const auto& loader = *run.preparation.loaders[cell.loader].loader;
    result::CellResult result;
    result.cell = one.cell;
    result.key = plan::cell_key(digests, loader.sha256, plan.programs[cell.program], cell.mode);
    result.attempt = std::move(one.attempt);
    if (auto status = run.recorder.add(std::move(result)); !status) fail(run, status.error());
    if (!one.again)
      run.progress.finished(plan.kernels[cell.kernel].id, plan.loaders[cell.loader].id);
  }
}

vm::MachineConfig config_of(const Ready& ready, uint32_t kernel, vm::Accel accel) {
  auto config = machine_config(ready.request.qemu, ready.preparation.kernels[kernel],
                               ready.planned.matrix.limits, accel);
  config.sandbox = ready.sandbox;
  return config;
}

plan::MachineDigests digests_with(const Ready& ready, uint32_t kernel, vm::Accel accel) {
  return machine_digests(config_of(ready, kernel, accel), ready.preparation.kernels[kernel],
                         ready.preparation.agent_sha256, ready.qemu_version,
                         ready.planned.matrix.isolation);
}

BootRequest boot_request(Running& run, uint32_t kernel) {
  const auto& slot = run.preparation.kernels[kernel];
  BootRequest boot;
  boot.kernel = run.planned.plan.kernels[kernel].id;
  boot.machine = config_of(run, kernel, run.accelerator.now().accel);
  boot.files = &run.preparation.files;
  const auto scaled = [&](std::chrono::milliseconds limit) {
    return std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(limit.count()) *
                                                          run.accelerator.now().slowdown));
  };
  boot.qemu_limit = scaled(kQemuLimit);
  boot.boot_limit = scaled(run.planned.matrix.limits.boot);
  boot.hello_limit = scaled(kHelloLimit);
  boot.retries = run.request.retries.value_or(kRetries);
  boot.return_given_up = true;
  boot.states = run.request.cold ? nullptr : &run.states;
  boot.state = state_parts(boot.machine, slot, run.qemu_version);
  boot.stopping = &run.stopping;
  boot.console = console_rules(run.planned.console, boot.kernel, today());
  boot.evidence = run.workspace.evidence() / run.record.header.id;
  return boot;
}

// Stored before any result of the kernel: a run that is continued need not boot it again to know it.
void take_hello(Running& run, uint32_t kernel, vm::Accel accel, const wire::Hello& hello) {
  auto& record = run.record.kernels[kernel];
  auto& used = run.accel_used[kernel];
  const bool known = used.find(vm::name(accel)) != std::string::npos;
  if (!known) used += fmt::format("{}{}", used.empty() ? "" : "+", vm::name(accel));
  const auto& errors = hello.module_errors;
  if (!errors.empty() && run.told_modules.insert(kernel).second)
    run.progress.note(fmt::format("{}: modules that did not load: {}", record.id, errors));
  if (known && record.release == hello.release) return;
  record.release = hello.release;
  record.accel = used;
  record.isolation = run.sandbox.level(accel == vm::Accel::kvm);
  if (auto status = run.store.update_axes(run.record); !status) fail(run, status.error());
}

// Cells that a kernel's machines did not get to. Of one that does not come up all that follow: each
// group would try it twice again, up to once for each cell.
void give_up(Task& task, size_t from, size_t to, const RunAcceleration::Verdict& verdict,
             const BootEvents& events) {
  std::vector<Finished> finished;
  for (size_t i = from; i < to; ++i)
    for (const auto& job : task.groups[i]) {
      finished.push_back({job.cell, {}});
      finished.back().attempt.state = verdict.state;
      finished.back().attempt.note = verdict.text;
    }
  if (!finished.empty()) events.finished(std::move(finished));
}

// Where a group of the task ended. True: it is to be run again.
asio::awaitable<bool> run_again(Running& run, const Task& task, const vm::MachineConfig& machine,
                                const BootReport& report, RunAcceleration::Verdict& verdict) {
  auto& problem = run.record.kernels[task.kernel].problem;
  if (!report.problem.empty()) problem = report.problem;
  if (!report.given_up) co_return false;
  verdict = co_await run.accelerator.judge(run.io, machine, report);
  problem = verdict.again ? "" : verdict.text;
  if (verdict.again) run.record.header.accel = "kvm+tcg";
  co_return verdict.again;
}

void start_tasks(Running& run);

// Frees the task's slot when nothing is left but what its last machine is doing, so that the next
// machine is restored meanwhile.
asio::awaitable<void> run_task(Running& run, Task task) {
  vm::Accel accel = run.accelerator.now().accel;
  auto digests = digests_with(run, task.kernel, accel);
  bool holds_slot = true;
  const auto free_slot = [&] {
    if (!std::exchange(holds_slot, false)) return;
    ++run.free_slots;
    start_tasks(run);
  };
  BootEvents events;
  events.finished = [&](std::vector<Finished> finished) {
    take_results(run, digests, std::move(finished));
  };
  events.hello = [&](const wire::Hello& hello) { take_hello(run, task.kernel, accel, hello); };
  events.measuring = [&](bool has_cells) {
    run.measuring += has_cells ? 1 : -1;
    if (run.stopping && run.measuring == 0) run.io.stop();
  };
  events.note = [&](const std::string& text) { run.progress.note(text); };
  for (size_t i = 0; i < task.groups.size() && !run.stopping;) {
    auto boot = boot_request(run, task.kernel);
    const auto machine = boot.machine;
    accel = machine.accel;
    digests = digests_with(run, task.kernel, accel);
    boot.jobs = std::move(task.groups[i]);
    run.accelerator.scale(boot.jobs);
    if (i + 1 == task.groups.size()) events.draining = free_slot;
    const auto kernel = boot.kernel;
    run.progress.machine_started(kernel);
    auto report = co_await run_boot(run.io, std::move(boot), events);
    run.progress.machine_ended(kernel);
    task.groups[i] = std::move(report.left);
    RunAcceleration::Verdict verdict;
    if (co_await run_again(run, task, machine, report, verdict)) continue;
    if (report.given_up) {
      give_up(task, i, report.hello ? i + 1 : task.groups.size(), verdict, events);
      if (!report.hello) break;
    }
    ++i;
  }
  free_slot();
}

// Starts waiting tasks while there are slots.
void start_tasks(Running& run) {
  while (run.free_slots > 0 && !run.waiting.empty()) {
    Task task = std::move(run.waiting.front());
    run.waiting.pop_front();
    --run.free_slots;
    ++run.at_work;
    asio::co_spawn(run.io, run_task(run, std::move(task)), [&run](std::exception_ptr error) {
      if (error) fail(run, base::fail(base::ErrorKind::internal, "a worker threw an exception"));
      --run.at_work;
      if (run.at_work == 0 && run.waiting.empty()) run.over();
    });
  }
}

// Every second: writes what waits, so that a cell that takes minutes holds nothing back, and looks
// whether there is room for more.
void keep_house(Running& run) {
  run.house.start([&run] {
    if (auto status = run.recorder.flush(); !status) return fail(run, status.error());
    auto room = check_space(run.workspace.root, run.request.min_free);
    if (!room && !run.stopping) {
      run.end.no_room = room.error();
      run.progress.note(room.error().message + "; no further machine is started");
      stop_softly(run);
    }
    run.progress.tick();
  });
}

std::vector<std::deque<Job>> all_jobs(const Running& run) {
  std::vector<std::deque<Job>> jobs(run.planned.plan.kernels.size());
  for (uint32_t i = 0; i < jobs.size(); ++i)
    if (run.preparation.kernels[i].kernel && !run.preparation.kernels[i].obstacle)
      jobs[i] = jobs_of(run.planned.plan, i, run.preparation.files,
                        run.accelerator.now().slowdown, run.tried);
  return jobs;
}

// What cells took in earlier runs; without a readable history every cell counts alike.
Costs costs_of_history(Running& run) {
  Costs costs;
  const auto times = run.store.load_times();
  if (!times) return costs;
  // Around a load: its frames, its buffer, and a second load where a text must be placed.
  constexpr double kLoads = 1.5, kAround = 0.0007;
  for (const auto& one : *times)
    costs.learn(one.kernel, one.program,
                kLoads * std::chrono::duration<double>(one.sum).count() +
                    kAround * static_cast<double>(one.loads),
                one.loads);
  return costs;
}

// What machines have in hand may end, for a while.
void end_with_grace(Running& run) {
  run.grace_timer.expires_after(kGrace);
  run.grace_timer.async_wait([&run](const boost::system::error_code& error) {
    if (!error) run.io.stop();
  });
  stop_softly(run);
}

constexpr int64_t grace_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(kGrace).count();
}

void end_by_signal(Running& run, int signal) {
  run.end.signal = signal;
  run.progress.note(fmt::format(
      "{}: what machines have in hand may end, {} s at most; again ends it at once",
      ::strsignal(signal), grace_seconds()));
  end_with_grace(run);
}

// The watchdog of the whole run.
void end_in_time(Running& run) {
  const auto limit = run.request.time_limit;
  if (limit.count() == 0) return;
  run.end_timer.expires_after(limit);
  run.end_timer.async_wait([&run, limit](const boost::system::error_code& error) {
    if (error || run.stopping) return;
    run.end.out_of_time = true;
    run.progress.note(fmt::format(
        "the run has had its {} s; what machines have in hand may end, {} s at most",
        limit.count(), grace_seconds()));
    end_with_grace(run);
  });
}

}  // namespace

plan::MachineDigests digests_of(const Ready& ready, uint32_t kernel) {
  return digests_with(ready, kernel, ready.acceleration.accel);
}

WorkEnd run_machines(const Ready& ready, result::RunRecord& record, result::Store& store,
                     Progress& progress) {
  Running run(ready, record, store, progress);
  const auto& matrix = run.planned.matrix;
  run.free_slots = run.request.machines != 0
                       ? run.request.machines
                       : machines_that_fit(matrix.limits.memory, std::thread::hardware_concurrency(),
                                           available_memory());
  for (auto& task : make_tasks(run.planned.plan, all_jobs(run), matrix.isolation,
                               costs_of_history(run), run.free_slots))
    run.waiting.push_back(std::move(task));
  if (run.waiting.empty()) return {};
  // In every run that starts machines, and not once for each host: who reads it in a log of CI sees
  // that run alone, and who knows it has --sandbox off.
  const bool kvm = run.accelerator.now().accel == vm::Accel::kvm;
  if (const auto text = vm::warning(run.sandbox, kvm); !text.empty()) run.progress.note(text);
  EndSignals signals(
      run.io, [&](int signal) { end_by_signal(run, signal); }, [&] { run.io.stop(); });
  keep_house(run);
  end_in_time(run);
  run.over = [&] {
    signals.cancel();
    run.house.end();
    run.stopping = true;  // a time limit that is over by now ends nothing any more
    run.grace_timer.cancel();
    run.end_timer.cancel();
  };
  run.progress.start();
  start_tasks(run);
  run.io.run();
  if (auto flushed = run.recorder.flush(); !flushed && !run.end.failure)
    run.end.failure = flushed.error();
  return run.end;
}

}  // namespace bpfmatrix::run
