#include "bench/one_kernel.h"

#include <fmt/format.h>

#include "image/git_source.h"
#include "run/acceleration_check.h"
#include "run/jobs.h"

namespace bpfmatrix::bench {
namespace {

using base::ErrorKind;

spec::Matrix matrix_of(const std::string& kernel, const spec::LogMode& mode) {
  spec::Matrix matrix;
  matrix.name = "bench";
  matrix.kernels = {kernel};
  matrix.loaders = {"raw"};
  spec::ProgramChoice choice;
  choice.match = {"trivial"};
  choice.modes = {mode};
  matrix.programs = {choice};
  return matrix;
}

}  // namespace

base::Result<OneKernel> prepare_one(const std::string& kernel, const spec::LogMode& mode,
                                    const image::Workspace& workspace) {
  OneKernel out;
  BPFM_TRY(const auto data, image::find_data_folder());
  BPFM_TRY(out.planned, run::make_plan(matrix_of(kernel, mode), {}, data,
                                       image::make_tag_lister(workspace)));
  if (out.planned.plan.cells.size() != 1)
    return base::fail(ErrorKind::invalid_input, "{}: no such kernel, or several", kernel);
  BPFM_TRY(out.preparation, run::prepare(out.planned.plan, workspace, data, out.planned.kernels,
                                         {false, false, [](const std::string& text) {
                                            fmt::print(stderr, "bpfmatrix-bench: {}\n", text);
                                          }}));
  const auto& slot = out.preparation.kernels.front();
  if (slot.obstacle) return base::fail(ErrorKind::unavailable, "{}", slot.obstacle->text);
  out.machine.kernel = slot.boot.path.string();
  out.machine.initramfs = slot.initramfs.string();
  BPFM_TRY(const auto found,
           vm::choose_sandbox(out.machine.qemu, vm::SandboxChoice::automatic));
  out.machine.sandbox = found.sandbox;
  BPFM_TRY(out.acceleration,
           run::find_acceleration(out.machine, vm::AccelChoice::automatic, workspace));
  out.machine.accel = out.acceleration.accel;
  auto jobs = run::jobs_of(out.planned.plan, 0, out.preparation.files, out.acceleration.slowdown);
  if (jobs.empty()) return base::fail(ErrorKind::unavailable, "the raw loader is not built");
  out.cell = std::move(jobs.front());
  return out;
}

}  // namespace bpfmatrix::bench
