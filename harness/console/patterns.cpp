#include "console/patterns.h"

#include <array>

#include "console/title.h"

namespace bpfmatrix::console {
namespace {

constexpr size_t kSearched = 160;  // a header stands within the first bytes of a text

enum class Title {
  fixed,  // the pattern's own
  line,   // the line, from the header on
  bare,   // the pattern's own, and the function that follows
};

struct Pattern {
  std::string_view header;
  std::string_view needs;  // the rest must hold it
  Kind kind;
  Title how;
  std::string_view title;
};

// In the order in which they are tried: the longer before what it begins with.
// Sources: arch/x86/kernel/{traps,dumpstack,cet}.c, arch/x86/mm/fault.c, arch/arm64/mm/fault.c,
// kernel/{panic,watchdog,hung_task,workqueue}.c, kernel/locking/lockdep.c, kernel/rcu/{tree_stall,
// update}.h, kernel/sched/core.c, lib/{ubsan,bug}.c, mm/{kasan,kmsan,kfence}/report.c,
// kernel/kcsan/report.c, mm/{oom_kill,slub,page_alloc,memory,kmemleak}.c.
constexpr std::array kPatterns = {
    Pattern{"BUG: KASAN: ", "", Kind::kasan, Title::line, ""},
    Pattern{"BUG: KMSAN: ", "", Kind::kmsan, Title::line, ""},
    Pattern{"BUG: KCSAN: ", "", Kind::kcsan, Title::line, ""},
    Pattern{"BUG: KFENCE: ", "", Kind::kfence, Title::line, ""},
    Pattern{"BUG: soft lockup", "", Kind::soft_lockup, Title::bare, "BUG: soft lockup"},
    Pattern{"BUG: workqueue lockup", "", Kind::workqueue_lockup, Title::fixed,
            "BUG: workqueue lockup"},
    Pattern{"BUG: scheduling while atomic", "", Kind::atomic_sleep, Title::fixed,
            "BUG: scheduling while atomic"},
    Pattern{"BUG: sleeping function called from invalid context", "", Kind::atomic_sleep,
            Title::line, ""},
    Pattern{"BUG: using ", " in preemptible", Kind::atomic_sleep, Title::fixed,
            "BUG: using a per-CPU value in preemptible code"},
    Pattern{"BUG: Invalid wait context", "", Kind::lockdep, Title::fixed,
            "BUG: Invalid wait context"},
    Pattern{"BUG: MAX_LOCK", "too low", Kind::lockdep, Title::line, ""},
    Pattern{"BUG: bad unlock balance", "", Kind::lockdep, Title::fixed,
            "WARNING: bad unlock balance detected!"},
    Pattern{"BUG: held lock freed", "", Kind::lockdep, Title::fixed, "WARNING: held lock freed!"},
    Pattern{"BUG: memory leak", "", Kind::memory_leak, Title::fixed, "BUG: memory leak"},
    Pattern{"BUG: unable to handle", "NULL pointer dereference", Kind::oops, Title::bare,
            "BUG: kernel NULL pointer dereference"},
    Pattern{"BUG: unable to handle", "", Kind::oops, Title::bare, "BUG: unable to handle page fault"},
    Pattern{"BUG: kernel NULL pointer dereference", "", Kind::oops, Title::bare,
            "BUG: kernel NULL pointer dereference"},
    Pattern{"BUG: stack guard page was hit", "", Kind::oops, Title::bare,
            "BUG: stack guard page was hit"},
    Pattern{"BUG: TASK stack guard page was hit", "", Kind::oops, Title::bare,
            "BUG: stack guard page was hit"},
    Pattern{"BUG: Bad page state in process", "", Kind::bug, Title::fixed, "BUG: Bad page state"},
    Pattern{"BUG: Bad page map in process", "", Kind::bug, Title::fixed, "BUG: Bad page map"},
    Pattern{"BUG: Bad rss-counter state", "", Kind::bug, Title::fixed,
            "BUG: Bad rss-counter state"},
    Pattern{"BUG: workqueue leaked", "", Kind::atomic_sleep, Title::fixed,
            "BUG: workqueue leaked lock or atomic"},
    Pattern{"BUG: ", "", Kind::bug, Title::line, ""},
    Pattern{"Watchdog detected hard LOCKUP", "", Kind::hard_lockup, Title::bare,
            "Watchdog detected hard LOCKUP"},
    Pattern{"INFO: task ", " blocked for more than ", Kind::hung_task, Title::fixed,
            "INFO: task hung"},
    Pattern{"INFO: task ", " blocked on ", Kind::hung_task, Title::fixed, "INFO: task hung"},
    Pattern{"INFO: rcu_", " stall", Kind::rcu_stall, Title::bare, "INFO: RCU detected stall"},
    Pattern{"INFO: rcu_", " stalls", Kind::rcu_stall, Title::bare, "INFO: RCU detected stall"},
    Pattern{"INFO: trying to register non-static key", "", Kind::lockdep, Title::fixed,
            "INFO: trying to register non-static key"},
    Pattern{"Internal error: ", "[#", Kind::oops, Title::bare, "Internal error: Oops"},
    Pattern{"Unable to handle kernel ", "NULL pointer dereference", Kind::oops, Title::bare,
            "Unable to handle kernel NULL pointer dereference"},
    Pattern{"Unable to handle kernel ", "", Kind::oops, Title::bare,
            "Unable to handle kernel paging request"},
    Pattern{"Unhandled fault: ", "", Kind::oops, Title::bare, "Unhandled fault"},
    Pattern{"Alignment trap: ", "PC=", Kind::oops, Title::bare, "Alignment trap"},
    Pattern{"UBSAN: ", " in ", Kind::ubsan, Title::line, ""},
    Pattern{"UBSAN: Undefined behaviour in ", "", Kind::ubsan, Title::line, ""},
    Pattern{"unregister_netdevice: waiting for ", "", Kind::resource, Title::fixed,
            "unregister_netdevice: waiting for a device"},
    Pattern{"VFS: Close: file count is 0", "", Kind::resource, Title::fixed,
            "VFS: Close: file count"},
    Pattern{"VFS: Busy inodes after unmount", "", Kind::resource, Title::fixed,
            "VFS: Busy inodes after unmount"},
    Pattern{"general protection fault: ", "[#", Kind::oops, Title::bare,
            "general protection fault"},
    Pattern{"general protection fault, ", "for non-canonical address", Kind::oops, Title::bare,
            "general protection fault"},
    Pattern{"general protection fault, ", "for address", Kind::oops, Title::bare,
            "general protection fault"},
    Pattern{"general protection fault maybe for address ", "[#", Kind::oops, Title::bare,
            "general protection fault"},
    Pattern{"stack segment: ", "[#", Kind::oops, Title::bare, "stack segment fault"},
    Pattern{"divide error: ", "[#", Kind::oops, Title::bare, "divide error"},
    Pattern{"invalid opcode: ", "[#", Kind::oops, Title::bare, "invalid opcode"},
    Pattern{"int3: ", "[#", Kind::oops, Title::bare, "int3"},
    Pattern{"alignment check: ", "[#", Kind::oops, Title::bare, "alignment check"},
    Pattern{"double fault: ", "[#", Kind::oops, Title::bare, "double fault"},
    Pattern{"PANIC: double fault", "", Kind::oops, Title::bare, "double fault"},
    Pattern{"kernel BUG at ", "", Kind::bug, Title::bare, ""},
    Pattern{"Kernel BUG at ", "", Kind::bug, Title::bare, ""},
    Pattern{"rust_kernel: panicked at ", "", Kind::bug, Title::line, ""},
    Pattern{"kmemleak: ", "new suspected memory leak", Kind::memory_leak, Title::fixed,
            "kmemleak: suspected memory leaks"},
    Pattern{"oom-kill:constraint=", "", Kind::oom_kill, Title::fixed, "Out of memory"},
    Pattern{"Out of memory: Kill", "", Kind::oom_kill, Title::fixed, "Out of memory"},
    Pattern{"Out of memory (oom_kill_allocating_task): Kill", "", Kind::oom_kill, Title::fixed,
            "Out of memory"},
    Pattern{"Memory cgroup out of memory: Kill", "", Kind::oom_kill, Title::fixed,
            "Out of memory in a cgroup"},
    Pattern{"Kernel panic - not syncing: Out of memory", "", Kind::oom_kill, Title::line, ""},
    Pattern{"Kernel panic - not syncing: System is deadlocked on memory", "", Kind::oom_kill,
            Title::line, ""},
    Pattern{"Kernel panic - not syncing", "", Kind::panic, Title::line, ""},
};

// lockdep's own heads behind "WARNING: ", "INFO: " (to 4.12) or "[ BUG: ".
constexpr std::array<std::string_view, 14> kLockdep = {
    "possible circular locking dependency detected",
    "possible recursive locking detected",
    "possible irq lock inversion dependency detected",
    "possible deadlock",
    "inconsistent lock state",
    "inconsistent {",
    "suspicious RCU usage",
    "bad unlock balance detected!",
    "bad contention detected!",
    "held lock freed!",
    "lock held when returning to user space!",
    "Nested lock was not taken",
    "HARDIRQ-safe -> ",
    "SOFTIRQ-safe -> ",
};

std::optional<Match> match_lockdep(std::string_view text) {
  std::string_view rest;
  for (const std::string_view head : {"WARNING: ", "INFO: "})
    if (text.starts_with(head)) rest = text.substr(head.size());
  for (const auto what : kLockdep) {
    if (!rest.starts_with(what)) continue;
    auto title = "WARNING: " + normalize(rest);
    if (title.ends_with(" ]")) title.resize(title.size() - 2);
    return Match{Kind::lockdep, title.substr(0, kTitleLimit), false};
  }
  return std::nullopt;
}

// "kernel/bpf/verifier.c:123" at the start of `text`: its length; 0: none.
size_t source_place(std::string_view text) {
  const size_t end = text.find(' ');
  const auto word = text.substr(0, end);
  const size_t colon = word.rfind(':');
  if (colon == word.npos || colon + 1 == word.size()) return 0;
  const auto file = word.substr(0, colon);
  const bool source = file.ends_with(".c") || file.ends_with(".h") || file.ends_with(".S") ||
                      file.ends_with(".rs");
  if (!source || word.find_first_not_of("0123456789", colon + 1) != word.npos) return 0;
  return word.size();
}

Match warning(std::string_view place, std::string_view behind) {
  const auto function = function_at_start(behind);
  Match match{Kind::warning, "WARNING at " + normalize(place), function.empty()};
  if (!function.empty()) match.title += " in " + std::string(function);
  match.title.resize(std::min(match.title.size(), kTitleLimit));
  return match;
}

// To 6.18 "WARNING: CPU: 0 PID: 61 at kernel/bpf/verifier.c:123 do_check+0x10/0x20", in between "at
// do_check+0x10/0x20, CPU#0" , from 6.19 on "WARNING: kernel/bpf/verifier.c:123 at do_check+0x10/0x20,
// CPU#0: loader/61".
std::optional<Match> match_warning(std::string_view text) {
  static constexpr std::string_view kHead = "WARNING: ";
  if (!text.starts_with(kHead)) return std::nullopt;
  auto rest = text.substr(kHead.size());
  if (rest.starts_with("CPU: ")) {
    const size_t at = rest.find(" at ");
    if (rest.find(" PID: ") == rest.npos || at == rest.npos) return std::nullopt;
    rest = rest.substr(at + 4);
    const size_t place = source_place(rest);
    if (place == 0) {  // without CONFIG_DEBUG_BUGVERBOSE
      const auto function = function_at_start(rest);
      return Match{Kind::warning,
                   function.empty() ? "WARNING" : "WARNING in " + std::string(function),
                   function.empty()};
    }
    const auto behind = rest.substr(place);
    return warning(rest.substr(0, place), behind.empty() ? behind : behind.substr(1));
  }
  const size_t place = source_place(rest);
  if (place == 0) return std::nullopt;
  const auto behind = rest.substr(place);
  if (!behind.starts_with(" at ")) return std::nullopt;
  return warning(rest.substr(0, place), behind.substr(4));
}

// "BUG kmalloc-64 (Not tainted): Poison overwritten": mm/slub.c, slab_bug().
std::optional<Match> match_slab(std::string_view text) {
  if (!text.starts_with("BUG ")) return std::nullopt;
  const size_t open = text.find(" ("), close = text.find("): ");
  if (open == text.npos || close == text.npos || close < open) return std::nullopt;
  return Match{Kind::bug,
               normalize(std::string(text.substr(0, open)) + ": " +
                         std::string(text.substr(close + 3))),
               false};
}

// The title of a header whose pattern has none: "kernel BUG at kernel/bpf/verifier.c:LINE".
std::string title_of(const Pattern& pattern, std::string_view text) {
  if (pattern.how != Title::line && !pattern.title.empty()) return std::string(pattern.title);
  auto title = normalize(text);
  while (!title.empty() && (title.back() == '!' || title.back() == ':')) title.pop_back();
  return title;
}

std::optional<Match> match_at(std::string_view text) {
  static constexpr std::string_view kFirst = "BWIUgsdiaPkKrOMuVAX";
  if (text.size() < 6 || kFirst.find(text.front()) == kFirst.npos) return std::nullopt;
  if (text.starts_with("Oops: ")) {
    // From 6.10 on: "Oops: general protection fault, probably for ...", "Oops: divide error: 0000".
    if (auto inner = match_at(text.substr(6))) return inner;
    if (text.find("[#") == text.npos) return std::nullopt;
    return Match{Kind::oops, "Oops", true};
  }
  if (text[0] == 'W' || text[0] == 'I')
    if (auto found = match_lockdep(text)) return found;
  if (text[0] == 'W')
    if (auto found = match_warning(text)) return found;
  if (text[0] == 'B')
    if (auto found = match_slab(text)) return found;
  for (const auto& pattern : kPatterns) {
    // Two letters decide for nearly all lines, without a call.
    if (text[0] != pattern.header[0] || text[1] != pattern.header[1]) continue;
    if (!text.starts_with(pattern.header)) continue;
    if (text.substr(pattern.header.size()).find(pattern.needs) == text.npos) continue;
    return Match{pattern.kind, title_of(pattern, text), pattern.how == Title::bare};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Match> match_report(std::string_view text) {
  if (auto found = match_at(text)) return found;
  const auto searched = text.substr(0, kSearched);
  for (size_t at = searched.find(' '); at != searched.npos; at = searched.find(' ', at + 1)) {
    if (at == 0) continue;
    const char before = searched[at - 1];
    if (before != ':' && before != ']' && before != '[') continue;
    if (auto found = match_at(text.substr(at + 1))) return found;
  }
  return std::nullopt;
}

BootMark boot_mark(std::string_view text) {
  if (text.starts_with("Linux version ")) return BootMark::version;
  return text.starts_with("Booting the kernel") ? BootMark::decompressor : BootMark::none;
}

std::string_view place_in(std::string_view text) {
  for (const std::string_view head : {"RIP: 0010:", "RIP: 0018:", "IP: ", "pc : ", "PC is at "}) {
    if (!text.starts_with(head)) continue;
    auto rest = text.substr(head.size());
    while (rest.starts_with("[<")) {  // to 4.9
      const size_t close = rest.find('>');
      if (close == rest.npos || close + 2 > rest.size()) return {};
      rest = rest.substr(close + 2);
      while (rest.starts_with(" ")) rest.remove_prefix(1);
    }
    return function_at_start(rest);
  }
  return {};
}

bool ends_report(std::string_view text) {
  return text.starts_with("---[ end ");
}

}  // namespace bpfmatrix::console
