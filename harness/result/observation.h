// The raw facts of one cell as measured, and of one attempt at measuring it. Values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result/shared_text.h"

namespace bpfmatrix::result {

enum class DecidedBy { unknown, library, kernel };
enum class Kept { none, head, tail, all };
[[nodiscard]] std::string_view name(DecidedBy who);
[[nodiscard]] std::string_view name(Kept kept);
[[nodiscard]] std::optional<DecidedBy> parse_decided_by(std::string_view text);
[[nodiscard]] std::optional<Kept> parse_kept(std::string_view text);
// Names of the BTF kinds in a mask (bit = number of the kind, as in include/uapi/linux/btf.h), by
// number: {"INT", "ENUM64"}; "24" where there is no name.
[[nodiscard]] std::vector<std::string> btf_kind_names(uint32_t kinds);
// "PROG_LOAD", "PROG_LOAD|COMMON_ATTRS" (7.2+), the number where the name is not known here.
[[nodiscard]] std::string command_name(uint32_t cmd);

// One bpf() call that the loader made.
struct Call {
  uint32_t cmd = 0;        // enum bpf_cmd
  uint32_t level = 0;      // log level passed
  uint32_t size = 0;       // log size passed, bytes
  uint32_t attr_size = 0;  // bytes
  int error = 0;           // errno, 0 for success
  bool probe = false;      // a feature probe of the library, not the program's
  bool measured = false;   // the call that was to be measured (PROG_LOAD of the program, ...)
  uint32_t length = 0;     // bytes of log text after it, without NUL; of a measured call only

  bool operator==(const Call&) const = default;
};

// Numbers of the verifier's own statistics lines.
struct Verification {
  uint64_t insns = 0, states = 0, peak_states = 0;
  std::optional<uint64_t> time_us;  // only with the STATS level
  std::optional<uint64_t> stack;    // bytes, likewise: the sum over all functions, which is what
                                    // every kernel's text allows (and veristat's number)

  bool operator==(const Verification&) const = default;
};

// Written into the library's option before the call: guest/loader/api_libbpf.c.
inline constexpr uint64_t kApiTrueSizeBefore = 77;

struct Observation {
  int error = 0;         // errno of the loader's API, 0 success, >= 4000 libbpf's own
  int kernel_errno = 0;  // of the last measured call; meaningful when decided_by is kernel
  DecidedBy decided_by = DecidedBy::unknown;
  int64_t return_value = 0;               // as the API gave it
  std::optional<uint64_t> log_true_size;  // bytes incl. NUL, when the kernel told it
  std::optional<uint64_t> true_size;      // bytes; measured for a relative buffer
  // What the library left in its option log_true_size, which held kApiTrueSizeBefore.
  std::optional<uint64_t> api_true_size;
  uint64_t buffer_size = 0;               // bytes passed
  uint64_t log_length = 0;                // bytes without NUL
  Kept kept = Kept::none;
  uint32_t overrun = 0;         // bytes written past the buffer
  bool touched = false;         // the kernel wrote into the buffer
  bool btf_unreadable = false;  // the library refused and cannot read the kernel's BTF
  bool verified = false;        // evidence that verification was reached
  SharedText log_head;          // <= 2 KiB
  SharedText log_tail;          // <= 4 KiB
  std::string log_sha256;       // of the whole text; empty when there is none
  SharedText messages;          // <= 1 KiB of the library; of a crash <= 2 KiB of the kernel's report
  std::vector<Call> calls;
  uint32_t btf_kinds = 0;  // of the BTF that was passed or read, bit = kind; 0: not known
  bool needs_call = true;  // false: reading the kernel's BTF, which makes no bpf() call
  std::chrono::nanoseconds duration{0};  // of the loader's call, in the guest

  bool operator==(const Observation&) const = default;
};

// What an attempt at a cell came to. With `state` measured there is an observation.
enum class AttemptState {
  measured,
  not_expressible,  // note: why
  not_measurable,
  filtered,      // excluded by the matrix; note: its reason
  kernel_crash,  // note: the title
  kernel_splat,  // the kernel complained while it ran, and lived; note: the title
  agent_crash,
  timeout,
  hang,
  guest_oom,  // the guest ran out of memory
  reboot,     // the machine started anew
  protocol,   // the guest broke the wire format
  boot_fail,  // MISS from here on
  qemu_crash,
  accel_broken,  // the accelerator that was asked for does not work
  no_space,      // our disk is full
  image_unavailable,
  bad_image,
  loader_unavailable,  // SKIP: its source or a tool cannot be had
  loader_build,        // MISS: the loader could not be built
  loader_error,        // ERROR: the loader itself failed
  not_reached,         // MISS: the run ended before
};
[[nodiscard]] std::string_view name(AttemptState state);
[[nodiscard]] std::optional<AttemptState> parse_attempt_state(std::string_view text);

struct Attempt {
  AttemptState state = AttemptState::not_reached;
  std::string note;  // for people; may hold untrusted guest text
  Observation observation;

  bool operator==(const Attempt&) const = default;
};

}  // namespace bpfmatrix::result
