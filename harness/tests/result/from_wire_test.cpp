#include "result/from_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix::result {
namespace {

using ::testing::HasSubstr;

wire::Observation measured() {
  wire::Observation seen;
  seen.state = BPFM_MEASURED;
  seen.decided_by = BPFM_BY_KERNEL;
  seen.kept = BPFM_KEPT_TAIL;
  seen.flags = BPFM_TRUE_SIZE_TOLD | BPFM_TOUCHED | BPFM_API_TRUE_SIZE;
  seen.api_errno = 28;
  seen.return_value = -28;
  seen.kernel_errno = 28;
  seen.log_true_size = 9371;
  seen.true_size = 9372;
  seen.buffer_size = 128;
  seen.log_length = 127;
  seen.overrun = 1;
  seen.duration_ns = 1'500'000;
  seen.log_sha256[0] = 0xab;
  seen.log_sha256[31] = 0x01;
  seen.calls = {{.cmd = 5,
                 .level = 1,
                 .size = 128,
                 .attr_size = 144,
                 .error = 28,
                 .probe = false,
                 .measured = true,
                 .length = 127}};
  seen.btf_kinds = 1U << 19;
  seen.api_true_size = 77;
  seen.log_head = "head";
  seen.log_tail = "tail";
  seen.messages = "said";
  return seen;
}

TEST(FromWire, everything_that_was_measured_is_taken_over) {
  const Attempt attempt = from_wire(measured());
  EXPECT_EQ(attempt.state, AttemptState::measured);
  Observation expected;
  expected.error = 28;
  expected.kernel_errno = 28;
  expected.decided_by = DecidedBy::kernel;
  expected.return_value = -28;
  expected.log_true_size = 9371;
  expected.true_size = 9372;
  expected.buffer_size = 128;
  expected.log_length = 127;
  expected.kept = Kept::tail;
  expected.overrun = 1;
  expected.touched = true;
  expected.verified = false;
  expected.log_head = "head";
  expected.log_tail = "tail";
  expected.log_sha256 = "ab" + std::string(60, '0') + "01";
  expected.messages = "said";
  expected.calls = {{5, 1, 128, 144, 28, false, true, 127}};
  expected.btf_kinds = 1U << 19;
  expected.api_true_size = 77;
  expected.duration = std::chrono::microseconds(1500);
  EXPECT_EQ(attempt.observation, expected);
}

TEST(FromWire, what_was_not_told_is_absent) {
  auto seen = measured();
  seen.flags = BPFM_VERIFIED;
  seen.true_size = 0;
  seen.log_sha256 = {};
  const auto observation = from_wire(seen).observation;
  EXPECT_EQ(observation.log_true_size, std::nullopt);
  EXPECT_EQ(observation.true_size, std::nullopt);
  EXPECT_EQ(observation.log_sha256, "");
  EXPECT_TRUE(observation.verified);
  EXPECT_FALSE(observation.touched);
}

TEST(FromWire, a_call_is_needed_unless_the_guest_says_that_there_is_none) {
  auto seen = measured();
  EXPECT_TRUE(from_wire(seen).observation.needs_call);
  seen.flags |= BPFM_NO_CALL_NEEDED;
  EXPECT_FALSE(from_wire(seen).observation.needs_call);
}

TEST(FromWire, the_other_states_keep_their_note) {
  const std::pair<uint8_t, AttemptState> states[] = {
      {BPFM_NOT_EXPRESSIBLE, AttemptState::not_expressible},
      {BPFM_NOT_MEASURABLE, AttemptState::not_measurable},
      {BPFM_LOADER_ERROR, AttemptState::loader_error}};
  for (const auto& [sent, state] : states) {
    wire::Observation seen;
    seen.state = sent;
    seen.note = "why";
    EXPECT_EQ(from_wire(seen).state, state);
    EXPECT_EQ(from_wire(seen).note, "why");
  }
}

TEST(FromWire, a_duration_beyond_the_clock_saturates) {
  auto seen = measured();
  seen.duration_ns = UINT64_MAX;
  EXPECT_EQ(from_wire(seen).observation.duration, std::chrono::nanoseconds::max());
}

TEST(FromWire, what_the_protocol_does_not_allow_is_a_protocol_attempt) {
  const auto refused = [](auto change, const char* what) {
    auto seen = measured();
    change(seen);
    const Attempt attempt = from_wire(seen);
    EXPECT_EQ(attempt.state, AttemptState::protocol) << what;
    EXPECT_THAT(attempt.note, HasSubstr(what));
    EXPECT_EQ(attempt.observation, Observation{}) << what;
  };
  refused([](auto& seen) { seen.state = 4; }, "unknown state 4");
  refused([](auto& seen) { seen.decided_by = 3; }, "unknown decided_by 3");
  refused([](auto& seen) { seen.kept = 4; }, "unknown kept 4");
  refused([](auto& seen) { seen.api_errno = -22; }, "negative errno -22");
  refused([](auto& seen) { seen.kernel_errno = -1; }, "negative kernel errno -1");
  refused([](auto& seen) { seen.calls[0].error = -5; }, "negative errno -5 of a call");
  refused([](auto& seen) { seen.calls.resize(129); }, "129 calls");
  refused([](auto& seen) { seen.log_head.assign(2049, 'x'); }, "log head of 2049 bytes");
  refused([](auto& seen) { seen.log_tail.assign(4097, 'x'); }, "log tail of 4097 bytes");
  refused([](auto& seen) { seen.messages.assign(1025, 'x'); }, "messages of 1025 bytes");
  refused([](auto& seen) { seen.note.assign(257, 'x'); }, "note of 257 bytes");
}

TEST(FromWire, texts_as_long_as_the_protocol_allows_pass) {
  auto seen = measured();
  seen.calls.resize(BPFM_MAX_CALLS);
  seen.log_head.assign(BPFM_MAX_LOG_HEAD, 'x');
  seen.log_tail.assign(BPFM_MAX_LOG_TAIL, 'x');
  seen.messages.assign(BPFM_MAX_MESSAGES, 'x');
  seen.note.assign(BPFM_MAX_NOTE, 'x');
  EXPECT_EQ(from_wire(seen).state, AttemptState::measured);
}

}  // namespace
}  // namespace bpfmatrix::result
