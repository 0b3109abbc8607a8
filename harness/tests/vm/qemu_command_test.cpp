#include "vm/qemu_command.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace bpfmatrix::vm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

MachineConfig config(Accel accel) {
  return {.kernel = "/k/vmlinux",
          .initramfs = "/i/initramfs.cpio",
          .memory = uint64_t{256} << 20,
          .accel = accel,
          .nonce = "00112233445566778899aabbccddeeff"};
}

// The word after `option`.
std::string value(const QemuCommand& command, const std::string& option) {
  const auto at = std::find(command.argv.begin(), command.argv.end(), option);
  return at == command.argv.end() || at + 1 == command.argv.end() ? "" : *(at + 1);
}

TEST(QemuCommand, the_whole_line_under_tcg_is_this_one) {
  EXPECT_THAT(
      make_command(config(Accel::tcg)).argv,
      ElementsAre("qemu-system-x86_64", "-m", "256M", "-M", "q35", "-accel", "tcg,tb-size=32", "-cpu", "max",
                  "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
                  "-sandbox",
                  "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                  "-no-reboot", "-chardev", "socket,id=console,fd=3", "-serial", "chardev:console",
                  "-device", "virtio-serial-pci,ioeventfd=off", "-chardev", "socket,id=agent,fd=4",
                  "-device", "virtserialport,chardev=agent,name=bpfmatrix", "-chardev",
                  "socket,id=control,fd=5", "-mon", "chardev=control,mode=control", "-kernel", "/k/vmlinux",
                  "-initrd", "/i/initramfs.cpio", "-append",
                  "cryptomgr.notests no_timer_check panic=-1 oops=panic unknown_nmi_panic console=ttyS0 loglevel=5 "
                  "bpfmatrix.nonce=00112233445566778899aabbccddeeff"));
}

TEST(QemuCommand, kvm_differs_in_accelerator_and_cpu_only) {
  auto tcg = make_command(config(Accel::tcg)).argv;
  const auto kvm = make_command(config(Accel::kvm)).argv;
  std::replace(tcg.begin(), tcg.end(), std::string("tcg,tb-size=32"),
               std::string("kvm"));
  std::replace(tcg.begin(), tcg.end(), cpu_model(Accel::tcg), cpu_model(Accel::kvm));
  EXPECT_EQ(kvm, tcg);
  EXPECT_EQ(cpu_model(Accel::kvm), "host");
  EXPECT_EQ(cpu_model(Accel::tcg), "max");
}

TEST(QemuCommand, the_nonce_is_in_the_command_line_and_not_in_its_key) {
  const auto first = make_command(config(Accel::tcg));
  auto other = config(Accel::tcg);
  other.nonce = "ffffffffffffffffffffffffffffffff";
  EXPECT_NE(make_command(other).kernel_command_line, first.kernel_command_line);
  EXPECT_EQ(line_for_key(other), line_for_key(config(Accel::tcg)));
  EXPECT_EQ(value(first, "-append"), first.kernel_command_line);
}

TEST(QemuCommand, a_word_that_is_left_out_is_missing_from_the_line_and_from_its_key) {
  auto without = config(Accel::tcg);
  without.leave_out = {"loglevel=5"};
  EXPECT_THAT(make_command(without).kernel_command_line, Not(HasSubstr("loglevel")));
  EXPECT_THAT(make_command(without).kernel_command_line, HasSubstr("console=ttyS0"));
  EXPECT_NE(line_for_key(without), line_for_key(config(Accel::tcg)));
}

TEST(QemuCommand, a_restored_machine_is_the_same_machine_with_its_state) {
  auto restored = config(Accel::tcg);
  restored.restored = true;
  auto line = make_command(restored).argv;
  ASSERT_GE(line.size(), 2U);
  EXPECT_EQ(line[line.size() - 2], "-incoming");
  EXPECT_EQ(line.back(), "fd:6");
  line.resize(line.size() - 2);
  EXPECT_EQ(line, make_command(config(Accel::tcg)).argv);
  EXPECT_EQ(line_for_key(restored), line_for_key(config(Accel::tcg)));
}

TEST(QemuCommand, the_line_for_keys_changes_with_memory_and_accelerator_and_not_with_paths) {
  auto other = config(Accel::tcg);
  other.kernel = "/elsewhere";
  other.initramfs = "/elsewhere";
  other.nonce = "ffffffffffffffffffffffffffffffff";
  other.qemu = "/opt/qemu";
  EXPECT_EQ(line_for_key(other), line_for_key(config(Accel::tcg)));
  other.memory *= 2;
  EXPECT_NE(line_for_key(other), line_for_key(config(Accel::tcg)));
  EXPECT_NE(line_for_key(config(Accel::kvm)), line_for_key(config(Accel::tcg)));
}

TEST(QemuCommand, an_interactive_machine_has_the_terminal_and_neither_agent_nor_control) {
  auto prompt = config(Accel::tcg);
  prompt.interactive = true;
  const auto command = make_command(prompt);
  EXPECT_EQ(value(command, "-chardev"), "stdio,id=console,signal=off,mux=on");
  EXPECT_THAT(value(command, "-sandbox"), HasSubstr("spawn=deny"));
  EXPECT_THAT(command.argv, Not(Contains(HasSubstr("virtserialport"))));
  EXPECT_THAT(command.argv, Not(Contains(HasSubstr("mode=control"))));
  EXPECT_THAT(command.kernel_command_line, Not(HasSubstr("oops=panic")));
}

TEST(QemuCommand, memory_is_rounded_up_to_whole_mebibytes) {
  auto odd = config(Accel::tcg);
  odd.memory = (uint64_t{96} << 20) + 1;
  EXPECT_EQ(value(make_command(odd), "-m"), "97M");
  odd.memory = uint64_t{96} << 20;
  EXPECT_EQ(value(make_command(odd), "-m"), "96M");
}

TEST(QemuCommand, a_path_with_spaces_and_commas_stays_one_word) {
  auto odd = config(Accel::tcg);
  odd.kernel = "/a b,c/vmlinux";
  odd.qemu = "/opt/my qemu";
  const auto command = make_command(odd);
  EXPECT_THAT(command.argv, Contains("/a b,c/vmlinux"));
  EXPECT_EQ(command.argv.front(), "/opt/my qemu");
}

}  // namespace
}  // namespace bpfmatrix::vm
