#include "wire/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "wire/protocol.h"

namespace bpfmatrix::wire {
namespace {

std::string three_frames() {
  FrameWriter writer;
  std::string bytes = writer.frame(BPFM_HELLO, "hello");
  bytes += writer.frame(BPFM_BEGIN, "");
  bytes += writer.frame(BPFM_RESULT, std::string(3000, 'x'));
  return bytes;
}

// All frames of `bytes`, or the error that ended them.
base::Result<std::vector<Frame>> read_all(FrameReader& reader, std::string_view bytes) {
  reader.feed(bytes);
  std::vector<Frame> frames;
  for (;;) {
    auto frame = reader.next();
    if (!frame) return frame.error();
    if (!*frame) return frames;
    frames.push_back(std::move(**frame));
  }
}

TEST(Frames, come_back_as_they_were_written) {
  FrameReader reader;
  const auto frames = read_all(reader, three_frames());
  ASSERT_TRUE(frames.has_value());
  ASSERT_EQ(frames->size(), 3U);
  EXPECT_EQ((*frames)[0].type, BPFM_HELLO);
  EXPECT_EQ((*frames)[0].payload, "hello");
  EXPECT_EQ((*frames)[2].payload.size(), 3000U);
  EXPECT_EQ(reader.pending(), 0U);
}

TEST(Frames, may_arrive_byte_by_byte) {
  FrameReader reader;
  size_t count = 0;
  for (const char byte : three_frames()) {
    reader.feed({&byte, 1});
    auto frame = reader.next();
    ASSERT_TRUE(frame.has_value());
    count += frame->has_value() ? 1 : 0;
  }
  EXPECT_EQ(count, 3U);
}

TEST(Frames, cut_at_any_byte_give_only_whole_frames) {
  const std::string bytes = three_frames();
  for (size_t size = 0; size < bytes.size(); ++size) {
    FrameReader reader;
    const auto frames = read_all(reader, std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(frames.has_value()) << size;
    const size_t whole = size >= 45 ? 2 : size >= 25 ? 1 : 0;
    EXPECT_EQ(frames->size(), whole) << size;
  }
}

// The same frames as they are sent for a loader that is dead.
std::string again(std::string bytes) {
  for (size_t at = 0; at < bytes.size();) {
    auto* header = reinterpret_cast<uint8_t*>(bytes.data() + at);
    bpfm_put16(header + 6, BPFM_FRAME_AGAIN);
    at += BPFM_HEADER_SIZE + bpfm_get32(header + 12);
  }
  return bytes;
}

TEST(Frames, that_are_sent_again_count_once) {
  FrameReader reader;
  ASSERT_EQ(read_all(reader, three_frames())->size(), 3U);
  const auto repeated = read_all(reader, again(three_frames()));
  ASSERT_TRUE(repeated.has_value());
  EXPECT_TRUE(repeated->empty());
  EXPECT_EQ(reader.pending(), 0U);
}

TEST(Frames, that_were_never_sent_are_taken_though_they_may_be_repeated) {
  FrameReader reader;
  EXPECT_EQ(read_all(reader, again(three_frames()))->size(), 3U);
}

TEST(Frames, sent_again_without_end_are_refused_before_they_cost_anything) {
  FrameReader reader;
  ASSERT_TRUE(read_all(reader, three_frames()).has_value());
  const std::string once = again(three_frames());
  size_t bytes = 0;
  bool taken = true;
  for (; taken && bytes < 1 << 20; bytes += once.size()) taken = read_all(reader, once).has_value();
  EXPECT_FALSE(taken);
  EXPECT_LE(bytes, BPFM_MAX_GUEST_FRAME + once.size());
}

TEST(Frames, sent_again_by_one_loader_after_the_other_are_taken) {
  FrameWriter writer;
  FrameReader reader;
  for (int loader = 0; loader < 20; ++loader) {
    const std::string frame = writer.frame(BPFM_RESULT, std::string(30'000, 'x'));
    ASSERT_EQ(read_all(reader, frame)->size(), 1U) << loader;
    ASSERT_TRUE(read_all(reader, again(frame)).has_value()) << loader;
  }
}

TEST(Frames, that_come_twice_without_saying_so_are_an_error) {
  FrameReader reader;
  ASSERT_TRUE(read_all(reader, three_frames()).has_value());
  EXPECT_FALSE(read_all(reader, three_frames()).has_value());
}

TEST(Frames, that_are_missing_are_an_error_even_before_repeated_ones) {
  FrameReader reader;
  EXPECT_FALSE(read_all(reader, again(three_frames()).substr(25)).has_value());
}

TEST(Frames, with_any_flipped_bit_never_pass_as_the_original) {
  const std::string bytes = three_frames();
  for (size_t at = 0; at < 60; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      FrameReader reader;
      const auto frames = read_all(reader, broken);
      // The type is not covered by the checksum of the payload: it may change, nothing else. That a
      // frame may have been sent before (the lowest flag) is no change of it.
      const bool is_type = at % 20 == 5 || at == 30 || at == 50 ||
                           (bit == 0 && (at == 6 || at == 31 || at == 51));
      EXPECT_TRUE(!frames.has_value() || is_type || frames->size() < 3) << at << " bit " << bit;
    }
  }
}

TEST(Frames, out_of_sequence_are_refused_and_nothing_is_read_after) {
  FrameWriter writer;
  const std::string first = writer.frame(BPFM_BEGIN, "a");
  FrameReader reader;
  const auto twice = read_all(reader, first + first);
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().kind, base::ErrorKind::protocol);
  EXPECT_FALSE(read_all(reader, writer.frame(BPFM_BEGIN, "b")).has_value());
}

TEST(Frames, larger_than_allowed_are_refused_before_their_payload_arrives) {
  std::string header(BPFM_HEADER_SIZE, '\0');
  bpfm_put_header(reinterpret_cast<uint8_t*>(header.data()), BPFM_RESULT, 0, BPFM_MAX_PAYLOAD + 1,
                  0);
  FrameReader reader;
  EXPECT_FALSE(read_all(reader, header).has_value());
}

TEST(Frames, survive_random_mutations) {
  std::mt19937 random(7);
  const std::string bytes = three_frames();
  for (int round = 0; round < 10'000; ++round) {
    std::string broken = bytes;
    for (int i = 0; i < 3; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    broken.resize(random() % (broken.size() + 1));
    FrameReader reader;
    const auto frames = read_all(reader, broken);
    EXPECT_LE(reader.pending(), broken.size());
    EXPECT_LE(frames ? frames->size() : 0, 3U);
  }
}

}  // namespace
}  // namespace bpfmatrix::wire
