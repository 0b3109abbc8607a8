#include "run/judge_end.h"

#include <fmt/format.h>

#include "console/title.h"

namespace bpfmatrix::run {
namespace {

using base::ErrorKind;
using result::AttemptState;

// Of a report: the title, where it was, the registers and the beginning of the call trace.
constexpr size_t kReportLines = 20, kReportBytes = 2048;

// What the kernel has to say of itself; false when that is nothing.
bool judge_console(const Session& session, const vm::Ending& ending, const ConsoleWatch& watch,
                   MachineEnd* end) {
  const auto trouble = watch.trouble();
  if (!trouble) return false;
  end->note = trouble->title;
  end->report = console::first_lines(trouble->report, kReportLines, kReportBytes);
  if (trouble->kind == console::Kind::reboot) {
    end->state = session.hello() ? AttemptState::reboot : AttemptState::boot_fail;
    end->note = session.hello() ? "the machine restarted"
                                : "the machine restarted before the agent said hello";
    return true;
  }
  // A session that was done had asked the machine to end.
  const bool died = watch.panicked() || (!ending.killed_by_us && !session.done());
  end->state = died ? AttemptState::kernel_crash : AttemptState::kernel_splat;
  if (!session.hello()) {
    end->state = AttemptState::boot_fail;
    end->note = fmt::format("the kernel {} while booting: {}", died ? "died" : "complained",
                            trouble->title);
  }
  return true;
}

void judge_silence(const Session& session, const ConsoleWatch& watch, MachineEnd* end) {
  end->state = session.hello() ? AttemptState::hang : AttemptState::boot_fail;
  end->note = session.hello() ? "no sign of life from the machine"
                              : "the kernel did not come up: no hello from the agent in time";
  if (const auto stall = watch.stalled())
    end->note += fmt::format(" (the kernel's last word: {})", *stall);
}

// QEMU ended with code 0 and nobody asked it to: the guest reset or switched off its machine
// (-no-reboot), by a triple fault or by its own will.
void judge_reset(const Session& session, MachineEnd* end) {
  end->state = session.hello() ? AttemptState::reboot : AttemptState::boot_fail;
  end->note = session.hello() ? "the machine restarted or switched itself off without a word"
                              : "the machine restarted before the agent said hello";
}

}  // namespace

MachineEnd judge_end(const base::Error& error, const Session& session, const vm::Ending& ending,
                     const ConsoleWatch& watch) {
  MachineEnd end;
  if (!ending.killed_by_us && (ending.status.by_signal || ending.status.code != 0)) {
    end.state = AttemptState::qemu_crash;
    end.note = fmt::format("QEMU ended with {}: {}", ending.status.text(),
                           console::last_lines(ending.standard_error, 3));
  } else if (judge_console(session, ending, watch, &end)) {
    // all said
  } else if (const auto memory = watch.out_of_memory(); memory && error.kind != ErrorKind::protocol) {
    end.state = session.hello() ? AttemptState::guest_oom : AttemptState::boot_fail;
    end.note = "the guest ran out of memory: " + *memory;
  } else if (error.kind == ErrorKind::protocol) {
    end.state = AttemptState::protocol;
    end.note = error.message;
  } else if (error.kind == ErrorKind::timeout) {
    judge_silence(session, watch, &end);
  } else if (error.kind != ErrorKind::process) {
    end.state = AttemptState::loader_error;
    end.note = error.message;
  } else {
    judge_reset(session, &end);
  }
  return end;
}

AttemptState without_cell(AttemptState state) {
  switch (state) {
    case AttemptState::kernel_crash:
    case AttemptState::kernel_splat:
    case AttemptState::hang:
    case AttemptState::guest_oom:
    case AttemptState::reboot:
      return AttemptState::boot_fail;
    default:
      return state;
  }
}

}  // namespace bpfmatrix::run
