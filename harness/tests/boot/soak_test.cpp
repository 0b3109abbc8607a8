// Many machines one after the other, of every kind of end: nothing may pile up.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <fstream>

#include "../process/open_descriptors.h"
#include "base/files.h"
#include "run/boot.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;

// 50 unless BPFM_SOAK_BOOTS says more (the label soak: 2,000).
uint32_t boots() {
  const char* text = std::getenv("BPFM_SOAK_BOOTS");
  return text == nullptr ? 50 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

class Soak : public testing::Test {
 protected:
  // One kernel's cells on machines that play `scenario`.
  void boot(const std::string& scenario) {
    const auto kernel = folder_.path() / "kernel";
    ASSERT_TRUE(base::write_file(kernel, "FAKE " + scenario + "\n"));
    std::error_code ignored;
    std::filesystem::remove(kernel.string() + ".count", ignored);
    BootRequest request;
    request.kernel = "fake";
    request.machine.qemu = BPFM_BUILD "/tests/fake_qemu";
    request.machine.kernel = kernel.string();
    request.machine.initramfs = kernel.string();
    request.files = &files_;
    for (uint32_t i = 0; i < 8; ++i) {
      Job job;
      job.cell = i;
      job.loader = "raw";
      job.request.file = "p.parts";
      job.request.limit_ms = 1;
      request.jobs.push_back(job);
    }
    request.evidence = folder_.path() / "evidence";
    uint32_t told = 0;
    BootEvents events;
    events.finished = [&](const std::vector<Finished>& finished) {
      told += static_cast<uint32_t>(finished.size());
    };
    events.note = [](const std::string&) {};
    boost::asio::co_spawn(io_, run_boot(io_, std::move(request), events),
                          [&](std::exception_ptr error, const BootReport& report) {
                            EXPECT_FALSE(error);
                            machines_ += report.machines;
                          });
    io_.restart();
    io_.run();
    EXPECT_EQ(told, 8U) << scenario;
  }

  std::string binary_ = "ELF";
  FileSet files_ = {{"raw", {&binary_, true}}, {"p.parts", {&binary_, false}}};
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "soak-test-");
  boost::asio::io_context io_;
  uint32_t machines_ = 0;
};

TEST_F(Soak, boots_of_every_kind_leave_no_descriptor_no_zombie_and_no_memory) {
  const char* const kinds[] = {"ok",       "panic_at 3 twice", "die_at 3 once", "exit1",
                               "garbage",  "loader_gone_at 3", "panic_each",    "flood",
                               "foreign_cell"};
  size_t next = 0;
  const auto boot_until = [&](uint32_t count) {
    while (machines_ < count) boot(kinds[next++ % std::size(kinds)]);
  };
  boot_until(boots() / 5);  // what is allocated once
  const auto descriptors = tests::open_descriptors();
  const auto resident = resident_bytes();
  boot_until(boots());
  const double drift =
      100.0 * (static_cast<double>(resident_bytes()) / static_cast<double>(resident) - 1);
  RecordProperty("machines", static_cast<int>(machines_));
  RecordProperty("drift_percent", std::to_string(drift));
  std::printf("%u machines, RSS %+.1f %% from %.1f MiB\n", machines_, drift,
              static_cast<double>(resident) / (1 << 20));
  EXPECT_EQ(tests::open_descriptors(), descriptors);
  EXPECT_TRUE(tests::no_children());
#ifndef __SANITIZE_ADDRESS__  // it keeps what was freed
  // So few boots as by default may meet a first growth of the heap: 5 % is for the long loop.
  EXPECT_LE(drift, boots() < 1000 ? 15 : 5) << "percent";
#endif
}

}  // namespace
}  // namespace bpfmatrix::run
