// Runs all cells of one kernel, on one machine, or on more when machines die.
//
// Cells run dense (run/session.h). When a machine dies, every finished cell is kept and those that
// were under way run again in a fresh machine, now announced: the one under which that dies too is
// blamed, and the rest runs on in a fresh machine. After the second machine that died under dense
// cells all that is left is announced. A machine that dies with no cell under way is tried once
// more, and what is left is then told as not run: never as incompatible.
//
// A kernel that complains (WARNING, KASAN, lockdep ...) is not asked anything more: its machine is
// ended as if it had died, and the cells under way are treated alike. Results are told one step late,
// when the console has had its say on them. A complaint while no cell runs is the machine's own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "run/console_watch.h"
#include "run/session.h"
#include "vm/qemu_command.h"
#include "vm/saved_states.h"

namespace bpfmatrix::run {

struct BootRequest {
  std::string kernel;                            // id, for messages and names of evidence
  vm::MachineConfig machine;                     // its nonce is set for each start
  const FileSet* files = nullptr;                // outlives the boot
  std::deque<Job> jobs;                          // limit_ms already scaled by the slowdown
  // From one stage of a start to the next, by the steady clock, scaled by the slowdown: to QEMU's
  // greeting, to the agent's hello, and of that from the agent's first word on the console.
  std::chrono::milliseconds qemu_limit{10'000};
  std::chrono::milliseconds boot_limit{20'000};
  std::chrono::milliseconds hello_limit{10'000};
  std::filesystem::path evidence;                // folder for consoles
  // A cell that took its machine with it runs so many times more, when all others have: a crash is
  // confirmed, or the cell is told as flaky. Every attempt is finished by itself.
  uint32_t retries = 0;
  ConsoleRules console;                          // what counts on them
  bool return_given_up = false;                  // in BootReport::left, instead of ending them
  // Where saved machines are: one is restored when there is one of `state`, else the machine is
  // saved once it is up. Null: every machine is booted, and none saved.
  vm::SavedStates* states = nullptr;
  vm::StateParts state;
  // True from the moment on when no further cells are to be handed out: those that a machine has end,
  // and the rest is told to nobody. May be null; outlives the boot.
  const bool* stopping = nullptr;
};

struct BootReport {
  std::optional<wire::Hello> hello;          // of the first machine that said it
  uint32_t machines = 0;                     // started, restored ones included
  uint32_t restored = 0;                     // of them, not booted but restored
  std::chrono::milliseconds first_hello{0};  // start of QEMU to hello
  // What the cells came to that were given up, when no machine got anywhere.
  std::optional<result::AttemptState> given_up;
  std::deque<Job> left;                      // with return_given_up: those cells
  std::string problem;                       // why cells were not run; empty when all ended
  std::string console;                       // path of the last console, with the problem
};

struct BootEvents {
  // Cells finished, in order.
  std::function<void(std::vector<Finished>)> finished;
  // Once, before anything of the machine's is finished. May be empty.
  std::function<void(const wire::Hello& hello)> hello;
  // Once, when every cell that is left has been handed to the machine. May be empty.
  std::function<void()> draining;
  // A machine has cells now, or has none any more. May be empty.
  std::function<void(bool has_cells)> measuring;
  // Something to tell a person.
  std::function<void(const std::string& text)> note;
};

boost::asio::awaitable<BootReport> run_boot(boost::asio::io_context& io, BootRequest request,
                                            BootEvents events);

}  // namespace bpfmatrix::run
