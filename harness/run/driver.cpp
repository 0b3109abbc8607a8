#include "run/driver.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <optional>
#include <thread>

#include "image/git_source.h"
#include "plan/key.h"
#include "run/acceleration_check.h"
#include "run/boot.h"
#include "run/jobs.h"
#include "run/planning.h"
#include "run/progress.h"
#include "run/recording.h"
#include "vm/machine.h"
#include "vm/saved_states.h"

namespace bpfmatrix::run {
namespace {

namespace asio = boost::asio;

constexpr char kIsolation[] = "boot";  // all cells of a kernel share a machine

// How many machines fit: one per core, each with its memory and as much again for QEMU itself.
uint32_t machines_that_fit(uint64_t memory) {
  struct sysinfo info {};
  ::sysinfo(&info);
  const uint64_t room = static_cast<uint64_t>(info.totalram) * info.mem_unit / 2;
  const uint64_t by_memory = std::max<uint64_t>(1, room / (memory * 2));
  const uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<uint32_t>(std::min<uint64_t>(cores, by_memory));
}

// Everything that a run holds while it goes on.
struct Running {
  asio::io_context& io;
  const RunRequest& request;
  const image::Workspace& workspace;
  const Planned& planned;
  const Preparation& preparation;
  const vm::Acceleration& acceleration;
  const std::string& qemu_version;
  result::RunRecord& record;
  result::Store& store;
  Recorder& recorder;
  Progress& progress;
  vm::SavedStates states;
  std::vector<uint32_t> waiting;       // kernels without a machine yet, last first
  std::optional<base::Error> failure;  // of the store: ends the run
};

vm::MachineConfig machine_config(const RunRequest& request, const KernelSlot& slot,
                                 const spec::Limits& limits, vm::Accel accel) {
  vm::MachineConfig config;
  config.qemu = request.qemu;
  config.kernel = slot.boot.path.string();
  config.initramfs = slot.initramfs.string();
  config.memory = limits.memory;
  config.accel = accel;
  return config;
}

plan::MachineDigests machine_digests(const Running& run, const KernelSlot& slot) {
  plan::MachineDigests digests;
  digests.kernel = slot.boot.sha256;
  digests.initramfs = slot.initramfs_sha256;
  digests.agent = run.preparation.agent_sha256;
  digests.command_line = vm::line_for_key(
      machine_config(run.request, slot, run.planned.matrix.limits, run.acceleration.accel));
  digests.qemu_version = run.qemu_version;
  digests.cpu_model = vm::cpu_model(run.acceleration.accel);
  digests.accel = vm::name(run.acceleration.accel);
  digests.isolation = kIsolation;
  return digests;
}

// What a saved machine of this kernel depends on.
vm::StateParts state_parts(const Running& run, const KernelSlot& slot,
                           const plan::MachineDigests& digests) {
  vm::StateParts parts;
  parts.kernel = digests.kernel;
  parts.initramfs = digests.initramfs;
  parts.qemu_version = digests.qemu_version;
  parts.line = digests.command_line;
  parts.cpu = vm::processor(run.acceleration.accel);
  parts.text = fmt::format("{} {}", slot.kernel->id, slot.kernel->release);
  return parts;
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
    if (auto status = run.recorder.add(std::move(result)); !status && !run.failure) {
      run.failure = status.error();
      run.io.stop();
    }
    run.progress.finished(plan.kernels[cell.kernel].id, plan.loaders[cell.loader].id);
  }
}

asio::awaitable<void> run_kernel(Running& run, uint32_t kernel) {
  const auto& slot = run.preparation.kernels[kernel];
  const auto& limits = run.planned.matrix.limits;
  const auto digests = machine_digests(run, slot);
  BootRequest boot;
  boot.kernel = run.planned.plan.kernels[kernel].id;
  boot.machine = machine_config(run.request, slot, limits, run.acceleration.accel);
  boot.files = &run.preparation.files;
  boot.jobs = jobs_of(run.planned.plan, kernel, run.preparation.files, run.acceleration.slowdown);
  boot.boot_limit = std::chrono::milliseconds(
      static_cast<int64_t>(static_cast<double>(limits.boot.count()) * run.acceleration.slowdown));
  boot.states = run.request.cold ? nullptr : &run.states;
  boot.state = state_parts(run, slot, digests);
  boot.evidence = run.workspace.evidence() / run.record.header.id;
  BootEvents events;
  events.finished = [&](std::vector<Finished> finished) {
    take_results(run, digests, std::move(finished));
  };
  events.note = [&](const std::string& text) { run.progress.note(text); };
  const auto report = co_await run_boot(run.io, std::move(boot), events);
  auto& record = run.record.kernels[kernel];
  if (report.hello) record.release = report.hello->release;
  if (!report.problem.empty()) record.problem = report.problem;
  if (report.hello && !report.hello->module_errors.empty())
    run.progress.note(
        fmt::format("{}: modules that did not load: {}", record.id, report.hello->module_errors));
}

// Takes kernels from the list until none is left: one of these per machine at a time.
asio::awaitable<void> work(Running& run) {
  while (!run.waiting.empty()) {
    const uint32_t kernel = run.waiting.back();
    run.waiting.pop_back();
    co_await run_kernel(run, kernel);
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

// Runs the machines; returns the signal that ended the run, or 0.
int run_machines(Running& run) {
  for (uint32_t i = static_cast<uint32_t>(run.planned.plan.kernels.size()); i-- > 0;)
    if (run.preparation.kernels[i].kernel && !run.preparation.kernels[i].obstacle)
      run.waiting.push_back(i);
  int ended_by = 0;
  asio::steady_timer* timer = nullptr;
  asio::signal_set signals(run.io, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    ended_by = number;
    run.progress.note("ending the machines; what is finished is kept");
    run.io.stop();
  });
  const uint32_t at_a_time = run.request.machines != 0
                                 ? run.request.machines
                                 : machines_that_fit(run.planned.matrix.limits.memory);
  uint32_t working = std::min<uint32_t>(at_a_time, static_cast<uint32_t>(run.waiting.size()));
  if (working == 0) return 0;
  for (uint32_t i = working; i > 0; --i) {
    asio::co_spawn(run.io, work(run), [&](std::exception_ptr error) {
      if (error && !run.failure)
        run.failure = base::fail(base::ErrorKind::internal, "a worker threw an exception");
      if (--working == 0 || run.failure) {
        signals.cancel();
        if (timer != nullptr) timer->cancel();
        if (run.failure) run.io.stop();
      }
    });
  }
  asio::steady_timer flush_timer(run.io);
  flush_regularly(run, flush_timer);
  timer = &flush_timer;
  run.progress.start();
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

// The accelerator, found with the first kernel that can be booted.
base::Result<vm::Acceleration> choose(const RunRequest& request, const image::Workspace& workspace,
                                      const Planned& planned, const Preparation& preparation) {
  vm::Acceleration last;
  for (const auto& slot : preparation.kernels) {
    if (!slot.kernel || slot.obstacle) continue;
    BPFM_TRY(const auto found,
             find_acceleration(machine_config(request, slot, planned.matrix.limits, vm::Accel::kvm),
                               request.accel, workspace));
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
  BPFM_TRY(const auto planned,
           request.made ? make_plan(*request.made, request.selection, data, list_tags)
                        : make_plan(request.matrix, request.selection, data, list_tags));
  for (const auto& note : planned.plan.notes) progress.note(note);
  if (planned.plan.cells.empty()) return RunSummary{};
  BPFM_TRY(const auto qemu_version, vm::qemu_version(request.qemu));
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  PrepareOptions options{request.locked, request.offline,
                         [&](const std::string& text) { progress.preparing(text); }};
  BPFM_TRY(const auto preparation,
           prepare(planned.plan, workspace, data, planned.kernels, options));
  for (const auto& note : preparation.notes) progress.note(note);
  BPFM_TRY(const auto acceleration, choose(request, workspace, planned, preparation));
  if (!acceleration.sentence.empty()) progress.note(acceleration.sentence);

  auto record = make_record(planned.matrix, request.selection, planned.plan, preparation,
                            vm::name(acceleration.accel), qemu_version);
  record.header.matrix_file = request.matrix;
  BPFM_CHECK(store.begin_run(record));
  const std::string id = record.header.id;
  BPFM_CHECK(store.add(id, settled_cells(planned.plan, preparation)));
  expect_groups(planned, preparation, progress);
  Recorder recorder(store, id);
  RunSummary summary{id, 0};
  std::optional<base::Error> failure;
  {
    asio::io_context io;
    Running running{io,           request,      workspace, planned, preparation,
                    acceleration, qemu_version, record,    store,   recorder,
                    progress,     vm::SavedStates(workspace.states()), {}, {}};
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
