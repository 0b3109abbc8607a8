#include "run/preview.h"

#include <filesystem>

#include "result/store.h"
#include "run/cached.h"
#include "run/machine_setup.h"
#include "run/preparation.h"
#include "vm/sandbox.h"

namespace bpfmatrix::run {

base::Result<Preview> mark_cached(Planned& planned, const RunRequest& request,
                                  const image::Workspace& workspace,
                                  const image::DataFolder& data) {
  std::error_code ignored;
  if (!request.cache || !std::filesystem::exists(workspace.results(), ignored)) return Preview{};
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  // Neither a QEMU that is missing nor a kernel is a reason to show no plan.
  const auto qemu = vm::choose_sandbox(request.qemu, request.sandbox);
  if (!qemu) return Preview{.unknown = qemu.error().message};
  const auto accel = vm::known_accel(request.accel, workspace.acceleration(), qemu->qemu_version,
                                     qemu->sandbox);
  if (!accel) return Preview{.unknown = "the first run on this machine tries whether KVM works"};
  PrepareOptions options;
  options.make = false;
  options.progress = [](const std::string&) {};
  const auto prepared = prepare(planned.plan, workspace, data, planned.kernels, options);
  if (!prepared) return Preview{.unknown = prepared.error().message};
  const auto digests_of = [&](uint32_t kernel) {
    const auto& slot = prepared->kernels[kernel];
    auto config = machine_config(request.qemu, slot, planned.matrix.limits, *accel);
    config.sandbox = qemu->sandbox;
    return machine_digests(config, slot, prepared->agent_sha256, qemu->qemu_version,
                           planned.matrix.isolation);
  };
  const auto questions = questions_of(planned.plan, *prepared, digests_of);
  BPFM_TRY(const auto answered, store.answerable(questions));
  Preview preview;
  for (size_t i = 0; i < questions.size(); ++i) {
    if (!answered[i]) continue;
    planned.plan.cells[questions[i].cell].ruling = plan::Cell::Ruling::cached;
    ++preview.cached;
  }
  return preview;
}

}  // namespace bpfmatrix::run
