// Whole machines whose guest is hostile: streams that end anywhere, floods of frames, logs and
// console. The fake machine plays them; the driver's memory is that of this process.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <map>

#include "base/files.h"
#include "run/boot.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;
using result::AttemptState;

// KiB by a line of /proc/self/status.
long memory(std::string_view what) {
  FILE* file = std::fopen("/proc/self/status", "r");
  char line[256];
  long value = 0;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr)
    if (std::string_view(line).starts_with(what)) value = std::atol(line + what.size() + 1);
  if (file != nullptr) std::fclose(file);
  return value;
}

struct Played {
  std::map<uint32_t, AttemptState> states;
  uint32_t doubled = 0;
  BootReport report;
  long grown_kib = 0;

  [[nodiscard]] size_t count(AttemptState state) const {
    size_t n = 0;
    for (const auto& [cell, one] : states) n += one == state ? 1 : 0;
    return n;
  }
};

class HostileGuests : public testing::Test {
 protected:
  Played play(const std::string& scenario, uint32_t count) {
    const auto kernel = folder_.path() / fmt::format("kernel-{}", ++kernels_);
    EXPECT_TRUE(base::write_file(kernel, "FAKE " + scenario + "\n").has_value());
    EXPECT_TRUE(base::write_file(folder_.path() / "initramfs", "none").has_value());
    BootRequest request;
    request.kernel = "fake";
    request.machine.qemu = BPFM_BUILD "/tests/fake_qemu";
    request.machine.kernel = kernel.string();
    request.machine.initramfs = (folder_.path() / "initramfs").string();
    request.files = &files_;
    request.boot_limit = 60s;
    request.evidence = folder_.path() / "evidence";
    files_["raw"] = GuestFile{&binary_, true};
    for (uint32_t i = 0; i < count; ++i) {
      Job job;
      job.cell = i;
      job.loader = "raw";
      job.request.limit_ms = 1;
      request.jobs.push_back(job);
    }
    return run(std::move(request));
  }
  // A machine that plays `ok` sends some more for three cells.
  static constexpr uint32_t kBytesFor3 = 700;

 private:
  Played run(BootRequest request) {
    Played played;
    BootEvents events;
    events.finished = [&](std::vector<Finished> finished) {
      for (const auto& one : finished) {
        played.doubled += played.states.contains(one.cell) ? 1 : 0;
        played.states[one.cell] = one.attempt.state;
      }
    };
    events.note = [](const std::string&) {};
    const long before = memory("VmRSS");
    boost::asio::io_context io;
    boost::asio::co_spawn(io, run_boot(io, std::move(request), events),
                          [&](std::exception_ptr error, BootReport report) {
                            EXPECT_FALSE(error);
                            played.report = std::move(report);
                          });
    io.run();
    played.grown_kib = memory("VmHWM") - before;
    return played;
  }
  std::string binary_ = "ELF";
  FileSet files_;
  int kernels_ = 0;
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "hostile-boot-");
};

void expect_bounded(const Played& played) {
  std::printf("memory grew by %ld KiB\n", played.grown_kib);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LE(played.grown_kib, 16 << 10);
#endif
}

TEST_F(HostileGuests, a_stream_that_ends_anywhere_loses_and_doubles_no_cell) {
  size_t partly = 0;
  for (uint32_t at = 1; at < kBytesFor3; at += 23) {
    const auto played = play(fmt::format("cut_at {} once", at), 3);
    EXPECT_EQ(played.count(AttemptState::measured), 3U) << at;
    EXPECT_EQ(played.doubled, 0U) << at;
    partly += played.report.machines == 2 ? 1 : 0;
  }
  EXPECT_GT(partly, 20U) << "most of the streams were cut within";
}

TEST_F(HostileGuests, streams_that_always_end_within_the_first_result_give_no_result) {
  // HELLO, FILE_DONE and BEGIN are 150 bytes; the RESULT ends behind 320.
  const auto played = play("cut_at 250", 3);
  EXPECT_EQ(played.states.size(), 3U);
  EXPECT_EQ(played.count(AttemptState::measured), 0U);
}

TEST_F(HostileGuests, frames_sent_again_without_end_are_a_protocol_error_at_once) {
  const auto start = std::chrono::steady_clock::now();
  const auto played = play("flood_again", 3);
  EXPECT_EQ(played.count(AttemptState::protocol), 3U) << played.report.problem;
  EXPECT_EQ(played.count(AttemptState::measured), 0U);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("%u machines in %.2f s\n", played.report.machines, taken.count());
  expect_bounded(played);
}

TEST_F(HostileGuests, a_hundred_megabytes_of_logs_are_taken_in_little_memory) {
  const auto start = std::chrono::steady_clock::now();
  const auto played = play("flood_logs", 10'000);  // of 10.7 kB each
  EXPECT_EQ(played.count(AttemptState::measured), 10'000U);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("107 MB in %.2f s\n", taken.count());
  expect_bounded(played);
}

TEST_F(HostileGuests, a_hundred_mebibytes_of_console_are_taken_in_little_memory) {
  const auto played = play("flood 100", 3);
  EXPECT_EQ(played.count(AttemptState::measured), 3U);
  expect_bounded(played);
}

}  // namespace
}  // namespace bpfmatrix::run
