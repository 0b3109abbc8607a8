// A guest that talks without end (label soak): what it costs the driver. Prints, and asserts the bound on
// memory alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <fstream>

#include "base/files.h"
#include "run/boot.h"

namespace bpfmatrix::run {
namespace {

// "VmHWM" of this process, KiB.
uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      uint64_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

// Boots a machine whose console says `mebibytes` before its hello, and runs one cell.
size_t flooded(uint32_t mebibytes) {
  auto folder = *base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "flood-test-");
  const auto kernel = folder.path() / "kernel";
  EXPECT_TRUE(base::write_file(kernel, fmt::format("FAKE flood {}\n", mebibytes)).has_value());
  EXPECT_TRUE(base::write_file(folder.path() / "initramfs", "none").has_value());
  const std::string binary = "ELF";
  const FileSet files = {{"raw", {&binary, true}}, {"p.parts", {&binary, false}}};
  BootRequest request;
  request.kernel = "fake";
  request.machine.qemu = BPFM_BUILD "/tests/fake_qemu";
  request.machine.kernel = kernel.string();
  request.machine.initramfs = (folder.path() / "initramfs").string();
  request.files = &files;
  request.boot_limit = std::chrono::minutes(10);
  request.evidence = folder.path() / "evidence";
  Job job;
  job.loader = "raw";
  job.request.file = "p.parts";
  job.request.limit_ms = 1000;
  request.jobs.push_back(job);
  size_t measured = 0;
  BootEvents events;
  events.finished = [&](std::vector<Finished> finished) {
    for (const auto& one : finished)
      measured += one.attempt.state == result::AttemptState::measured ? 1 : 0;
  };
  events.note = [](const std::string& text) { ADD_FAILURE() << text; };
  boost::asio::io_context io;
  boost::asio::co_spawn(io, run_boot(io, std::move(request), events),
                        [](std::exception_ptr, BootReport) {});
  io.run();
  return measured;
}

TEST(Flood, of_a_gibibyte_costs_no_more_memory_than_one_of_a_mebibyte) {
  EXPECT_EQ(flooded(4), 1U);
  const uint64_t before = peak_memory();
  const auto began = std::chrono::steady_clock::now();
  const auto processor = std::clock();
  EXPECT_EQ(flooded(1024), 1U);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("1 GiB of console in {:.1f} s, {:.1f} s of processor time; peak memory grew by {} KiB\n",
             took.count(), static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC,
             peak_memory() - before);
  EXPECT_LE(peak_memory() - before, uint64_t{16} << 10);
}

}  // namespace
}  // namespace bpfmatrix::run
