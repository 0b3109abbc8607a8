// What a console was found to say. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bpfmatrix::console {

enum class Kind {
  panic,
  oops,     // a fault in the kernel: paging fault, general protection fault, divide error, ...
  bug,      // BUG_ON(), list and slab corruption, bad page state, ...
  warning,  // WARN_ON()
  kasan,
  kmsan,
  kcsan,
  kfence,
  ubsan,
  lockdep,
  atomic_sleep,  // slept where it must not
  memory_leak,
  resource,  // a device or file system that is not let go
  soft_lockup,
  hard_lockup,
  workqueue_lockup,
  rcu_stall,
  hung_task,
  oom_kill,
  reboot,  // a kernel begins where one was running
  denied,  // a line that the list of denied lines names
};
[[nodiscard]] std::string_view name(Kind kind);

// What a finding says of the kernel under test.
enum class Weight {
  splat,   // the kernel did wrong
  stall,   // something took long, which a busy host does to a healthy guest as well
  memory,  // the guest ran out of memory
  reboot,
};
[[nodiscard]] Weight weight(Kind kind);

struct Finding {
  Kind kind = Kind::panic;
  // Stable from machine to machine: at most 120 characters of printable ASCII, with ADDR, NUM, LINE
  // for what varies. "BUG: KASAN: slab-use-after-free in bpf_prog_put".
  std::string title;
  uint64_t offset = 0;  // of its first line, in bytes of the stream
  // The report is not whole: its line is cut or holds bytes that no kernel prints, or the function
  // that it should name never came. The kind holds, the title may be of little use.
  bool corrupted = false;
  std::string report;  // its text from that line on, <= 8 KiB; untrusted bytes

  bool operator==(const Finding&) const = default;
};

}  // namespace bpfmatrix::console
