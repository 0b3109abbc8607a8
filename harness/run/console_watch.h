// What the console of one machine says, and what of it counts. No I/O: bytes in, findings out.
//
// Reports that the lists allow are passed over, with a note. Stalls (soft lockup, RCU stall, hung
// task) never count by themselves: a busy host does that to a healthy guest. They are kept to explain
// a machine that went silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/monitor.h"
#include "spec/console_lists.h"

namespace bpfmatrix::run {

// The lists as they apply to one kernel today.
struct ConsoleRules {
  std::vector<std::string> denied;
  std::vector<std::string> allowed;  // globs over titles
};
// `today`: "2026-11-22".
[[nodiscard]] ConsoleRules console_rules(const spec::ConsoleLists& lists, const std::string& kernel,
                                         const std::string& today);
// What a person is to be told about entries that no longer allow.
[[nodiscard]] std::vector<std::string> expired_entries(const spec::ConsoleLists& lists,
                                                       const std::string& today);
// The day in UTC, as a label: nothing is timed with it.
[[nodiscard]] std::string today();

class ConsoleWatch {
 public:
  explicit ConsoleWatch(ConsoleRules rules = {})
      : rules_(std::move(rules)), monitor_(rules_.denied) {}

  void feed(std::string_view bytes) { monitor_.feed(bytes); }
  // No more will come.
  void finish() { monitor_.finish(); }
  // The agent has said hello.
  void set_running() { monitor_.set_running(); }
  [[nodiscard]] uint64_t bytes() const { return monitor_.bytes(); }

  // The first finding that counts since the last settle(): a splat or a reboot. The cause comes
  // first, its consequences after it.
  [[nodiscard]] std::optional<console::Finding> trouble() const;
  // Likewise a panic, behind whatever came first.
  [[nodiscard]] bool panicked() const;
  // That the guest ran out of memory, since the last settle().
  [[nodiscard]] std::optional<std::string> out_of_memory() const;
  // The last stall since the last settle().
  [[nodiscard]] std::optional<std::string> stalled() const;
  // What stands on the console up to here belongs to nothing that comes.
  void settle() { seen_ = monitor_.findings().size(); }
  // Likewise, and what counts of it is the machine's own: it came while no cell ran.
  void settle_as_machines_own();
  // The kernel complained while it was being shut down, which no cell asked for.
  [[nodiscard]] bool of_the_shutdown() const;
  // Findings that are no cell's, in whole sentences, each once: allowed, stalls, the machine's own.
  [[nodiscard]] std::vector<std::string> passed_over() const;

 private:
  [[nodiscard]] bool allowed(const console::Finding& finding) const;
  ConsoleRules rules_;
  console::Monitor monitor_;
  size_t seen_ = 0;          // findings before this one are settled
  std::vector<size_t> own_;  // findings that are the machine's own
};

}  // namespace bpfmatrix::run
