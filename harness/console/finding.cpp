#include "console/finding.h"

#include <array>

namespace bpfmatrix::console {
namespace {

constexpr std::array<std::string_view, 21> kNames = {
    "panic",       "oops",         "bug",         "warning",          "kasan",     "kmsan",
    "kcsan",       "kfence",       "ubsan",       "lockdep",          "atomic_sleep",
    "memory_leak", "resource",     "soft_lockup", "hard_lockup",      "workqueue_lockup",
    "rcu_stall",   "hung_task",    "oom_kill",    "reboot",           "denied"};
static_assert(static_cast<size_t>(Kind::denied) + 1 == kNames.size());

}  // namespace

std::string_view name(Kind kind) {
  return kNames.at(static_cast<size_t>(kind));
}

Weight weight(Kind kind) {
  switch (kind) {
    case Kind::soft_lockup:
    case Kind::hard_lockup:
    case Kind::workqueue_lockup:
    case Kind::rcu_stall:
    case Kind::hung_task:
      return Weight::stall;
    case Kind::oom_kill:
      return Weight::memory;
    case Kind::reboot:
      return Weight::reboot;
    default:
      return Weight::splat;
  }
}

}  // namespace bpfmatrix::console
