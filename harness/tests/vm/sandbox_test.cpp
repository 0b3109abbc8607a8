// The installed QEMU with a guest of twelve bytes: does it take our arguments, is it confined, does
// the console arrive?
#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "fake_machine.h"

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

TEST(RealQemu, it_takes_our_arguments_is_confined_and_its_console_arrives) {
  if (base::find_program("qemu-system-x86_64").empty()) GTEST_SKIP() << "QEMU is not installed";
  auto folder = base::TemporaryFolder::make("/tmp", "bpfm-qemu-");
  ASSERT_TRUE(folder);
  ASSERT_TRUE(base::write_file(folder->path() / "kernel", tiny_kernel()));
  ASSERT_TRUE(base::write_file(folder->path() / "initramfs", "none"));
  boost::asio::io_context io;
  auto machine = Machine::start(io, {.kernel = (folder->path() / "kernel").string(),
                                     .initramfs = (folder->path() / "initramfs").string(),
                                     .memory = uint64_t{64} << 20,
                                     .nonce = std::string(32, '0')});
  ASSERT_TRUE(machine);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (machine->console_bytes() < 2 && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_for(50ms);
  }
  EXPECT_EQ(machine->console(), "K\n");
  EXPECT_EQ(status_line(machine->pid(), "Seccomp"), "2") << "SECCOMP_MODE_FILTER";
  EXPECT_EQ(status_line(machine->pid(), "NoNewPrivs"), "1");
  const auto ending = tests::run(io, machine->finish(tests::in(0ms)));
  EXPECT_TRUE(ending.killed_by_us);
  EXPECT_EQ(ending.standard_error, "");
}

}  // namespace
}  // namespace bpfmatrix::vm
