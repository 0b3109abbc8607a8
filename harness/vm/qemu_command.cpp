#include "vm/qemu_command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace bpfmatrix::vm {
namespace {

// What one device adds to QEMU's arguments and to the kernel's command line.
struct Device {
  std::vector<std::string> arguments;
  std::vector<std::string> kernel;
};

// QEMU's own limit for translated code is 1 GiB, and each JITed program adds some: a machine that ran
// 9,000 cells had 448 MiB. A boot of 7.3 and the quick matrix need about 60; with 32 MiB they take as
// long, and the machine stays below 230 MiB.
std::string accelerator(Accel accel) {
  return accel == Accel::tcg ? "tcg,tb-size=32" : name(accel);
}

// One processor and nothing that a bare q35 would bring along. Neither `thread=single` nor a larger
// translation buffer boots faster with one processor, and no machine property does.
Device machine(Accel accel) {
  return {{"-M", "q35", "-accel", accelerator(accel), "-cpu", cpu_model(accel), "-smp", "1", "-nodefaults",
           "-no-user-config", "-display", "none", "-nic", "none"},
          // The self-tests of the crypto drivers take 1 s of a boot of 3 s under TCG (Linux 7.3,
          // Debian's cloud flavour, q35) and have nothing to do with BPF. Measured as well and
          // found without effect: tsc=reliable, lpj=, nokaslr, i8042.*,
          // mitigations=off, audit=0.
          // no_timer_check: on a busy host the kernel finds that "IO-APIC + timer doesn't work" and
          // panics, since no tick came while it looked.
          {"cryptomgr.notests", "no_timer_check"}};
}

// QEMU's own seccomp filter. spawn=deny forbids exec, fork and with them `exec:` migration.
Device sandbox() {
  return {{"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"},
          {}};
}

// A panic reboots at once, which ends QEMU: nobody waits for a dead guest. An oops is a panic,
// since what a damaged kernel answers afterwards is worth nothing. So is the interrupt that a hung
// guest is sent before it is ended: it then says where it hangs (Linux arch/x86/kernel/nmi.c).
Device ending_at_panic() {
  return {{"-no-reboot"}, {"panic=-1", "oops=panic", "unknown_nmi_panic"}};
}

// Warnings and worse. A boot's chatter costs 0.3 to 0.5 s over an emulated serial port; level 4
// would hide WARN()s, which are printed at KERN_WARNING (Linux kernel/panic.c, __warn()). Panics
// and oopses raise the level by themselves (console_verbose()).
Device console() {
  return {{"-chardev", fmt::format("socket,id=console,fd={}", kConsoleDescriptor), "-serial",
           "chardev:console"},
          {"console=ttyS0", "loglevel=5"}};
}

// ioeventfd=off: QEMU takes a guest's bytes inside the guest's own notification, so they have left
// the machine when write() returns. A BEGIN must not be lost to the panic that follows it.
Device agent() {
  return {{"-device", "virtio-serial-pci,ioeventfd=off", "-chardev",
           fmt::format("socket,id=agent,fd={}", kAgentDescriptor), "-device",
           "virtserialport,chardev=agent,name=bpfmatrix"},
          {}};
}

// QMP: to stop, save and resume the machine.
Device control() {
  return {{"-chardev", fmt::format("socket,id=control,fd={}", kControlDescriptor), "-mon",
           "chardev=control,mode=control"},
          {}};
}

// Ctrl-C and the like are the guest's (signal=off).
Device prompt() {
  return {{"-chardev", "stdio,id=console,signal=off,mux=on", "-serial", "chardev:console", "-mon",
           "chardev=console,mode=readline", "-no-reboot"},
          {"console=ttyS0", "loglevel=5", "panic=-1"}};
}

std::vector<Device> devices(const MachineConfig& config) {
  if (config.interactive) return {machine(config.accel), sandbox(), prompt()};
  return {machine(config.accel), sandbox(), ending_at_panic(), console(), agent(), control()};
}

// Of all devices, without the nonce.
std::string kernel_words(const MachineConfig& config) {
  std::vector<std::string> words;
  for (const auto& device : devices(config))
    for (const auto& word : device.kernel)
      if (std::ranges::find(config.leave_out, word) == config.leave_out.end()) words.push_back(word);
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

const char* name(Accel accel) {
  return accel == Accel::kvm ? "kvm" : "tcg";
}

std::string cpu_model(Accel accel) {
  return accel == Accel::kvm ? "host" : "max";
}

QemuCommand make_command(const MachineConfig& config) {
  QemuCommand command;
  // A word with a dot is a module's parameter to the kernel: it is not handed on to init, which
  // reads it from /proc/cmdline (Linux init/main.c, unknown_bootoption()).
  command.kernel_command_line =
      fmt::format("{} bpfmatrix.nonce={}", kernel_words(config), config.nonce);
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  command.argv = {config.qemu, "-m", fmt::format("{}M", (config.memory + kMiB - 1) / kMiB)};
  for (auto& device : devices(config))
    std::move(device.arguments.begin(), device.arguments.end(), std::back_inserter(command.argv));
  for (const auto& word : {std::string("-kernel"), config.kernel, std::string("-initrd"),
                           config.initramfs, std::string("-append"), command.kernel_command_line})
    command.argv.push_back(word);
  // A saved machine stood still, and so does the restored one until it is told to go on. Kernel and
  // initramfs are named all the same: QEMU refuses a state of a machine with other ROMs. They are
  // not read again.
  if (config.restored) {
    command.argv.emplace_back("-incoming");
    command.argv.push_back(fmt::format("fd:{}", kStateDescriptor));
  }
  return command;
}

Launch make_launch(const MachineConfig& config) {
  const bool kvm = config.accel == Accel::kvm;
  const Sandbox& sandbox = config.sandbox;
  // A saved state is the memory and some MiB of devices: no disk is filled through its descriptor.
  constexpr uint64_t kBesideMemory = uint64_t{256} << 20;
  Launch launch;
  launch.confinement = confinement(sandbox, kvm, config.memory + kBesideMemory);
  auto seen = config;  // by QEMU
  if (!sandbox.bwrap.empty()) {
    seen.kernel = "/boot/kernel";
    seen.initramfs = "/boot/initramfs";
    launch.argv =
        wrap(sandbox, kvm, {{config.kernel, seen.kernel}, {config.initramfs, seen.initramfs}},
             make_command(seen).argv);
    return launch;
  }
  if (launch.confinement.user) {
    launch.files = {{kKernelDescriptor, config.kernel}, {kInitramfsDescriptor, config.initramfs}};
    seen.kernel = fmt::format("/proc/self/fd/{}", kKernelDescriptor);
    seen.initramfs = fmt::format("/proc/self/fd/{}", kInitramfsDescriptor);
  }
  launch.argv = make_command(seen).argv;
  return launch;
}

base::Result<std::string> version_in(const std::string& text, const std::string& qemu) {
  // "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)"
  static constexpr std::string_view kBefore = "QEMU emulator version ";
  if (!text.starts_with(kBefore))
    return base::fail(base::ErrorKind::unavailable, "{} --version: not an answer of QEMU", qemu);
  const auto from = kBefore.size();
  return text.substr(from, text.find_first_of(" \n", from) - from);
}

std::string line_for_key(MachineConfig config) {
  config.qemu = "qemu";
  config.kernel = "kernel";
  config.initramfs = "initramfs";
  config.nonce.clear();
  config.restored = false;
  return fmt::format("{}", fmt::join(make_command(config).argv, "\n"));
}

}  // namespace bpfmatrix::vm
