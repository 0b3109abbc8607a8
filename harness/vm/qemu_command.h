// The one place that knows QEMU's arguments. Pure.
//
// A device is what it adds to QEMU's arguments and to the kernel's command line, written together.
// q35 with -nodefaults, never microvm: under TCG it stops at TSC calibration. Hardened as QEMU 7.2
// accepts it: -sandbox with spawn=deny, no user configuration, no network, channels as inherited
// descriptors. What stands around QEMU is sandbox.h's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "base/error.h"
#include "vm/sandbox.h"

namespace bpfmatrix::vm {

enum class Accel { tcg, kvm };
[[nodiscard]] const char* name(Accel accel);

struct MachineConfig {
  std::string qemu = "qemu-system-x86_64";
  std::string kernel;                     // path of a bzImage or vmlinux
  std::string initramfs;                  // path
  uint64_t memory = uint64_t{256} << 20;  // bytes
  Accel accel = Accel::tcg;
  std::string nonce;      // 32 hex digits: the agent's hello must repeat it
  bool restored = false;  // begins with a saved state, from kStateDescriptor, and stands still
  // For a person: the console is QEMU's standard input and output, there is no agent and no QMP, and
  // an oops is survived. Ctrl-A X ends QEMU.
  bool interactive = false;
  std::vector<std::string> leave_out;  // words of the kernel's command line: to see what they do
  Sandbox sandbox;        // around QEMU; not in keys: the guest sees nothing of it
};

// Numbers that the descriptors have in the child.
inline constexpr int kConsoleDescriptor = 3;
inline constexpr int kAgentDescriptor = 4;
inline constexpr int kControlDescriptor = 5;
inline constexpr int kStateDescriptor = 6;  // of a restored machine only
// Where QEMU is another user and not wrapped: it need not get into the folders of these files.
inline constexpr int kKernelDescriptor = 7;
inline constexpr int kInitramfsDescriptor = 8;

struct QemuCommand {
  std::vector<std::string> argv;
  std::string kernel_command_line;  // with the nonce
};
[[nodiscard]] QemuCommand make_command(const MachineConfig& config);

// What is really started: QEMU's command in its sandbox.
struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<int, std::string>> files;  // {number in the child, file to read}
  base::Confinement confinement;
};
[[nodiscard]] Launch make_launch(const MachineConfig& config);

// The whole line, without what varies from start to start or has a digest of its own (paths,
// nonce) and with a restored machine the same as a booted one: for keys.
[[nodiscard]] std::string line_for_key(MachineConfig config);
// "max" under TCG, "host" under KVM.
[[nodiscard]] std::string cpu_model(Accel accel);
// "7.2.22" of what `qemu --version` says. Error unavailable when that is not QEMU.
base::Result<std::string> version_in(const std::string& text, const std::string& qemu);

}  // namespace bpfmatrix::vm
