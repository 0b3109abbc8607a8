// QMP over an inherited socket: stop, save, load, resume, interrupt. QEMU's interface, docs/interop/qmp-spec.txt
// and qapi/migration.json of QEMU 7.2.
//
// A machine is saved into a descriptor that travels over the socket (`getfd`), since the sandbox
// forbids QEMU to start a program or to take a new path from us. One thread; one command at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/run_clock.h"

namespace bpfmatrix::vm {

class Control {
 public:
  using Deadline = base::RunClock::time_point;
  Control(boost::asio::io_context& io, base::Descriptor socket);
  Control(Control&&) noexcept;
  Control& operator=(Control&&) noexcept;
  ~Control();

  // Errors of all: timeout at the deadline, process when QEMU is gone or says no (with its words),
  // protocol for what is no QMP.

  // Waits for QEMU's greeting: it is up and its event loop turns.
  boost::asio::awaitable<base::Status> greeted(Deadline deadline);
  // Stops the processor and writes the machine to `file`, which stays the caller's.
  boost::asio::awaitable<base::Status> save(int file, Deadline deadline);
  // Waits until a machine started with -incoming has its state.
  boost::asio::awaitable<base::Status> loaded(Deadline deadline);
  // Lets a machine that stands still go on.
  boost::asio::awaitable<base::Status> resume(Deadline deadline);
  // Sends the guest a non-maskable interrupt. Returns the state that QEMU says the machine is in:
  // "running", "paused", "internal-error" (KVM gave up) …
  boost::asio::awaitable<base::Result<std::string>> inject_nmi(Deadline deadline);
  // Ends whoever waits, with an Error of kind process.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with a pending command
};

}  // namespace bpfmatrix::vm
