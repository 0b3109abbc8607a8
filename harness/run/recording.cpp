#include "run/recording.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <ctime>

#include "run/version.h"

namespace bpfmatrix::run {
namespace {

using result::AttemptState;

constexpr size_t kBatch = 500;
constexpr auto kInterval = std::chrono::seconds(1);

std::tm utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return parts;
}

std::string host_text() {
  utsname name{};
  ::uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

result::KernelRecord kernel_record(const spec::KernelEntry& entry, const KernelSlot& slot,
                                   const std::string& accel) {
  result::KernelRecord record;
  record.id = entry.id;
  record.vendor = entry.vendor;
  record.series = entry.series;
  record.arch = entry.arch;
  record.backend = "qemu";
  record.accel = accel;
  if (slot.kernel) {
    record.release = slot.kernel->release;
    record.source = slot.kernel->source;
    record.sha256 = slot.kernel->sha256;
    record.upstream =
        slot.kernel->package_version.substr(0, slot.kernel->package_version.find('-'));
  }
  if (slot.obstacle) record.problem = slot.obstacle->text;
  return record;
}

result::LoaderRecord loader_record(const spec::LoaderEntry& entry, const LoaderSlot& slot) {
  result::LoaderRecord record;
  record.id = entry.id;
  record.kind = entry.kind;
  record.version = entry.version;
  if (slot.loader) {
    record.version = slot.loader->version;
    record.sha256 = slot.loader->sha256;
    record.source = slot.loader->source;
  }
  if (slot.obstacle) record.problem = slot.obstacle->text;
  return record;
}

result::ProgramRecord program_record(const plan::Program& program) {
  result::ProgramRecord record;
  record.id = program.id;
  record.object_sha256 = program.object->sha256;
  if (program.function != nullptr) {
    record.function = program.function->name;
    record.section = program.function->section;
  }
  return record;
}

}  // namespace

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc());
}

namespace {

std::string selection_text(const plan::Selection& selection) {
  std::string text;
  const auto add = [&](const char* option, const std::vector<std::string>& globs) {
    for (const auto& glob : globs)
      text += fmt::format("{}{} '{}'", text.empty() ? "" : " ", option, glob);
  };
  add("-k", selection.kernels);
  add("-l", selection.loaders);
  add("-p", selection.programs);
  add("-m", selection.modes);
  return text;
}

}  // namespace

result::RunRecord make_record(const spec::Matrix& matrix, const plan::Selection& selection,
                              const plan::Plan& plan, const Preparation& preparation,
                              const std::string& accel, const std::string& qemu_version) {
  result::RunRecord run;
  // Milliseconds: two runs may start in one second.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 1000;
  run.header.id = fmt::format("{:%Y%m%d-%H%M%S}.{:03}-{}", utc(), milliseconds, matrix.name);
  run.header.matrix = matrix.name;
  run.header.selection = selection_text(selection);
  run.header.started = utc_now();
  run.header.program_version = kVersion;
  run.header.qemu_version = qemu_version;
  run.header.accel = accel;
  run.header.host = host_text();
  run.header.notes = preparation.notes;
  for (size_t i = 0; i < plan.kernels.size(); ++i)
    run.kernels.push_back(kernel_record(plan.kernels[i], preparation.kernels[i], accel));
  for (size_t i = 0; i < plan.loaders.size(); ++i)
    run.loaders.push_back(loader_record(plan.loaders[i], preparation.loaders[i]));
  for (const auto& program : plan.programs) run.programs.push_back(program_record(program));
  run.cells.reserve(plan.cells.size());
  for (const auto& cell : plan.cells) {
    result::CellRecord record;
    record.id = plan.id(cell);
    record.kernel = cell.kernel;
    record.loader = cell.loader;
    record.program = cell.program;
    record.mode = cell.mode;
    run.cells.push_back(std::move(record));
  }
  run.expectations = matrix.expectations;
  run.required_kernels = matrix.required_kernels;
  run.laws = matrix.law_names;
  return run;
}

base::Status Recorder::add(result::CellResult result) {
  pending_.push_back(std::move(result));
  const bool due = std::chrono::steady_clock::now() - last_ >= kInterval;
  return pending_.size() >= kBatch || due ? flush() : base::Status{};
}

base::Status Recorder::flush() {
  last_ = std::chrono::steady_clock::now();
  if (pending_.empty()) return {};
  auto status = store_.add(run_, pending_);
  pending_.clear();
  return status;
}

std::vector<result::CellResult> settled_cells(const plan::Plan& plan,
                                              const Preparation& preparation) {
  std::vector<result::CellResult> settled;
  const auto settle = [&](uint32_t cell, AttemptState state, const std::string& note) {
    result::CellResult one;
    one.cell = cell;
    one.attempt.state = state;
    one.attempt.note = note;
    settled.push_back(std::move(one));
  };
  for (uint32_t i = 0; i < plan.cells.size(); ++i) {
    const auto& cell = plan.cells[i];
    const auto& kernel = preparation.kernels[cell.kernel].obstacle;
    const auto& loader = preparation.loaders[cell.loader].obstacle;
    if (cell.ruling == plan::Cell::Ruling::filtered)
      settle(i, AttemptState::filtered, cell.ruling_text);
    else if (cell.ruling == plan::Cell::Ruling::not_expressible)
      settle(i, AttemptState::not_expressible, cell.ruling_text);
    else if (kernel)
      settle(i, kernel->state, kernel->text);
    else if (loader)
      settle(i, loader->state, loader->text);
  }
  return settled;
}

}  // namespace bpfmatrix::run
