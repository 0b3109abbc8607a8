#include "run/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/run_clock.h"
#include "image/git_source.h"
#include "run/acceleration_check.h"
#include "run/cached.h"
#include "run/console_watch.h"
#include "run/machine_setup.h"
#include "run/machines.h"
#include "run/planning.h"
#include "run/progress.h"
#include "run/recording.h"
#include "run/request_text.h"
#include "run/resume.h"
#include "run/run_lock.h"
#include "run/space.h"
#include "vm/machine.h"

namespace bpfmatrix::run {
namespace {

using Ruling = plan::Cell::Ruling;

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

// Everything that is needed before the first machine starts.
struct Prepared {
  Planned planned;
  vm::FoundSandbox qemu;
  Preparation preparation;
  vm::Acceleration acceleration;
  Tried tried;  // of a run that is continued
};

base::Result<Planned> plan_of(const RunRequest& request, const image::Workspace& workspace,
                              const image::DataFolder& data, Progress& progress) {
  const auto list_tags = image::make_tag_lister(workspace, request.offline);
  BPFM_TRY(auto planned,
           request.made ? make_plan(*request.made, request.selection, data, list_tags)
                        : make_plan(request.matrix, request.selection, data, list_tags));
  for (const auto& note : planned.plan.notes) progress.note(note);
  for (const auto& note : expired_entries(planned.console, today())) progress.note(note);
  return planned;
}

base::Result<Prepared> get_ready(const RunRequest& request, Planned planned,
                                 const image::Workspace& workspace, const image::DataFolder& data,
                                 Progress& progress) {
  Prepared out;
  out.planned = std::move(planned);
  BPFM_TRY(out.qemu, vm::choose_sandbox(request.qemu, request.sandbox));
  const PrepareOptions options{request.locked, request.offline,
                               [&](const std::string& text) { progress.preparing(text); }};
  BPFM_TRY(out.preparation,
           prepare(out.planned.plan, workspace, data, out.planned.kernels, options));
  for (const auto& note : out.preparation.notes) progress.note(note);
  BPFM_TRY(out.acceleration, choose(request, workspace, out.planned, out.preparation,
                                    out.qemu.sandbox));
  if (!out.acceleration.sentence.empty()) progress.note(out.acceleration.sentence);
  return out;
}

result::RunRecord record_of(const RunRequest& request, const Prepared& prepared) {
  auto record = make_record(prepared.planned.matrix, request.selection, prepared.planned.plan,
                            prepared.preparation, vm::name(prepared.acceleration.accel),
                            prepared.qemu.qemu_version);
  for (auto& kernel : record.kernels)
    kernel.isolation = prepared.qemu.sandbox.level(prepared.acceleration.accel == vm::Accel::kvm);
  record.header.matrix_file = request.matrix;
  return record;
}

Ready ready_of(const RunRequest& request, const image::Workspace& workspace,
               const Prepared& prepared) {
  return {request,
          workspace,
          prepared.planned,
          prepared.preparation,
          prepared.acceleration,
          prepared.qemu.qemu_version,
          prepared.qemu.sandbox,
          prepared.tried};
}

// What machines were to do and did not, for want of room. Each cell that has no attempt by now gets
// one that says so; nothing that was measured is touched.
base::Status tell_no_room(result::Store& store, const std::string& run, const std::string& why) {
  BPFM_TRY(const auto record, store.read(run));
  std::vector<result::CellResult> missed;
  for (uint32_t i = 0; i < record.cells.size(); ++i) {
    if (record.cells[i].attempts != 0) continue;
    auto& one = missed.emplace_back();
    one.cell = i;
    one.attempt.state = result::AttemptState::no_space;
    one.attempt.note = why;
  }
  return store.add(run, missed);
}

// Runs what is left to run of a run that is in the store, and gives it its end if it came to one.
base::Result<RunSummary> carry_out(const RunRequest& request, const image::Workspace& workspace,
                                   Prepared& prepared, result::RunRecord& record,
                                   result::Store& store, Progress& progress) {
  const std::string& id = record.header.id;
  const Ready ready = ready_of(request, workspace, prepared);
  if (request.cache) {
    BPFM_TRY(const auto cached,
             take_cached(store, id, prepared.planned.plan, prepared.preparation, prepared.tried,
                         [&](uint32_t kernel) { return digests_of(ready, kernel); }));
    if (cached.answered != 0)
      progress.preparing(fmt::format("{} of {} cells are answered by earlier runs",
                                     cached.answered, cached.asked));
  }
  expect_groups(prepared.planned, prepared.preparation, progress);
  const auto end = run_machines(ready, record, store, progress);
  if (end.failure)
    return base::Error{end.failure->kind,
                       fmt::format("keep results: {}; what was stored before is kept: when the "
                                   "cause is gone, go on with bpfmatrix resume {}",
                                   end.failure->message, id)};
  RunSummary summary{.run = id, .signal = end.signal};
  BPFM_CHECK(store.update_axes(record));
  if (end.no_room) BPFM_CHECK(tell_no_room(store, id, end.no_room->message));
  summary.complete = end.signal == 0 && !end.no_room && !end.out_of_time;
  if (summary.complete) BPFM_CHECK(store.finish_run(id, utc_now()));
  return summary;
}

// The run that `name` stands for, or the newest without an end when it is empty; nothing when there
// is none such.
base::Result<std::optional<std::string>> find_run(result::Store& store, const std::string& name) {
  BPFM_TRY(const auto headers, store.list());
  if (name.empty()) {
    for (const auto& header : headers)
      if (header.finished.empty()) return std::optional(header.id);
    return std::optional<std::string>();
  }
  BPFM_TRY(const auto id, store.find(name));
  return std::optional(id);
}

// What the run has learnt stays with it, also of kernels that need not boot again.
void keep_learnt(const result::RunRecord& stored, result::RunRecord* record) {
  record->header.id = stored.header.id;
  auto notes = stored.header.notes;
  for (auto& note : record->header.notes)
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
  record->header.notes = std::move(notes);
  for (auto& kernel : record->kernels) {
    const auto at = std::ranges::find(stored.kernels, kernel.id, &result::KernelRecord::id);
    if (at == stored.kernels.end() || kernel.sha256 != at->sha256) continue;
    const auto& before = *at;
    kernel.release = before.release;
    if (kernel.problem.empty()) kernel.problem = before.problem;
  }
  // A driver that was killed could tell it of the cells only.
  for (const auto& cell : stored.cells) {
    const auto state = cell.attempt.state;
    const bool lost = state == result::AttemptState::boot_fail ||
                      state == result::AttemptState::qemu_crash;
    auto& problem = record->kernels[cell.kernel].problem;
    if (lost && problem.empty()) problem = cell.attempt.note;
  }
}

// Takes back what counts no more, settles what cannot run, and leaves in the plan what is to run.
base::Status take_up(Prepared& prepared, const Ready& ready, const result::RunRecord& stored,
                     result::RunRecord& record, result::Store& store, Progress& progress) {
  auto& plan = prepared.planned.plan;
  const auto questions =
      questions_of(plan, prepared.preparation,
                   [&](uint32_t kernel) { return digests_of(ready, kernel); });
  auto rest = rest_of(stored, questions, settled_cells(plan, prepared.preparation),
                      ready.request.retries.value_or(kRetries));
  const std::string& id = stored.header.id;
  if (rest.stale != 0) {
    record.header.notes.push_back(fmt::format(
        "{} cells were measured anew when the run was continued: their kernel, loader, program, "
        "QEMU or accelerator is not what it was when it began",
        rest.stale));
    progress.note(record.header.notes.back());
  }
  BPFM_CHECK(store.take_back(id, rest.take_back));
  BPFM_CHECK(store.add(id, rest.settle));
  BPFM_CHECK(store.update_axes(record));
  for (const uint32_t cell : rest.kept) plan.cells[cell].ruling = Ruling::cached;
  progress.preparing(fmt::format("run {}: {} of {} cells are there already", id, rest.kept.size(),
                                 stored.cells.size()));
  if (!rest.again.empty())
    progress.preparing(fmt::format("{} {} with its machine: once more, when all others have run",
                                   rest.again.size(),
                                   rest.again.size() == 1 ? "cell went" : "cells went"));
  prepared.tried = std::move(rest.again);
  return {};
}

}  // namespace

base::Result<RunSummary> run_matrix(const RunRequest& request, const image::Workspace& workspace,
                                    const image::DataFolder& data) {
  const base::PauseScope pauses;
  Progress progress(request.quiet);
  BPFM_TRY(auto planned, plan_of(request, workspace, data, progress));
  if (planned.plan.cells.empty()) return RunSummary{};
  BPFM_CHECK(check_space(workspace.root, request.min_free));
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(auto prepared, get_ready(request, std::move(planned), workspace, data, progress));
  auto record = record_of(request, prepared);
  BPFM_TRY(const auto lock, RunLock::take(lock_folder(workspace), record.header.id));
  BPFM_CHECK(store.begin_run(record, request_text(request)));
  BPFM_CHECK(store.add(record.header.id,
                       settled_cells(prepared.planned.plan, prepared.preparation)));
  return carry_out(request, workspace, prepared, record, store, progress);
}

base::Result<RunSummary> resume_run(const std::string& run, RunRequest request,
                                    const image::Workspace& workspace,
                                    const image::DataFolder& data) {
  const base::PauseScope pauses;
  Progress progress(request.quiet);
  // A driver that was killed, or whose disk was full, is why we are here.
  BPFM_TRY(auto store, result::Store::open(workspace.results(), result::Check::whole));
  BPFM_TRY(const auto found, find_run(store, run));
  if (!found) return RunSummary{};
  const auto context = fmt::format("continue {}", *found);
  BPFM_TRY(const auto lock, RunLock::take(lock_folder(workspace), *found));
  BPFM_TRY(const auto stored, store.read(*found));
  if (!stored.header.finished.empty())
    return RunSummary{.run = *found, .complete = true, .was_complete = true};
  BPFM_TRY(const auto asked, store.request_of(*found));
  BPFM_CHECK(apply_request(asked, &request).in(context));
  BPFM_CHECK(check_space(workspace.root, request.min_free));
  BPFM_TRY(auto planned, plan_of(request, workspace, data, progress).in(context));
  BPFM_TRY(auto prepared, get_ready(request, std::move(planned), workspace, data, progress));
  auto record = record_of(request, prepared);
  BPFM_CHECK(same_cells(stored, record).in(context));
  keep_learnt(stored, &record);
  BPFM_CHECK(take_up(prepared, ready_of(request, workspace, prepared), stored, record, store,
                     progress));
  return carry_out(request, workspace, prepared, record, store, progress);
}

}  // namespace bpfmatrix::run
