// How kernels begin a report on the console: Linux 4.9 to 7.3, x86 and arm64. Pure.
//
// Two stages: a header can only stand where a text begins or behind ": ", "] " or "[ ", which is
// cheap to look for; then its format decides. A line that begins like a report but has none of the
// known formats ("WARNING: Unprivileged eBPF is enabled ...", "INFO: NMI handler ... took too long",
// "traps: a.out[7] general protection fault ip:...", which is a process) is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "console/finding.h"

namespace bpfmatrix::console {

struct Match {
  Kind kind = Kind::panic;
  std::string title;
  bool needs_function = false;  // what follows names it: title + " in do_check"
};

// The report that a line begins, `text` being text_of() it.
[[nodiscard]] std::optional<Match> match_report(std::string_view text);

// The line begins a boot: "Linux version", or the decompressor's "Booting the kernel".
enum class BootMark { none, version, decompressor };
[[nodiscard]] BootMark boot_mark(std::string_view text);

// The function that a line of a report names as its place: "RIP: 0010:do_check+0x10/0x20", in 4.9
// "IP: [<...>] do_check+0x10/0x20", "pc : do_check+0x10/0x20".
[[nodiscard]] std::string_view place_in(std::string_view text);
// The line is the last one of a report.
[[nodiscard]] bool ends_report(std::string_view text);

}  // namespace bpfmatrix::console
