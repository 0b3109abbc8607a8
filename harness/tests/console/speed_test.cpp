// A benchmark (label bench): prints processor time and asserts only that the work was done.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/files.h"
#include "console/monitor.h"

namespace bpfmatrix::console {
namespace {

void feed_and_print(const char* what, const std::string& text) {
  constexpr size_t kPiece = size_t{64} << 10, kTotal = size_t{256} << 20;
  Monitor monitor;
  const auto begin = std::clock();
  while (monitor.bytes() < kTotal)
    for (size_t at = 0; at < text.size(); at += kPiece)
      monitor.feed(std::string_view(text).substr(at, kPiece));
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  fmt::print("{}: {:.0f} MB/s\n", what, static_cast<double>(monitor.bytes()) / 1e6 / seconds);
  EXPECT_GE(monitor.bytes(), kTotal);
}

TEST(Speed, of_a_monitor) {
  std::string log, trace;
  for (int i = 0; i < 4000; ++i) {
    log += fmt::format("[    {}.123456] pci 0000:00:1f.{}: BAR 4: [io  0xc040-0xc05f] assigned\r\n",
                       i % 10, i);
    trace += fmt::format("[    1.{:06}] BUG: warning: INFO: task {}: Kernel WARNING: x\r\n", i, i);
  }
  feed_and_print("a boot log", log);
  feed_and_print("lines that almost match", trace);
  feed_and_print("lines of 63 bytes", [] {
    std::string text;
    for (int i = 0; i < 4000; ++i) text += std::string(63, 'f') + "\n";
    return text;
  }());
}

}  // namespace
}  // namespace bpfmatrix::console
