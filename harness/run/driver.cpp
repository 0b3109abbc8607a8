#include "run/driver.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "image/git_source.h"
#include "plan/key.h"
#include "run/acceleration_check.h"
#include "run/boot.h"
#include "run/cached.h"
#include "run/jobs.h"
#include "run/kvm_failure.h"
#include "run/machine_setup.h"
#include "run/planning.h"
#include "run/progress.h"
#include "run/recording.h"
#include "run/schedule.h"
#include "vm/machine.h"
#include "vm/saved_states.h"

namespace bpfmatrix::run {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kQemuLimit{5'000}, kHelloLimit{5'000};  // under KVM

// Everything that a run holds while it goes on.
struct Running {
  asio::io_context& io;
  const RunRequest& request;
  const image::Workspace& workspace;
  const Planned& planned;
  const Preparation& preparation;
  RunAcceleration acceleration;
  const std::string& qemu_version;
  const vm::Sandbox& sandbox;
  result::RunRecord& record;
  result::Store& store;
  Recorder& recorder;
  Progress& progress;
  vm::SavedStates states;
  std::deque<Task> waiting;            // without a machine yet, the longest first
  std::set<uint32_t> told_modules;     // kernels whose modules that did not load were told
  uint32_t free_slots = 0;             // machines that may be started now
  std::map<uint32_t, std::string> accel_used = {};  // by kernel: of its machines that came up
  uint32_t at_work = 0;                // tasks under way
  std::optional<base::Error> failure;  // of the store: ends the run
  std::function<void()> over;          // lets the event loop end
};

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
    if (auto status = run.recorder.add(std::move(result)); !status && !run.failure) {
      run.failure = status.error();
      run.io.stop();
    }
    run.progress.finished(plan.kernels[cell.kernel].id, plan.loaders[cell.loader].id);
  }
}

vm::MachineConfig config_of(const Running& run, uint32_t kernel) {
  auto config = machine_config(run.request.qemu, run.preparation.kernels[kernel],
                               run.planned.matrix.limits, run.acceleration.now().accel);
  config.sandbox = run.sandbox;
  return config;
}

plan::MachineDigests digests_of(const Running& run, uint32_t kernel) {
  return machine_digests(config_of(run, kernel), run.preparation.kernels[kernel],
                         run.preparation.agent_sha256, run.qemu_version,
                         run.planned.matrix.isolation);
}

BootRequest boot_request(Running& run, uint32_t kernel) {
  const auto& slot = run.preparation.kernels[kernel];
  BootRequest boot;
  boot.kernel = run.planned.plan.kernels[kernel].id;
  boot.machine = config_of(run, kernel);
  boot.files = &run.preparation.files;
  const auto scaled = [&](std::chrono::milliseconds limit) {
    return std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(limit.count()) *
                                                          run.acceleration.now().slowdown));
  };
  boot.qemu_limit = scaled(kQemuLimit);
  boot.boot_limit = scaled(run.planned.matrix.limits.boot);
  boot.hello_limit = scaled(kHelloLimit);
  boot.states = run.request.cold ? nullptr : &run.states;
  boot.state = state_parts(boot.machine, slot, run.qemu_version);
  boot.console = console_rules(run.planned.console, boot.kernel, today());
  boot.evidence = run.workspace.evidence() / run.record.header.id;
  return boot;
}

void take_report(Running& run, uint32_t kernel, vm::Accel accel, const BootReport& report) {
  auto& record = run.record.kernels[kernel];
  if (report.hello) {
    auto& used = run.accel_used[kernel];
    if (used.find(vm::name(accel)) == std::string::npos)
      used += fmt::format("{}{}", used.empty() ? "" : "+", vm::name(accel));
    record.accel = used;
    record.isolation = run.sandbox.level(accel == vm::Accel::kvm);
  }
  if (!report.problem.empty()) record.problem = report.problem;
  if (!report.hello) return;
  record.release = report.hello->release;
  const auto& errors = report.hello->module_errors;
  if (errors.empty() || !run.told_modules.insert(kernel).second) return;
  run.progress.note(fmt::format("{}: modules that did not load: {}", record.id, errors));
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

void start_tasks(Running& run);

// Frees the task's slot when nothing is left but what its last machine is doing, so that the next
// machine is restored meanwhile.
asio::awaitable<void> run_task(Running& run, Task task) {
  auto digests = digests_of(run, task.kernel);
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
  events.note = [&](const std::string& text) { run.progress.note(text); };
  for (size_t i = 0; i < task.groups.size();) {
    auto boot = boot_request(run, task.kernel);
    const auto machine = boot.machine;
    digests = digests_of(run, task.kernel);
    boot.jobs = std::move(task.groups[i]);
    run.acceleration.scale(boot.jobs);
    boot.return_given_up = true;
    if (i + 1 == task.groups.size()) events.draining = free_slot;
    auto report = co_await run_boot(run.io, std::move(boot), events);
    take_report(run, task.kernel, machine.accel, report);
    task.groups[i] = std::move(report.left);
    if (report.given_up) {
      const auto verdict = co_await run.acceleration.judge(run.io, machine, report);
      run.record.kernels[task.kernel].problem = verdict.again ? "" : verdict.text;
      if (verdict.again) {
        run.record.header.accel = "kvm+tcg";
        continue;
      }
      const size_t to = report.hello ? i + 1 : task.groups.size();
      give_up(task, i, to, verdict, events);
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
      if (error && !run.failure)
        run.failure = base::fail(base::ErrorKind::internal, "a worker threw an exception");
      --run.at_work;
      if (run.failure) run.io.stop();
      if (run.at_work == 0 && run.waiting.empty()) run.over();
    });
  }
}

// Writes what waits every second, so that a cell that takes minutes holds nothing back.
void flush_regularly(Running& run, asio::steady_timer& timer) {
  timer.expires_after(std::chrono::seconds(1));
  timer.async_wait([&run, &timer](const boost::system::error_code& error) {
    if (error) return;
    if (auto status = run.recorder.flush(); !status && !run.failure) {
      run.failure = status.error();
      run.io.stop();
      return;
    }
    flush_regularly(run, timer);
  });
}

std::vector<std::deque<Job>> all_jobs(const Running& run) {
  std::vector<std::deque<Job>> jobs(run.planned.plan.kernels.size());
  for (uint32_t i = 0; i < jobs.size(); ++i)
    if (run.preparation.kernels[i].kernel && !run.preparation.kernels[i].obstacle)
      jobs[i] = jobs_of(run.planned.plan, i, run.preparation.files, run.acceleration.now().slowdown);
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

// Runs the machines; returns the signal that ended the run, or 0.
int run_machines(Running& run) {
  const auto& matrix = run.planned.matrix;
  run.free_slots = run.request.machines != 0
                       ? run.request.machines
                       : machines_that_fit(matrix.limits.memory, std::thread::hardware_concurrency(),
                                           available_memory());
  for (auto& task : make_tasks(run.planned.plan, all_jobs(run), matrix.isolation,
                               costs_of_history(run), run.free_slots))
    run.waiting.push_back(std::move(task));
  if (run.waiting.empty()) return 0;
  // In every run that starts machines, and not once for each host: who reads it in a log of CI sees
  // that run alone, and who knows it has --sandbox off.
  const bool kvm = run.acceleration.now().accel == vm::Accel::kvm;
  if (const auto text = vm::warning(run.sandbox, kvm); !text.empty()) run.progress.note(text);
  int ended_by = 0;
  asio::signal_set signals(run.io, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    ended_by = number;
    run.progress.note("ending the machines; what is finished is kept");
    run.io.stop();
  });
  asio::steady_timer flush_timer(run.io);
  flush_regularly(run, flush_timer);
  run.over = [&] {
    signals.cancel();
    flush_timer.cancel();
  };
  run.progress.start();
  start_tasks(run);
  run.io.run();
  return ended_by;
}

void expect_groups(const Planned& planned, const Preparation& preparation, Progress& progress) {
  for (const auto& cell : planned.plan.cells) {
    if (cell.ruling != plan::Cell::Ruling::run || preparation.kernels[cell.kernel].obstacle ||
        preparation.loaders[cell.loader].obstacle)
      continue;
    progress.expect(planned.plan.kernels[cell.kernel].id, planned.plan.loaders[cell.loader].id, 1);
  }
}

// KVM was demanded and there is none: no machine is started, and no cell told as measured.
void without_kvm(Preparation& preparation, const std::string& why) {
  for (auto& slot : preparation.kernels)
    if (!slot.obstacle) slot.obstacle = Obstacle{result::AttemptState::accel_broken, why};
}

// The accelerator, found with the first kernel that can be booted.
base::Result<vm::Acceleration> choose(const RunRequest& request, const image::Workspace& workspace,
                                      const Planned& planned, Preparation& preparation,
                                      const vm::Sandbox& sandbox) {
  vm::Acceleration last;
  for (const auto& slot : preparation.kernels) {
    if (!slot.kernel || slot.obstacle) continue;
    auto canary = machine_config(request.qemu, slot, planned.matrix.limits, vm::Accel::kvm);
    canary.sandbox = sandbox;
    auto answer = find_acceleration(canary, request.accel, workspace);
    if (!answer && request.accel == vm::AccelChoice::kvm &&
        answer.error().kind == base::ErrorKind::unavailable) {
      without_kvm(preparation, answer.error().message);
      return vm::Acceleration{.accel = vm::Accel::kvm, .sentence = answer.error().message};
    }
    if (!answer) return answer.error();
    const auto& found = *answer;
    if (found.measured || request.accel == vm::AccelChoice::tcg) return found;
    last = found;  // this kernel comes up under neither: another one may
  }
  return last;
}

}  // namespace

base::Result<RunSummary> run_matrix(const RunRequest& request, const image::Workspace& workspace,
                                    const image::DataFolder& data) {
  Progress progress(request.quiet);
  const auto list_tags = image::make_tag_lister(workspace, request.offline);
  BPFM_TRY(auto planned,
           request.made ? make_plan(*request.made, request.selection, data, list_tags)
                        : make_plan(request.matrix, request.selection, data, list_tags));
  for (const auto& note : planned.plan.notes) progress.note(note);
  for (const auto& note : expired_entries(planned.console, today())) progress.note(note);
  if (planned.plan.cells.empty()) return RunSummary{};
  BPFM_TRY(const auto qemu, vm::choose_sandbox(request.qemu, request.sandbox));
  const auto& qemu_version = qemu.qemu_version;
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  PrepareOptions options{request.locked, request.offline,
                         [&](const std::string& text) { progress.preparing(text); }};
  BPFM_TRY(auto preparation,
           prepare(planned.plan, workspace, data, planned.kernels, options));
  for (const auto& note : preparation.notes) progress.note(note);
  BPFM_TRY(const auto acceleration, choose(request, workspace, planned, preparation, qemu.sandbox));
  if (!acceleration.sentence.empty()) progress.note(acceleration.sentence);

  auto record = make_record(planned.matrix, request.selection, planned.plan, preparation,
                            vm::name(acceleration.accel), qemu_version);
  for (auto& kernel : record.kernels)
    kernel.isolation = qemu.sandbox.level(acceleration.accel == vm::Accel::kvm);
  record.header.matrix_file = request.matrix;
  BPFM_CHECK(store.begin_run(record));
  const std::string id = record.header.id;
  BPFM_CHECK(store.add(id, settled_cells(planned.plan, preparation)));
  Recorder recorder(store, id);
  RunSummary summary{id, 0};
  std::optional<base::Error> failure;
  {
    asio::io_context io;
    Running running{.io = io,
                    .request = request,
                    .workspace = workspace,
                    .planned = planned,
                    .preparation = preparation,
                    .acceleration = {acceleration, request.accel, workspace.acceleration(),
                                     [&](const std::string& text) { progress.note(text); }},
                    .qemu_version = qemu_version,
                    .sandbox = qemu.sandbox,
                    .record = record,
                    .store = store,
                    .recorder = recorder,
                    .progress = progress,
                    .states = vm::SavedStates(workspace.states())};
    if (request.cache) {
      BPFM_TRY(const auto cached,
               take_cached(store, id, planned.plan, preparation,
                           [&](uint32_t kernel) { return digests_of(running, kernel); }));
      if (cached.answered != 0)
        progress.preparing(fmt::format("{} of {} cells are answered by earlier runs",
                                       cached.answered, cached.asked));
    }
    expect_groups(planned, preparation, progress);
    summary.signal = run_machines(running);
    failure = running.failure;
  }
  if (auto flushed = recorder.flush(); !flushed && !failure) failure = flushed.error();
  if (failure) return failure->in("keep results");
  BPFM_CHECK(store.update_axes(record));
  if (summary.signal == 0) BPFM_CHECK(store.finish_run(id, utc_now()));
  return summary;
}

}  // namespace bpfmatrix::run
