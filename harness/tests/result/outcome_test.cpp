#include "result/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace bpfmatrix::result {
namespace {

constexpr int kEnoent = 2, kEsrch = 3, kEacces = 13, kEinval = 22, kEnospc = 28;
constexpr int kLibbpfVerify = 4007;

struct Seen {
  const char* what;
  DecidedBy decided_by;
  int error, kernel_errno;
  bool touched, told, verified;
  Outcome outcome;
};

// Every branch of the classification, and beside each the nearest case on its other side.
const Seen kSeen[] = {
    {"the kernel took it", DecidedBy::kernel, 0, 0, false, false, false, Outcome::LOADED},
    {"the kernel took it and wrote a log", DecidedBy::kernel, 0, 0, true, true, true,
     Outcome::LOADED},
    {"success, calls unknown", DecidedBy::unknown, 0, 0, false, false, false, Outcome::LOADED},
    {"success without a call", DecidedBy::library, 0, 0, false, false, false,
     Outcome::LIBRARY_FALSE_SUCCESS},
    {"success although the call failed", DecidedBy::kernel, 0, kEinval, false, false, false,
     Outcome::LIBRARY_FALSE_SUCCESS},
    {"no kernel BTF", DecidedBy::library, kEsrch, 0, false, false, false, Outcome::MISSING_BTF},
    {"ESRCH of the library, which reads the BTF", DecidedBy::library, kEsrch, 0, false, false,
     false, Outcome::LIBRARY_REFUSED},
    {"ESRCH from the kernel is a refusal", DecidedBy::kernel, kEsrch, kEsrch, false, false, false,
     Outcome::KERNEL_REFUSED},
    {"refused by the library", DecidedBy::library, kEinval, 0, false, false, false,
     Outcome::LIBRARY_REFUSED},
    {"ENOSPC by the library is its refusal", DecidedBy::library, kEnospc, 0, true, true, false,
     Outcome::LIBRARY_REFUSED},
    {"the library failed after the kernel took it", DecidedBy::kernel, kEnoent, 0, false, false,
     true, Outcome::LIBRARY_REFUSED},
    {"log did not fit, buffer touched", DecidedBy::kernel, kEnospc, kEnospc, true, false, false,
     Outcome::LOG_TRUNCATED},
    {"log did not fit, true size told", DecidedBy::kernel, kEnospc, kEnospc, false, true, false,
     Outcome::LOG_TRUNCATED},
    {"log did not fit, although verified", DecidedBy::kernel, kEnospc, kEnospc, true, true, true,
     Outcome::LOG_TRUNCATED},
    {"log did not fit, the library has its own code", DecidedBy::kernel, kLibbpfVerify, kEnospc,
     true, false, true, Outcome::LOG_TRUNCATED},
    {"ENOSPC without any log", DecidedBy::kernel, kEnospc, kEnospc, false, false, false,
     Outcome::KERNEL_REFUSED},
    {"verifier said no", DecidedBy::kernel, kEacces, kEacces, true, true, true,
     Outcome::VERIFIER_REJECTION},
    {"verifier said no, the library has its own code", DecidedBy::kernel, kLibbpfVerify, kEacces,
     true, false, true, Outcome::VERIFIER_REJECTION},
    {"the kernel refused the attributes", DecidedBy::kernel, kEinval, kEinval, false, false, false,
     Outcome::KERNEL_REFUSED},
    {"error, calls unknown, no trace", DecidedBy::unknown, kEinval, 0, false, false, false,
     Outcome::REFUSED_BY_UNKNOWN},
    {"ESRCH, calls unknown", DecidedBy::unknown, kEsrch, 0, false, false, false,
     Outcome::REFUSED_BY_UNKNOWN},
    {"error, calls unknown, but verified", DecidedBy::unknown, kEacces, 0, true, false, true,
     Outcome::VERIFIER_REJECTION},
    {"ENOSPC, calls unknown, but buffer touched", DecidedBy::unknown, kEnospc, 0, true, false, true,
     Outcome::LOG_TRUNCATED},
    {"ENOSPC, calls unknown, no trace", DecidedBy::unknown, kEnospc, 0, false, false, false,
     Outcome::REFUSED_BY_UNKNOWN},
    {"a kernel errno means nothing where calls are unknown", DecidedBy::unknown, kEinval, kEnospc,
     true, false, false, Outcome::REFUSED_BY_UNKNOWN},
};

TEST(Classification, of_every_measured_case) {
  for (const auto& seen : kSeen) {
    Attempt attempt;
    attempt.state = AttemptState::measured;
    attempt.observation.decided_by = seen.decided_by;
    attempt.observation.error = seen.error;
    attempt.observation.kernel_errno = seen.kernel_errno;
    attempt.observation.touched = seen.touched;
    attempt.observation.verified = seen.verified;
    attempt.observation.btf_unreadable = seen.outcome == Outcome::MISSING_BTF;
    if (seen.told) attempt.observation.log_true_size = 4711;
    EXPECT_EQ(name(classify(attempt)), name(seen.outcome)) << seen.what;
  }
}

TEST(Classification, of_reading_the_kernels_btf_needs_no_call) {
  Attempt attempt;
  attempt.state = AttemptState::measured;
  attempt.observation.needs_call = false;
  attempt.observation.decided_by = DecidedBy::library;
  EXPECT_EQ(classify(attempt), Outcome::LOADED);
  attempt.observation.error = kEinval;
  EXPECT_EQ(classify(attempt), Outcome::MISSING_BTF);
}

TEST(Classification, a_true_size_of_zero_is_none_that_was_told) {
  Attempt attempt;
  attempt.state = AttemptState::measured;
  attempt.observation.decided_by = DecidedBy::kernel;
  attempt.observation.error = attempt.observation.kernel_errno = kEnospc;
  attempt.observation.log_true_size = 0;  // libbpf 1.2 on a kernel before 6.4
  EXPECT_EQ(classify(attempt), Outcome::KERNEL_REFUSED);
}

TEST(Classification, of_every_attempt_that_did_not_measure) {
  const std::pair<AttemptState, Outcome> expected[] = {
      {AttemptState::not_expressible, Outcome::NOT_EXPRESSIBLE},
      {AttemptState::not_measurable, Outcome::NOT_MEASURABLE},
      {AttemptState::filtered, Outcome::NOT_RUN},
      {AttemptState::kernel_crash, Outcome::KERNEL_CRASH},
      {AttemptState::kernel_splat, Outcome::KERNEL_SPLAT},
      {AttemptState::agent_crash, Outcome::AGENT_CRASH},
      {AttemptState::timeout, Outcome::TIMEOUT},
      {AttemptState::hang, Outcome::HANG},
      {AttemptState::guest_oom, Outcome::GUEST_OOM},
      {AttemptState::reboot, Outcome::REBOOT},
      {AttemptState::protocol, Outcome::NOT_RUN},
      {AttemptState::boot_fail, Outcome::NOT_RUN},
      {AttemptState::qemu_crash, Outcome::NOT_RUN},
      {AttemptState::accel_broken, Outcome::NOT_RUN},
      {AttemptState::no_space, Outcome::NOT_RUN},
      {AttemptState::image_unavailable, Outcome::NOT_RUN},
      {AttemptState::bad_image, Outcome::NOT_RUN},
      {AttemptState::loader_unavailable, Outcome::NOT_RUN},
      {AttemptState::loader_build, Outcome::NOT_RUN},
      {AttemptState::loader_error, Outcome::NOT_RUN},
      {AttemptState::not_reached, Outcome::NOT_RUN},
  };
  for (const auto& [state, outcome] : expected) {
    Attempt attempt;
    attempt.state = state;
    // What a broken attempt left in the observation must not speak.
    attempt.observation.decided_by = DecidedBy::kernel;
    attempt.observation.verified = true;
    EXPECT_EQ(name(classify(attempt)), name(outcome)) << name(state);
  }
  EXPECT_EQ(std::size(expected), static_cast<size_t>(AttemptState::not_reached));
}

TEST(Disagreement, is_about_what_the_cell_showed) {
  Attempt loaded;
  loaded.state = AttemptState::measured;
  loaded.observation.decided_by = DecidedBy::kernel;
  EXPECT_FALSE(disagree(loaded, loaded));
  Attempt other = loaded;
  other.observation.duration = std::chrono::seconds(1);
  other.observation.log_sha256 = "times differ from load to load";
  EXPECT_FALSE(disagree(loaded, other));
  other.observation.kept = Kept::tail;
  EXPECT_TRUE(disagree(loaded, other));
  other = loaded;
  other.observation.error = other.observation.kernel_errno = kEinval;
  EXPECT_TRUE(disagree(loaded, other));
  other = loaded;
  other.observation.decided_by = DecidedBy::unknown;
  EXPECT_TRUE(disagree(loaded, other));
  for (int i = 1; i <= static_cast<int>(AttemptState::not_reached); ++i) {
    other = Attempt{.state = static_cast<AttemptState>(i)};
    const bool in_the_cell =
        classify(other) >= Outcome::KERNEL_CRASH && classify(other) <= Outcome::HANG;
    EXPECT_EQ(disagree(loaded, other), in_the_cell) << name(other.state);
    EXPECT_EQ(disagree(other, loaded), in_the_cell) << name(other.state);
  }
}

TEST(Names, of_outcomes_and_statuses_are_distinct_and_can_be_read_back) {
  std::set<std::string_view> names;
  for (const auto outcome : all_outcomes()) {
    EXPECT_TRUE(names.insert(name(outcome)).second) << name(outcome);
    EXPECT_EQ(parse_outcome(name(outcome)), outcome);
  }
  EXPECT_EQ(names.size(), 18u);
  EXPECT_EQ(parse_outcome("REFUSED"), std::nullopt);
  EXPECT_EQ(parse_outcome("loaded"), std::nullopt);
  for (const auto status : all_statuses())
    EXPECT_TRUE(names.insert(name(status)).second) << name(status);
}

TEST(Names, of_attempt_words_can_be_read_back) {
  for (int i = 0; i <= static_cast<int>(AttemptState::not_reached); ++i) {
    const auto state = static_cast<AttemptState>(i);
    EXPECT_EQ(parse_attempt_state(name(state)), state);
  }
  EXPECT_EQ(parse_decided_by("library"), DecidedBy::library);
  EXPECT_EQ(parse_decided_by("nobody"), std::nullopt);
  EXPECT_EQ(parse_kept("tail"), Kept::tail);
  EXPECT_EQ(parse_kept(""), std::nullopt);
}

TEST(Names, of_btf_kinds_are_in_the_order_of_their_numbers) {
  EXPECT_TRUE(btf_kind_names(0).empty());
  EXPECT_EQ(btf_kind_names(1U << 19 | 1U << 1 | 1U << 31 | 1U << 15),
            (std::vector<std::string>{"INT", "DATASEC", "ENUM64", "31"}));
}

TEST(Names, of_commands_are_the_kernels_own) {
  EXPECT_EQ(command_name(0), "MAP_CREATE");
  EXPECT_EQ(command_name(5), "PROG_LOAD");
  EXPECT_EQ(command_name(18), "BTF_LOAD");
  EXPECT_EQ(command_name(36), "TOKEN_CREATE");
  EXPECT_EQ(command_name(37), "37");
  EXPECT_EQ(command_name(5 | 1u << 16), "PROG_LOAD|COMMON_ATTRS");
}

}  // namespace
}  // namespace bpfmatrix::result
