#include "run/machine_setup.h"

#include <fmt/format.h>

#include "vm/acceleration.h"

namespace bpfmatrix::run {

vm::MachineConfig machine_config(const std::string& qemu, const KernelSlot& slot,
                                 const spec::Limits& limits, vm::Accel accel) {
  vm::MachineConfig config;
  config.qemu = qemu;
  config.kernel = slot.boot.path.string();
  config.initramfs = slot.initramfs.string();
  config.memory = limits.memory;
  config.accel = accel;
  return config;
}

plan::MachineDigests machine_digests(const vm::MachineConfig& config, const KernelSlot& slot,
                                     const std::string& agent_sha256,
                                     const std::string& qemu_version, spec::Isolation isolation) {
  plan::MachineDigests digests;
  digests.kernel = slot.boot.sha256;
  digests.initramfs = slot.initramfs_sha256;
  digests.agent = agent_sha256;
  digests.command_line = vm::line_for_key(config);
  digests.qemu_version = qemu_version;
  digests.cpu_model = vm::processor(config.accel);
  digests.accel = vm::name(config.accel);
  digests.isolation = spec::name(isolation);
  return digests;
}

vm::StateParts state_parts(const vm::MachineConfig& config, const KernelSlot& slot,
                           const std::string& qemu_version) {
  vm::StateParts parts;
  parts.kernel = slot.boot.sha256;
  parts.initramfs = slot.initramfs_sha256;
  parts.qemu_version = qemu_version;
  parts.line = vm::line_for_key(config);
  parts.cpu = vm::processor(config.accel);
  parts.text = fmt::format("{} {}", slot.kernel->id, slot.kernel->release);
  return parts;
}

}  // namespace bpfmatrix::run
