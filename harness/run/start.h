// Up to the agent's hello: a saved machine is restored where there is one, else one is booted, and
// saved for the next time.
//
// A state that does not come back is dropped, with a note, and the machine booted once instead. A
// machine that cannot be saved is told once and goes on unsaved.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

#include "run/boot.h"
#include "run/console_watch.h"
#include "run/session.h"
#include "vm/machine.h"

namespace bpfmatrix::run {

// How far a start got. Each stage has a limit of its own: BootRequest.
enum class Stage {
  qemu,    // QEMU has not answered yet
  kernel,  // nor has the agent shown itself on the console
  agent,   // nor has it said hello
  ready,
};

struct StartedMachine {
  std::unique_ptr<Session> session;    // holds the jobs, whatever happened
  std::shared_ptr<ConsoleWatch> watch;  // sees its whole console
  std::optional<vm::Machine> machine;  // nothing when QEMU could not be started: see status
  base::Status status;                 // an Error: there was no hello; the machine is to be ended
  std::chrono::milliseconds to_hello{0};
  bool restored = false;
  Stage stage = Stage::qemu;
};

// May set request.states to null, when saving does not work. All jobs are in the session afterwards.
boost::asio::awaitable<StartedMachine> start_machine(boost::asio::io_context& io,
                                                     BootRequest& request, std::deque<Job> jobs,
                                                     const BootEvents& events);

}  // namespace bpfmatrix::run
