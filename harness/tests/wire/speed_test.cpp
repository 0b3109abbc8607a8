// How fast frames are read. Prints; asserts nothing of time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "wire/frame.h"
#include "wire/messages.h"

namespace bpfmatrix::wire {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

TEST(WireSpeed, results_with_the_largest_logs) {
  CellDone done;
  done.observation.log_head.assign(BPFM_MAX_LOG_HEAD, 'h');
  done.observation.log_tail.assign(BPFM_MAX_LOG_TAIL, 't');
  done.observation.calls.resize(20);
  const std::string payload = encode(done);
  FrameWriter writer;
  FrameReader reader;
  constexpr size_t kTotal = size_t{512} << 20;
  size_t bytes = 0, results = 0;
  std::chrono::duration<double> making{};
  const auto start = steady_clock::now();
  while (bytes < kTotal) {
    const auto made = steady_clock::now();
    std::string piece;
    while (piece.size() < 65536) piece += writer.frame(BPFM_RESULT, payload);
    making += steady_clock::now() - made;
    reader.feed(piece);
    bytes += piece.size();
    for (auto frame = reader.next(); *frame; frame = reader.next()) {
      ASSERT_TRUE(decode_result((*frame)->payload).has_value());
      ++results;
    }
  }
  const double seconds = seconds_since(start) - making.count();
  std::printf("%zu results, %.0f MB in %.2f s: %.0f MB/s\n", results,
              static_cast<double>(bytes) / 1e6, seconds,
              static_cast<double>(bytes) / 1e6 / seconds);
}

TEST(WireSpeed, the_smallest_frames) {
  FrameWriter writer;
  std::string stream;
  for (int i = 0; i < 1'000'000; ++i) stream += writer.frame(BPFM_BEGIN, "12345678");
  FrameReader reader;
  size_t frames = 0;
  const auto start = steady_clock::now();
  for (size_t at = 0; at < stream.size(); at += 65536) {
    reader.feed(std::string_view(stream).substr(at, 65536));
    for (auto frame = reader.next(); *frame; frame = reader.next()) ++frames;
  }
  const double seconds = seconds_since(start);
  std::printf("%zu frames in %.2f s: %.1f million/s, %.0f MB/s\n", frames, seconds,
              static_cast<double>(frames) / seconds / 1e6,
              static_cast<double>(stream.size()) / seconds / 1e6);
}

}  // namespace
}  // namespace bpfmatrix::wire
