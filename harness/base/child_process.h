// The one process class: a child that never outlives us.
//
// Built on Boost.Process v2. The child gets SIGKILL when the driver dies, even by SIGKILL
// (PR_SET_PDEATHSIG); inherits only the descriptors it was given; is reaped by the destructor
// (killed first when still running). A program that cannot be executed is an error of spawn(), not
// an exit code. Runs on one thread, the one that runs `io`; that thread must live as long as the
// child (Linux sends the death signal when the *thread* that forked ends).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::base {

struct ExitStatus {
  bool by_signal = false;
  int code = 0;  // exit code, or the number of the signal
  [[nodiscard]] bool success() const { return !by_signal && code == 0; }
  // "exit code 3", "signal 9 (Killed)".
  [[nodiscard]] std::string text() const;
};

// What a child may do less than we. Core dumps are off for it, and the kernel that runs out of memory
// takes it before us.
struct Confinement {
  struct User {
    uint32_t uid = 0, gid = 0;
    std::vector<uint32_t> groups;  // all that it is in besides
  };
  std::optional<User> user;        // changed to before the program starts; needs root
  bool no_new_privileges = false;  // also none by a set-uid program
  uint64_t largest_file = 0;       // bytes that it may make a file long; 0: no limit
  uint32_t open_files = 0;         // descriptors; 0: our limit
};

struct ChildOptions {
  std::vector<std::string> argv;                 // argv[0] is looked up in PATH
  std::vector<std::string> environment;          // NAME=value, all that the child gets
  std::vector<std::pair<int, int>> descriptors;  // {number in the child, our descriptor}
  std::string folder;                            // working folder; empty: ours
  // setsid(): a terminal's signals pass it by; it is stopped and continued with us (run_clock.h). It
  // is killed, and reaped, with all processes of it, as far as they have stayed in its process group;
  // they are killed too when we die (lifeline.h). While it lives we are a subreaper (prctl(2)): a
  // process whose parent was killed would else be left to an init that may reap nothing.
  bool new_session = false;
  std::optional<Confinement> confinement;
};

class ChildProcess {
 public:
  // Errors: unavailable when the program is not there, process when it cannot be started.
  // Standard input is /dev/null unless `descriptors` has 0; 1 and 2 likewise.
  static Result<ChildProcess> spawn(boost::asio::io_context& io, const ChildOptions& options);
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ~ChildProcess();

  [[nodiscard]] int pid() const;
  [[nodiscard]] bool running() const;
  // Sends `signal` to the child, and to all of its group when it has a session of its own; nothing
  // when it has ended. Never hits a reused pid.
  void signal(int signal);
  // Resumes when the child has ended and was reaped, or with "killed" when this object goes first.
  // May be awaited by one coroutine at a time; cancelled (Asio), it throws system_error, and the
  // child goes on.
  boost::asio::awaitable<ExitStatus> wait();

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with a pending wait() only
};

struct CommandOutput {
  ExitStatus status;
  std::string standard_output;  // at most 64 MiB, then cut
  std::string standard_error;   // its last 64 KiB
};

struct CommandOptions {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::string folder;
  std::chrono::seconds timeout{600};  // then killed: Error of kind timeout
  std::optional<Confinement> confinement;
};

// Runs a command to its end on a loop of its own (blocking; not for use inside the driver's loop).
// Its end is its exit and the end of both streams, which a grandchild may hold. At the timeout it
// gets SIGTERM (make and apt then end their own children), 2 s later SIGKILL.
// A non-zero exit is not an Error: look at `status`. Not found: Error of kind unavailable.
Result<CommandOutput> run_command(const CommandOptions& options);

// The same, a non-zero exit being an Error of kind process with the last lines of standard error.
Result<std::string> run_checked(const CommandOptions& options);

// The path that `name` has in PATH, or nothing. A name with a slash is its own path, unchecked.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace bpfmatrix::base
