// Outcomes, statuses, reasons: the words of harness/docs/outcomes.md, and how an observation gets
// its outcome. Pure; computed whenever results are read, never stored.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "result/observation.h"

namespace bpfmatrix::result {

// What an observation amounts to.
enum class Outcome {
  LOADED,              // the kernel took it
  VERIFIER_REJECTION,  // verification was reached and said no
  LOG_TRUNCATED,       // ENOSPC from the kernel: the log did not fit (whatever the program is)
  KERNEL_REFUSED,      // the kernel refused the call without verifying (log attributes, EPERM, ...)
  LIBRARY_REFUSED,     // the library refused: the measured call was never made, or had succeeded
  REFUSED_BY_UNKNOWN,  // an error, calls could not be recorded, and no trace of the kernel is left
  MISSING_BTF,         // the library found no kernel BTF that it can read
  LIBRARY_FALSE_SUCCESS,  // the library said success; the measured call was never made, or failed
  NOT_EXPRESSIBLE,        // this loader cannot say it, or not for this program
  NOT_MEASURABLE,         // the true size could not be found
  KERNEL_CRASH,           // the kernel died under it
  KERNEL_SPLAT,           // the kernel complained under it (WARNING, KASAN, lockdep ...) and lived
  AGENT_CRASH,            // the loader process died under it
  TIMEOUT,                // it took longer than its limit; the loader was killed
  GUEST_OOM,              // the guest ran out of memory under it
  REBOOT,                 // the machine started anew under it
  HANG,                   // the machine went silent under it
  NOT_RUN,                // never measured; the attempt's reason says why
};
[[nodiscard]] std::string_view name(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view text);

// The words of KernelCI's KCIDB.
enum class Status { PASS, FAIL, DONE, ERROR, MISS, SKIP };
[[nodiscard]] std::string_view name(Status status);

// Total: every attempt has an outcome. The rules, with their reasons: harness/docs/outcomes.md.
[[nodiscard]] Outcome classify(const Attempt& attempt);

// Did the attempt get as far as the cell: was it measured, or did something break under it?
[[nodiscard]] bool reached_the_cell(AttemptState state);
// Do two attempts at one cell contradict each other? Differences of outcome, errno, who decided and
// the part of the log that was kept count; a machine that never came up says nothing about the
// cell.
[[nodiscard]] bool disagree(const Attempt& a, const Attempt& b);

// Every enum value, in order: for pages and tests that must name them all.
[[nodiscard]] std::span<const Outcome> all_outcomes();
[[nodiscard]] std::span<const Status> all_statuses();

// "processed N insns …", "verification time …", "stack depth …" read from the log's last lines, in
// the spellings of 4.9 to 7.3. Untrusted text: numbers saturate; nothing when there is no complete
// "processed" line; a stack whose lines are cut off is left out.
[[nodiscard]] std::optional<Verification> parse_verification(std::string_view log_tail);

}  // namespace bpfmatrix::result
