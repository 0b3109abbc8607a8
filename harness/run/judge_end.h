// How a machine ended: what its console, its process and its session say together. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "result/observation.h"
#include "run/console_watch.h"
#include "run/session.h"
#include "vm/machine.h"

namespace bpfmatrix::run {

struct MachineEnd {
  result::AttemptState state = result::AttemptState::measured;  // measured: all was done
  std::string note;                                             // for people
  // What the kernel complained of, where that is why the machine ended: <= 20 lines, <= 2 KiB.
  std::string report;
  std::string console;                                          // its text
  // What was found on the console and is nobody's fault, or the machine's own, in sentences.
  std::vector<std::string> told;
};

// `error` is why the talk with the agent ended; `watch` has seen the whole console. A splat wins over
// every other reason, and the kernel's death over its complaint: it died when QEMU ended before it was
// asked to, or a panic is on the console.
[[nodiscard]] MachineEnd judge_end(const base::Error& error, const Session& session,
                                   const vm::Ending& ending, const ConsoleWatch& watch);

// What a machine's death means for cells that were never begun: they were not run.
[[nodiscard]] result::AttemptState without_cell(result::AttemptState state);

}  // namespace bpfmatrix::run
