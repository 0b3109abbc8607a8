// What is put around QEMU's command, and the words for it.
#include <gmock/gmock.h>

#include <algorithm>

#include "vm/qemu_command.h"
#include "vm/sandbox.h"

namespace bpfmatrix::vm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Sandbox wrapped() {
  Sandbox sandbox;
  sandbox.bwrap = "/usr/bin/bwrap";
  return sandbox;
}

Sandbox dropped() {
  Sandbox sandbox;
  sandbox.started_by_root = true;
  sandbox.user = Sandbox::User{65534, 65534, {}};
  sandbox.kvm_user = Sandbox::User{65534, 65534, {107}};
  return sandbox;
}

MachineConfig config(Sandbox sandbox) {
  MachineConfig config;
  config.qemu = "/usr/bin/qemu-system-x86_64";
  config.kernel = "/root/secret/vmlinux";
  config.initramfs = "/root/secret/initramfs";
  config.nonce = std::string(32, '0');
  config.sandbox = std::move(sandbox);
  return config;
}

// Everything from the host that the sandbox shows: the sources of its mounts.
std::vector<std::string> shown(const std::vector<std::string>& argv) {
  std::vector<std::string> sources;
  for (size_t i = 0; i + 1 < argv.size() && argv[i] != "--"; ++i)
    if (argv[i].find("bind") != std::string::npos) sources.push_back(argv[i + 1]);
  return sources;
}

TEST(SandboxArguments, qemu_sees_its_libraries_its_firmware_and_its_two_files) {
  const auto launch = make_launch(config(wrapped()));
  EXPECT_THAT(shown(launch.argv),
              ElementsAre("/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/qemu",
                          "/usr/share/seabios", "/usr/bin/qemu-system-x86_64", "/dev/null",
                          "/root/secret/vmlinux", "/root/secret/initramfs"));
  for (const char* word : {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-user",
                           "--die-with-parent"})
    EXPECT_THAT(launch.argv, Contains(word));
  for (const auto& word : launch.argv) EXPECT_THAT(word, Not(HasSubstr("/proc")));
  EXPECT_THAT(launch.argv, Contains("/boot/kernel")) << "what QEMU is given as -kernel";
  EXPECT_THAT(launch.files, IsEmpty());
  EXPECT_FALSE(launch.confinement.user);
}

TEST(SandboxArguments, nothing_of_the_host_can_be_written_to) {
  const auto argv = make_launch(config(wrapped())).argv;
  for (size_t i = 0; i < argv.size() && argv[i] != "--"; ++i)
    if (argv[i].find("bind") != std::string::npos) {
      EXPECT_TRUE(argv[i].starts_with("--ro-bind") || argv[i + 1] == "/dev/null") << argv[i + 1];
    }
}

TEST(SandboxArguments, the_device_of_kvm_is_there_under_kvm_only) {
  auto machine = config(wrapped());
  EXPECT_THAT(shown(make_launch(machine).argv), Not(Contains("/dev/kvm")));
  machine.accel = Accel::kvm;
  EXPECT_THAT(shown(make_launch(machine).argv), Contains("/dev/kvm"));
}

TEST(SandboxArguments, root_has_qemu_run_by_another_user_without_a_user_namespace) {
  auto sandbox = dropped();
  sandbox.bwrap = "/usr/bin/bwrap";
  sandbox.setpriv = "/usr/bin/setpriv";
  auto machine = config(sandbox);
  const auto argv = make_launch(machine).argv;
  EXPECT_THAT(argv, Not(Contains("--unshare-user")));
  EXPECT_THAT(argv, Contains("--reuid=65534"));
  EXPECT_THAT(argv, Contains("--clear-groups"));
  machine.accel = Accel::kvm;
  EXPECT_THAT(make_launch(machine).argv, Contains("--groups=107")) << "that of /dev/kvm";
}

TEST(SandboxArguments, another_user_that_is_not_wrapped_gets_its_files_as_descriptors) {
  const auto launch = make_launch(config(dropped()));
  EXPECT_THAT(launch.files,
              ElementsAre(std::pair(kKernelDescriptor, std::string("/root/secret/vmlinux")),
                          std::pair(kInitramfsDescriptor, std::string("/root/secret/initramfs"))));
  EXPECT_THAT(launch.argv, Contains("/proc/self/fd/7"));
  EXPECT_THAT(launch.argv, Contains("/proc/self/fd/8"));
  ASSERT_TRUE(launch.confinement.user);
  EXPECT_EQ(launch.confinement.user->uid, 65534U);
  EXPECT_TRUE(launch.confinement.no_new_privileges);
}

TEST(SandboxArguments, no_sandbox_is_qemus_own_command_confined) {
  const auto machine = config({});
  const auto launch = make_launch(machine);
  EXPECT_EQ(launch.argv, make_command(machine).argv);
  EXPECT_TRUE(launch.confinement.no_new_privileges);
  EXPECT_EQ(launch.confinement.largest_file, machine.memory + (uint64_t{256} << 20));
}

TEST(SandboxArguments, keys_do_not_hang_on_the_sandbox) {
  EXPECT_EQ(line_for_key(config(wrapped())), line_for_key(config({})));
}

TEST(IsolationLevel, it_has_a_word_for_each_case) {
  EXPECT_EQ(Sandbox{}.level(false), "seccomp-only");
  EXPECT_EQ(wrapped().level(false), "bwrap+seccomp");
  EXPECT_EQ(dropped().level(false), "seccomp-only");
  auto kept = dropped();
  kept.kvm_user.reset();
  EXPECT_EQ(kept.level(false), "seccomp-only");
  EXPECT_EQ(kept.level(true), "seccomp-only, root");
  kept.user.reset();
  kept.bwrap = "/usr/bin/bwrap";
  EXPECT_EQ(kept.level(false), "bwrap+seccomp, root");
}

TEST(IsolationWarning, emulation_without_bubblewrap_is_warned_of_and_kvm_is_not) {
  Sandbox sandbox;
  sandbox.reason = "bubblewrap is not installed (apt-get install bubblewrap)";
  EXPECT_THAT(warning(sandbox, false), HasSubstr("no security boundary"));
  EXPECT_THAT(warning(sandbox, false), HasSubstr("apt-get install bubblewrap"));
  EXPECT_EQ(warning(sandbox, true), "");
  EXPECT_EQ(warning(wrapped(), false), "");
  sandbox.as_asked = true;
  EXPECT_EQ(warning(sandbox, false), "") << "who turned it off knows";
}

TEST(IsolationWarning, root_that_stays_root_is_told_why) {
  Sandbox root;
  root.started_by_root = true;
  root.reason = "start qemu: change to user 65534: Operation not permitted";
  EXPECT_THAT(warning(root, false), HasSubstr("runs as root: start qemu: change to user"));
  EXPECT_THAT(warning(root, true), HasSubstr("runs as root"));
  auto kvm = dropped();
  kvm.bwrap = "/usr/bin/bwrap";
  kvm.kvm_user.reset();
  EXPECT_EQ(warning(kvm, false), "");
  EXPECT_THAT(warning(kvm, true), HasSubstr("no other user may open /dev/kvm"));
}

}  // namespace
}  // namespace bpfmatrix::vm
