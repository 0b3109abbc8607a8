// The installed QEMU with a guest of twelve bytes: does it take our arguments, is it confined, does
// the console arrive?
#include "vm/sandbox.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "../process/open_descriptors.h"
#include "fake_machine.h"
#include "wire/frame.h"
#include "wire/protocol.h"

namespace bpfmatrix::vm {
namespace {

using namespace std::chrono_literals;

// A bzImage header (Linux Documentation/x86/boot.rst) whose setup code writes "K\n" to the first
// serial port and loops.
std::string tiny_kernel() {
  std::string image(8192, '\0');
  const auto put = [&](size_t at, std::string_view bytes) {
    image.replace(at, bytes.size(), bytes);
  };
  image[0x1f1] = 1;        // setup_sects
  put(0x1fe, "\x55\xaa");  // boot_flag
  put(0x200, "\xeb\x66");  // jump to 0x268
  put(0x202, "HdrS");
  put(0x206, std::string_view("\x0c\x02", 2));          // protocol 2.12
  image[0x211] = 1;                                     // loadflags: LOADED_HIGH
  put(0x22c, std::string_view("\xff\xff\xff\x7f", 4));  // initrd_addr_max
  put(0x238, std::string_view("\xff\x07\x00\x00", 4));  // cmdline_size
  // mov dx,0x3f8; mov al,'K'; out dx,al; mov al,'\n'; out dx,al; jmp $
  put(0x268, std::string_view("\xba\xf8\x03\xb0\x4b\xee\xb0\x0a\xee\xeb\xfe", 11));
  return image;
}

std::string status_line(int pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return line.substr(name.size() + 2);
  return "not there";
}

// The child, or what runs inside the sandbox that it is.
int innermost(int pid) {
  for (;;) {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid));
    int child = 0;
    if (!(file >> child)) return pid;
    pid = child;
  }
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<int, std::string> descriptors(int pid) {
  std::map<int, std::string> all;
  const std::filesystem::path folder = fmt::format("/proc/{}/fd", pid);
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    all[std::stoi(entry.path().filename())] = std::filesystem::read_symlink(entry.path());
  return all;
}

bool gone(int pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

struct Sort {
  std::string name;
  SandboxChoice choice;
  SandboxHost host;
};

class RealQemu : public ::testing::TestWithParam<Sort> {
 protected:
  void SetUp() override {
    if (base::find_program("qemu-system-x86_64").empty()) GTEST_SKIP() << "QEMU is not installed";
    ASSERT_TRUE(folder_);
    ASSERT_TRUE(base::write_file(folder_->path() / "kernel", tiny_kernel()));
    ASSERT_TRUE(base::write_file(folder_->path() / "initramfs", "none"));
    ::setenv("BPFM_TOKEN", "hunter2", 1);
    auto found = choose_sandbox("qemu-system-x86_64", GetParam().choice, GetParam().host);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(found->qemu_version, ::testing::MatchesRegex("[0-9.]+"));
    sandbox_ = found->sandbox;
    RecordProperty("level", sandbox_.level(false));
    auto machine = Machine::start(io_, {.kernel = (folder_->path() / "kernel").string(),
                                        .initramfs = (folder_->path() / "initramfs").string(),
                                        .memory = uint64_t{64} << 20,
                                        .nonce = std::string(32, '0'),
                                        .sandbox = sandbox_});
    ASSERT_TRUE(machine);
    machine_.emplace(std::move(*machine));
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (machine_->console_bytes() < 2 && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(50ms);
    }
    qemu_ = innermost(machine_->pid());
  }
  void TearDown() override { ::unsetenv("BPFM_TOKEN"); }

  base::Result<base::TemporaryFolder> folder_ = base::TemporaryFolder::make("/tmp", "bpfm-qemu-");
  boost::asio::io_context io_;
  Sandbox sandbox_;
  std::optional<Machine> machine_;
  int qemu_ = 0;
};

TEST_P(RealQemu, it_takes_our_arguments_is_confined_and_its_console_arrives) {
  EXPECT_EQ(machine_->console(), "K\n");
  EXPECT_EQ(status_line(qemu_, "Seccomp"), "2") << "SECCOMP_MODE_FILTER";
  EXPECT_EQ(status_line(qemu_, "NoNewPrivs"), "1");
  EXPECT_THAT(contents(fmt::format("/proc/{}/limits", qemu_)),
              ::testing::ContainsRegex("Max core file size +0 +0 "));
  EXPECT_THAT(contents(fmt::format("/proc/{}/limits", qemu_)),
              ::testing::ContainsRegex("Max file size +335544320 "));
  const auto ending = tests::run(io_, machine_->finish(tests::in(0ms)));
  EXPECT_TRUE(ending.killed_by_us);
  EXPECT_TRUE(ending.status.by_signal);
  EXPECT_EQ(ending.standard_error, "");
  EXPECT_TRUE(gone(qemu_));
  EXPECT_TRUE(tests::no_children());
}

TEST_P(RealQemu, its_user_is_not_root_or_the_level_says_so) {
  const bool root = status_line(qemu_, "Uid").starts_with("0\t");
  EXPECT_EQ(root, sandbox_.level(false).ends_with("root")) << status_line(qemu_, "Uid");
  if (GetParam().choice == SandboxChoice::automatic && ::geteuid() == 0 && !root) {
    EXPECT_EQ(status_line(qemu_, "Uid"), "65534\t65534\t65534\t65534");
  }
  if (!root) {
    EXPECT_EQ(status_line(qemu_, "CapEff"), "0000000000000000");
    EXPECT_EQ(status_line(qemu_, "CapPrm"), "0000000000000000");
  }
}

TEST_P(RealQemu, it_has_the_descriptors_of_the_list_and_what_it_made_itself) {
  for (const auto& [number, what] : descriptors(qemu_)) {
    const bool made = what.starts_with("anon_inode:");
    if (number == 0) {
      EXPECT_EQ(what, "/dev/null");
    } else if (number <= kControlDescriptor) {
      EXPECT_TRUE(what.starts_with("socket:")) << number << " " << what;
    } else if (number == kKernelDescriptor || number == kInitramfsDescriptor) {
      EXPECT_TRUE(made || what.starts_with(folder_->path().string())) << number << " " << what;
    } else {
      EXPECT_TRUE(made) << number << " " << what;
    }
  }
}

TEST_P(RealQemu, no_secret_of_our_environment_gets_there) {
  const auto environment = contents(fmt::format("/proc/{}/environ", qemu_));
  EXPECT_THAT(environment, ::testing::Not(::testing::HasSubstr("hunter2")));
  EXPECT_THAT(environment, ::testing::HasSubstr("HOME=/nonexistent"));
}

TEST_P(RealQemu, inside_bubblewrap_there_is_no_network_device_and_no_file_of_ours) {
  if (sandbox_.bwrap.empty()) GTEST_SKIP() << "not wrapped: " << sandbox_.reason;
  std::istringstream devices(contents(fmt::format("/proc/{}/net/dev", qemu_)));
  std::string line;
  std::getline(devices, line), std::getline(devices, line);
  while (std::getline(devices, line))
    EXPECT_THAT(line, ::testing::HasSubstr("lo:")) << "an unconnected loopback only";
  const std::string root = fmt::format("/proc/{}/root", qemu_);
  for (const char* folder : {"/home", "/root", "/proc", "/sys", "/tmp", "/run", "/usr/bin/env"})
    EXPECT_FALSE(std::filesystem::exists(root + folder)) << folder;
  EXPECT_TRUE(std::filesystem::exists(root + "/boot/kernel"));
}

TEST_P(RealQemu, it_goes_when_the_child_is_killed_by_somebody_else) {
  ::kill(machine_->pid(), SIGKILL);
  const auto ending = tests::run(io_, machine_->finish(tests::in(5s)));
  EXPECT_FALSE(ending.killed_by_us);
  EXPECT_EQ(ending.status.code, SIGKILL);
  EXPECT_TRUE(gone(qemu_));
  EXPECT_TRUE(tests::no_children());
}

INSTANTIATE_TEST_SUITE_P(
    Sandboxes, RealQemu,
    ::testing::Values(Sort{"Best", SandboxChoice::automatic, {}},
                      Sort{"WithoutBubblewrap", SandboxChoice::automatic,
                           {.bwrap = "no-such-bwrap"}},
                      Sort{"Off", SandboxChoice::off, {}}),
    [](const auto& info) { return info.param.name; });

TEST(ChooseSandbox, without_bubblewrap_the_reason_says_what_to_install) {
  const auto found = choose_sandbox(BPFM_BUILD "/tests/fake_qemu", SandboxChoice::automatic,
                                    {.bwrap = "no-such-bwrap"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sandbox.bwrap, "");
  EXPECT_EQ(found->qemu_version, "7.2.22");
  EXPECT_THAT(found->sandbox.reason, ::testing::HasSubstr("apt-get install bubblewrap"));
}

TEST(ChooseSandbox, a_bubblewrap_that_does_not_work_is_quoted) {
  auto folder = base::TemporaryFolder::make("/tmp", "bpfm-bwrap-");
  ASSERT_TRUE(folder);
  const auto broken = folder->path() / "bwrap";
  ASSERT_TRUE(base::write_file(
      broken, "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"));
  std::filesystem::permissions(broken, std::filesystem::perms{0755});
  const SandboxHost host{.bwrap = broken.string()};
  const auto found =
      choose_sandbox(BPFM_BUILD "/tests/fake_qemu", SandboxChoice::automatic, host);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sandbox.bwrap, "");
  EXPECT_THAT(found->sandbox.reason, ::testing::HasSubstr("No permissions to create new namespace"));
  const auto refused =
      choose_sandbox(BPFM_BUILD "/tests/fake_qemu", SandboxChoice::require, host);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("No permissions"));
}

TEST(ChooseSandbox, a_qemu_that_is_not_there_says_what_to_install) {
  const auto found = choose_sandbox("/nowhere/qemu-system-x86_64", SandboxChoice::automatic);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(found.error().message, ::testing::HasSubstr("apt-get install qemu-system-x86"));
}

// The fake machine in the best sandbox there is: the same conversation, the same endings.
class WrappedMachine : public ::testing::Test {
 protected:
  Machine start(const std::string& scenario) {
    kernel_.emplace(scenario);
    auto config = kernel_->config();
    const auto found = choose_sandbox(config.qemu, SandboxChoice::automatic);
    EXPECT_TRUE(found);
    if (found) config.sandbox = found->sandbox;
    auto machine = Machine::start(io_, config);
    EXPECT_TRUE(machine);
    return std::move(*machine);
  }
  boost::asio::io_context io_;
  std::optional<tests::FakeKernel> kernel_;
};

TEST_F(WrappedMachine, its_agent_is_heard_and_its_own_end_is_told_as_it_was) {
  auto machine = start("ok");
  const auto hello = tests::run(io_, machine.read_agent(tests::in(10s)));
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->empty());
  EXPECT_TRUE(tests::run(
      io_, machine.write_agent(wire::FrameWriter().frame(BPFM_SHUTDOWN, ""), tests::in(5s))));
  EXPECT_TRUE(tests::run(io_, machine.finish(tests::in(10s))).status.success());
  EXPECT_THAT(machine.console(), ::testing::HasSubstr("Power down"));
}

TEST_F(WrappedMachine, a_failure_at_its_start_keeps_exit_code_and_words) {
  auto machine = start("exit1");
  const auto ending = tests::run(io_, machine.finish(tests::in(10s)));
  EXPECT_EQ(ending.status.code, 1);
  EXPECT_FALSE(ending.status.by_signal);
  EXPECT_EQ(ending.standard_error, "qemu-system-x86_64: fake failure\n");
}

TEST_F(WrappedMachine, a_qemu_that_dies_by_a_signal_is_told_as_such) {
  auto machine = start("silent");
  ASSERT_TRUE(tests::run(io_, machine.greeted(tests::in(10s))));
  ::kill(innermost(machine.pid()), SIGSEGV);
  const auto ending = tests::run(io_, machine.finish(tests::in(10s)));
  EXPECT_TRUE(ending.status.by_signal);
  EXPECT_EQ(ending.status.code, SIGSEGV);
  EXPECT_FALSE(ending.killed_by_us);
}

TEST_F(WrappedMachine, dropping_it_leaves_no_process_behind) {
  int inside = 0;
  {
    auto machine = start("silent");
    ASSERT_TRUE(tests::run(io_, machine.greeted(tests::in(10s))));
    inside = innermost(machine.pid());
  }
  EXPECT_TRUE(gone(inside));
  EXPECT_TRUE(tests::no_children());
}

TEST_F(WrappedMachine, one_that_stands_still_is_killed_all_the_same) {
  auto machine = start("silent");
  ASSERT_TRUE(tests::run(io_, machine.greeted(tests::in(10s))));
  const int inside = innermost(machine.pid());
  ::kill(inside, SIGSTOP);
  ::kill(machine.pid(), SIGSTOP);
  const auto begin = std::chrono::steady_clock::now();
  const auto ending = tests::run(io_, machine.finish(tests::in(100ms)));
  EXPECT_TRUE(ending.killed_by_us);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 7s);
  EXPECT_TRUE(gone(inside));
  EXPECT_TRUE(tests::no_children());
}

}  // namespace
}  // namespace bpfmatrix::vm
