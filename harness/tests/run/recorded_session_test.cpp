// A recorded session of a real kernel, whole, cut off and damaged in every way.
#include "recorded_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "base/files.h"

namespace bpfmatrix::run {
namespace {

// KiB by a line of /proc/self/status: "VmRSS", "VmHWM".
long memory(const char* what) {
  FILE* file = std::fopen("/proc/self/status", "r");
  char line[256];
  long value = 0;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr)
    if (std::string_view(line).starts_with(what))
      value = std::atol(line + std::string_view(what).size() + 1);
  if (file != nullptr) std::fclose(file);
  return value;
}

class RecordedSessions : public testing::Test {
 protected:
  // Nothing but what was said: a part of the recorded cells from the first on, each as it was.
  void expect_nothing_invented(const Taken& taken, const std::string& what) const {
    ASSERT_LE(taken.cells.size(), whole_.cells.size()) << what;
    EXPECT_TRUE(std::equal(taken.cells.begin(), taken.cells.end(), whole_.cells.begin())) << what;
    EXPECT_EQ(taken.cells.size() + taken.left, recorded_.cells()) << what;
    if (taken.error) {
      EXPECT_EQ(taken.error->kind, base::ErrorKind::protocol) << what;
    }
  }
  RecordedSession recorded_{3};
  Taken whole_ = recorded_.play(recorded_.bytes());
};

TEST_F(RecordedSessions, of_version_3_are_read_to_their_end) {
  ASSERT_FALSE(whole_.error) << whole_.error->message;
  EXPECT_TRUE(whole_.done);
  EXPECT_EQ(whole_.left, 0U);
  EXPECT_GE(whole_.cells.size(), 20U);
  EXPECT_EQ(whole_.cells.size(), recorded_.cells());
  size_t told_a_log = 0;
  for (const auto& cell : whole_.cells)
    told_a_log += cell.text.find("processed ") != cell.text.npos;
  EXPECT_GT(told_a_log, 0U) << "the recording has logs of a verifier";
}

TEST_F(RecordedSessions, arrive_in_pieces_of_any_size) {
  for (const size_t piece : {1, 3, 19, 20, 21, 1000}) {
    const auto taken = recorded_.play(recorded_.bytes(), piece);
    EXPECT_TRUE(taken.done) << piece;
    EXPECT_EQ(taken.cells, whole_.cells) << piece;
  }
}

TEST_F(RecordedSessions, cut_off_at_any_byte_give_the_cells_of_whole_frames_and_no_error) {
  const std::string_view bytes = recorded_.bytes();
  size_t frames = 0, cells = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto taken = recorded_.play(bytes.substr(0, size));
    ASSERT_FALSE(taken.error) << size << ": " << taken.error->message;
    ASSERT_FALSE(taken.done) << size;
    expect_nothing_invented(taken, std::to_string(size));
    // The number of cells changes where a RESULT ends, and nowhere else.
    const bool ended =
        size > 0 && frames < recorded_.ends().size() && recorded_.ends()[frames] == size;
    if (ended) {
      const size_t begin = frames == 0 ? 0 : recorded_.ends()[frames - 1];
      cells += bytes[begin + 5] == BPFM_RESULT ? 1 : 0;
      ++frames;
    }
    ASSERT_EQ(taken.cells.size(), cells) << size;
  }
}

// One way to damage a session; what is left may be the session as it was.
std::string damaged(const RecordedSession& recorded, std::mt19937& random) {
  std::string bytes = recorded.bytes();
  const auto& ends = recorded.ends();
  const size_t frame = random() % ends.size();
  const size_t begin = frame == 0 ? 0 : ends[frame - 1];
  const std::string one = bytes.substr(begin, ends[frame] - begin);
  const auto put = [&](size_t at, uint32_t value) {
    bpfm_put32(reinterpret_cast<uint8_t*>(bytes.data() + at), value);
  };
  switch (random() % 10) {
    case 0:  // a flipped bit
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      return bytes;
    case 1:  // several bytes
      for (int i = 0; i < 8; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      return bytes;
    case 2:  // a wrong checksum
      put(begin + 16, static_cast<uint32_t>(random()));
      return bytes;
    case 3: {  // another cell or run, with a checksum that is right
      if (one.size() < BPFM_HEADER_SIZE + 8 || bytes[begin + 5] < BPFM_BEGIN) return bytes;
      std::string payload = one.substr(BPFM_HEADER_SIZE);
      bpfm_put32(reinterpret_cast<uint8_t*>(payload.data()) + 4 * (random() % 2),
                 static_cast<uint32_t>(random() % 40));
      wire::FrameWriter writer;
      for (size_t i = 0; i < frame; ++i) (void)writer.frame(0, {});
      return bytes.replace(begin, one.size(), writer.frame(static_cast<uint8_t>(one[5]), payload));
    }
    case 4:  // the first frame once more, the HELLO
      return bytes.insert(ends[frame], bytes.substr(0, ends[0]));
    case 5: {  // the HELLO with the number that is due
      std::string hello = bytes.substr(0, ends[0]);
      bpfm_put32(reinterpret_cast<uint8_t*>(hello.data()) + 8, static_cast<uint32_t>(frame + 1));
      return bytes.insert(ends[frame], hello);
    }
    case 6:  // a frame twice
      return bytes.insert(ends[frame], one);
    case 7:  // a frame that is missing
      return bytes.erase(begin, one.size());
    case 8: {  // two frames the other way round
      const size_t other = random() % ends.size();
      const size_t from = other == 0 ? 0 : ends[other - 1];
      if (from <= begin) return bytes;
      const std::string second = bytes.substr(from, ends[other] - from);
      bytes.replace(from, second.size(), one);
      return bytes.replace(begin, one.size(), second);
    }
    default: {  // a frame said to be sent again, once more
      std::string again = one;
      again[6] = BPFM_FRAME_AGAIN;
      return bytes.insert(ends[frame], again);
    }
  }
}

TEST_F(RecordedSessions, damaged_in_ten_thousand_ways_never_give_a_wrong_cell) {
  std::mt19937 random(7);
  const long before = memory("VmRSS");
  size_t refused = 0, whole = 0;
  for (int round = 0; round < 10'000; ++round) {
    const std::string bytes = damaged(recorded_, random);
    const auto taken = recorded_.play(bytes, 1 + random() % 8192);
    expect_nothing_invented(taken, "round " + std::to_string(round));
    if (HasFailure()) return;
    refused += taken.error ? 1 : 0;
    whole += taken.done && taken.cells == whole_.cells ? 1 : 0;
    // Neither refused nor whole: a length that waits for more than comes.
    EXPECT_TRUE(!taken.done || taken.cells == whole_.cells) << round;
  }
  EXPECT_GT(refused, 8'000U);
  EXPECT_GT(whole, 0U);
  const long grown = memory("VmHWM") - before;
  RecordProperty("refused", static_cast<int>(refused));
  RecordProperty("grown_kib", static_cast<int>(grown));
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LE(grown, 16 << 10);
#endif
}

}  // namespace
}  // namespace bpfmatrix::run
