#include "result/outcome.h"

#include <array>
#include <cerrno>

namespace bpfmatrix::result {
namespace {

constexpr std::array<std::string_view, 18> kOutcomes = {"LOADED",          "VERIFIER_REJECTION",
                                                        "LOG_TRUNCATED",   "KERNEL_REFUSED",
                                                        "LIBRARY_REFUSED", "REFUSED_BY_UNKNOWN",
                                                        "MISSING_BTF",     "LIBRARY_FALSE_SUCCESS",
                                                        "NOT_EXPRESSIBLE", "NOT_MEASURABLE",
                                                        "KERNEL_CRASH",    "KERNEL_SPLAT",
                                                        "AGENT_CRASH",     "TIMEOUT",
                                                        "GUEST_OOM",       "REBOOT",
                                                        "HANG",            "NOT_RUN"};
static_assert(static_cast<size_t>(Outcome::NOT_RUN) + 1 == kOutcomes.size());
constexpr std::array<std::string_view, 6> kStatuses = {"PASS",  "FAIL", "DONE",
                                                       "ERROR", "MISS", "SKIP"};
static_assert(static_cast<size_t>(Status::SKIP) + 1 == kStatuses.size());

template <typename Enum, size_t N>
constexpr std::array<Enum, N> all_values() {
  std::array<Enum, N> values{};
  for (size_t i = 0; i < N; ++i) values[i] = static_cast<Enum>(i);
  return values;
}

Outcome classify_success(const Observation& seen) {
  if (!seen.needs_call) return Outcome::LOADED;
  if (seen.decided_by == DecidedBy::library) return Outcome::LIBRARY_FALSE_SUCCESS;
  // The kernel said no to the last measured call and the library passes it off as success.
  if (seen.decided_by == DecidedBy::kernel && seen.kernel_errno != 0)
    return Outcome::LIBRARY_FALSE_SUCCESS;
  return Outcome::LOADED;
}

Outcome classify_error(const Observation& seen) {
  // Nothing but the kernel's BTF was asked for.
  if (!seen.needs_call) return Outcome::MISSING_BTF;
  // bpf_object__load() gives -ESRCH when libbpf can parse no kernel BTF (libbpf 0.0.6 .. 0.8.3 on
  // the BTF of 6.1 and later), but for a missing attach target too: the loader tried the BTF alone.
  if (seen.decided_by == DecidedBy::library)
    return seen.error == ESRCH && seen.btf_unreadable ? Outcome::MISSING_BTF
                                                      : Outcome::LIBRARY_REFUSED;

  // ENOSPC is about the log only with a sign that the kernel came to write one; without, it is a
  // refusal like any other.
  const bool no_space =
      seen.error == ENOSPC || (seen.decided_by == DecidedBy::kernel && seen.kernel_errno == ENOSPC);
  if (no_space && (seen.touched || seen.log_true_size.value_or(0) > 0))
    return Outcome::LOG_TRUNCATED;

  if (seen.decided_by == DecidedBy::unknown)
    return seen.verified ? Outcome::VERIFIER_REJECTION : Outcome::REFUSED_BY_UNKNOWN;
  // The kernel took it and the library failed afterwards.
  if (seen.kernel_errno == 0) return Outcome::LIBRARY_REFUSED;
  return seen.verified ? Outcome::VERIFIER_REJECTION : Outcome::KERNEL_REFUSED;
}

}  // namespace

std::string_view name(Outcome outcome) {
  return kOutcomes.at(static_cast<size_t>(outcome));
}
std::string_view name(Status status) {
  return kStatuses.at(static_cast<size_t>(status));
}

std::optional<Outcome> parse_outcome(std::string_view text) {
  for (size_t i = 0; i < kOutcomes.size(); ++i)
    if (kOutcomes[i] == text) return static_cast<Outcome>(i);
  return std::nullopt;
}

std::span<const Outcome> all_outcomes() {
  static constexpr auto kAll = all_values<Outcome, kOutcomes.size()>();
  return kAll;
}
std::span<const Status> all_statuses() {
  static constexpr auto kAll = all_values<Status, kStatuses.size()>();
  return kAll;
}

Outcome classify(const Attempt& attempt) {
  switch (attempt.state) {
    case AttemptState::measured:
      return attempt.observation.error == 0 ? classify_success(attempt.observation)
                                            : classify_error(attempt.observation);
    case AttemptState::not_expressible:
      return Outcome::NOT_EXPRESSIBLE;
    case AttemptState::not_measurable:
      return Outcome::NOT_MEASURABLE;
    case AttemptState::kernel_crash:
      return Outcome::KERNEL_CRASH;
    case AttemptState::kernel_splat:
      return Outcome::KERNEL_SPLAT;
    case AttemptState::agent_crash:
      return Outcome::AGENT_CRASH;
    case AttemptState::timeout:
      return Outcome::TIMEOUT;
    case AttemptState::guest_oom:
      return Outcome::GUEST_OOM;
    case AttemptState::reboot:
      return Outcome::REBOOT;
    case AttemptState::hang:
      return Outcome::HANG;
    case AttemptState::filtered:
    case AttemptState::protocol:
    case AttemptState::boot_fail:
    case AttemptState::qemu_crash:
    case AttemptState::accel_broken:
    case AttemptState::no_space:
    case AttemptState::image_unavailable:
    case AttemptState::bad_image:
    case AttemptState::loader_unavailable:
    case AttemptState::loader_build:
    case AttemptState::loader_error:
    case AttemptState::not_reached:
      return Outcome::NOT_RUN;
  }
  return Outcome::NOT_RUN;
}

bool reached_the_cell(AttemptState state) {
  switch (state) {
    case AttemptState::measured:
    case AttemptState::kernel_crash:
    case AttemptState::kernel_splat:
    case AttemptState::agent_crash:
    case AttemptState::timeout:
    case AttemptState::hang:
    case AttemptState::guest_oom:
    case AttemptState::reboot:
      return true;
    default:
      return false;
  }
}

bool disagree(const Attempt& a, const Attempt& b) {
  if (!reached_the_cell(a.state) || !reached_the_cell(b.state)) return false;
  return classify(a) != classify(b) || a.observation.error != b.observation.error ||
         a.observation.decided_by != b.observation.decided_by ||
         a.observation.kept != b.observation.kept;
}

}  // namespace bpfmatrix::result
