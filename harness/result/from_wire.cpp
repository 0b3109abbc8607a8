#include "result/from_wire.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <string>

namespace bpfmatrix::result {
namespace {

// What of the protocol's limits is broken; empty when nothing is.
std::string violation(const wire::Observation& seen) {
  if (seen.state > BPFM_LOADER_ERROR) return fmt::format("unknown state {}", seen.state);
  if (seen.decided_by > BPFM_BY_KERNEL)
    return fmt::format("unknown decided_by {}", seen.decided_by);
  if (seen.kept > BPFM_KEPT_ALL) return fmt::format("unknown kept {}", seen.kept);
  if (seen.api_errno < 0) return fmt::format("negative errno {}", seen.api_errno);
  if (seen.kernel_errno < 0) return fmt::format("negative kernel errno {}", seen.kernel_errno);
  if (seen.calls.size() > BPFM_MAX_CALLS) return fmt::format("{} calls", seen.calls.size());
  if (seen.log_head.size() > BPFM_MAX_LOG_HEAD)
    return fmt::format("log head of {} bytes", seen.log_head.size());
  if (seen.log_tail.size() > BPFM_MAX_LOG_TAIL)
    return fmt::format("log tail of {} bytes", seen.log_tail.size());
  if (seen.messages.size() > BPFM_MAX_MESSAGES)
    return fmt::format("messages of {} bytes", seen.messages.size());
  if (seen.note.size() > BPFM_MAX_NOTE) return fmt::format("note of {} bytes", seen.note.size());
  for (const auto& call : seen.calls)
    if (call.error < 0) return fmt::format("negative errno {} of a call", call.error);
  return {};
}

AttemptState state_of(uint8_t state) {
  switch (state) {
    case BPFM_MEASURED:
      return AttemptState::measured;
    case BPFM_NOT_EXPRESSIBLE:
      return AttemptState::not_expressible;
    case BPFM_NOT_MEASURABLE:
      return AttemptState::not_measurable;
    default:
      return AttemptState::loader_error;
  }
}

DecidedBy decided_by_of(uint8_t decided_by) {
  switch (decided_by) {
    case BPFM_BY_LIBRARY:
      return DecidedBy::library;
    case BPFM_BY_KERNEL:
      return DecidedBy::kernel;
    default:
      return DecidedBy::unknown;
  }
}

Kept kept_of(uint8_t kept) {
  switch (kept) {
    case BPFM_KEPT_HEAD:
      return Kept::head;
    case BPFM_KEPT_TAIL:
      return Kept::tail;
    case BPFM_KEPT_ALL:
      return Kept::all;
    default:
      return Kept::none;
  }
}

// Zero stands for "there is no log".
std::string hex_of(const std::array<uint8_t, 32>& digest) {
  if (std::ranges::all_of(digest, [](uint8_t byte) { return byte == 0; })) return {};
  std::string hex;
  hex.reserve(64);
  for (const uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Observation observation_of(const wire::Observation& seen) {
  constexpr auto kLongest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  Observation out;
  out.error = seen.api_errno;
  out.kernel_errno = seen.kernel_errno;
  out.decided_by = decided_by_of(seen.decided_by);
  out.return_value = seen.return_value;
  if ((seen.flags & BPFM_TRUE_SIZE_TOLD) != 0) out.log_true_size = seen.log_true_size;
  if (seen.true_size != 0) out.true_size = seen.true_size;
  if ((seen.flags & BPFM_API_TRUE_SIZE) != 0) out.api_true_size = seen.api_true_size;
  out.buffer_size = seen.buffer_size;
  out.log_length = seen.log_length;
  out.kept = kept_of(seen.kept);
  out.overrun = seen.overrun;
  out.touched = (seen.flags & BPFM_TOUCHED) != 0;
  out.btf_unreadable = (seen.flags & BPFM_BTF_UNREADABLE) != 0;
  out.verified = (seen.flags & BPFM_VERIFIED) != 0;
  out.needs_call = (seen.flags & BPFM_NO_CALL_NEEDED) == 0;
  out.btf_kinds = seen.btf_kinds;
  out.log_head = seen.log_head;
  out.log_tail = seen.log_tail;
  out.log_sha256 = hex_of(seen.log_sha256);
  out.messages = seen.messages;
  for (const auto& call : seen.calls)
    out.calls.push_back({.cmd = call.cmd,
                         .level = call.level,
                         .size = call.size,
                         .attr_size = call.attr_size,
                         .error = call.error,
                         .probe = call.probe,
                         .measured = call.measured,
                         .length = call.length});
  out.duration =
      std::chrono::nanoseconds(static_cast<int64_t>(std::min(seen.duration_ns, kLongest)));
  return out;
}

}  // namespace

Attempt from_wire(const wire::Observation& seen) {
  Attempt attempt;
  if (const std::string broken = violation(seen); !broken.empty()) {
    attempt.state = AttemptState::protocol;
    attempt.note = fmt::format("the guest sent an observation with {}", broken);
    return attempt;
  }
  attempt.state = state_of(seen.state);
  attempt.note = seen.note;
  attempt.observation = observation_of(seen);
  return attempt;
}

}  // namespace bpfmatrix::result
