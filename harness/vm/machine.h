// A running virtual machine: child process, console, agent channel. Knows nothing of BPF.
//
// The console is kept (its first 256 KiB and last 256 KiB) as evidence and never trusted. The
// machine dies with the object and with the driver. QEMU gets PATH, HOME and LANG, its channels
// as descriptors, a session of its own and the sandbox of its configuration. One thread: the one
// that runs `io`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/child_process.h"
#include "base/error.h"
#include "base/run_clock.h"
#include "vm/qemu_command.h"

namespace bpfmatrix::vm {

// How a machine ended, with what is left of it.
struct Ending {
  base::ExitStatus status;
  bool killed_by_us = false;
  std::string standard_error;  // last 16 KiB
};

struct Diagnosis {
  bool qemu_answered = false;  // its monitor did: it is the guest that hangs, not QEMU
  std::string text;            // for the evidence, with a title line
};

class Machine {
 public:
  // Starts QEMU. Errors: unavailable when QEMU is not there, process when it cannot be started.
  static base::Result<Machine> start(boost::asio::io_context& io, const MachineConfig& config);
  // Starts QEMU with the state that save() wrote to the file `state`, read from where it stands.
  // Same QEMU and same line_for_key(), or QEMU refuses it: it ends, and loaded() says so. The
  // machine stands still until resume(). The descriptor stays the caller's.
  static base::Result<Machine> restore(boost::asio::io_context& io, const MachineConfig& config,
                                       int state);
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();

  // Up to 64 KiB of what the agent sent next; empty at the end of the channel (QEMU is gone).
  // Error of kind timeout when nothing comes before `deadline`; what comes later is not lost. Error
  // of kind process when the object goes meanwhile. One reader at a time.
  boost::asio::awaitable<base::Result<std::string>> read_agent(
      base::RunClock::time_point deadline);
  // Sends all of `bytes`. Errors: timeout when the agent does not take them (a part may have been
  // sent), process when QEMU is gone. One writer at a time, beside a reader.
  boost::asio::awaitable<base::Status> write_agent(std::string bytes,
                                                   base::RunClock::time_point deadline);
  // Waits until QEMU is up: its monitor answers. Errors as Control's.
  boost::asio::awaitable<base::Status> greeted(base::RunClock::time_point deadline);
  // What a guest that has gone silent says when it is interrupted (a panic with its registers and
  // stack), or why it says nothing. Ends when QEMU does, when the console is quiet again, or at the
  // deadline. From now on the console goes there and no more to console(): what follows from the
  // interrupt is no finding. Only to be ended afterwards.
  boost::asio::awaitable<Diagnosis> diagnose(base::RunClock::time_point deadline);
  // Stops the machine and writes its whole state, some 60 MiB, to the file `file`; it stands still
  // afterwards. Best when the agent waits and nothing is under way. Errors as Control's.
  boost::asio::awaitable<base::Status> save(int file,
                                            base::RunClock::time_point deadline);
  // Waits until a restored machine has its state.
  boost::asio::awaitable<base::Status> loaded(base::RunClock::time_point deadline);
  // Lets a machine that stands still go on.
  boost::asio::awaitable<base::Status> resume(base::RunClock::time_point deadline);
  // Waits for QEMU to end by itself until `deadline`, then kills it; drains the console. What the
  // agent sent last can still be read.
  boost::asio::awaitable<Ending> finish(base::RunClock::time_point deadline);
  // Kills QEMU now; finish() still tells how it ended.
  void kill();

  // `watcher` gets every byte that the console says from now on: all, when it is set before anything
  // is awaited. It goes with the machine at the latest.
  void watch_console(std::function<void(std::string_view)> watcher);
  // Takes in what the console has said, without waiting. What the guest printed before it sent
  // something to us is known afterwards, when that was read first.
  void catch_up();
  // What the console said so far (untrusted bytes; the middle is cut when it was long).
  [[nodiscard]] std::string console() const;
  [[nodiscard]] uint64_t console_bytes() const;
  // Of the child: QEMU's, or that of the sandbox around it.
  [[nodiscard]] int pid() const;

 private:
  struct State;
  static base::Result<Machine> spawn(boost::asio::io_context& io, const MachineConfig& config,
                                     int saved_state);
  static boost::asio::awaitable<void> drain(std::shared_ptr<State> state);
  explicit Machine(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// "7.2.22" from `qemu --version`. Error unavailable when it is not there.
base::Result<std::string> qemu_version(const std::string& qemu);

}  // namespace bpfmatrix::vm
