#include "base/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/descriptor.h"
#include "base/lifeline.h"
#include "base/run_clock.h"

namespace bpfmatrix::base {
namespace asio = boost::asio;
namespace process = boost::process::v2;
namespace {

// What the child was doing when it failed; sent to the parent with the errno.
enum class Step { descriptors, session, guard, folder, limits, user, execute };
struct Failure {
  Step step;
  int error;
};

ExitStatus decode(int native) {
  if (WIFSIGNALED(native)) return {true, WTERMSIG(native)};
  return {false, WEXITSTATUS(native)};
}

// Everything between fork() and execve(), as an initializer of Boost.Process v2's launcher.
//
// It executes the program itself and never returns, because of three faults of the launcher of
// Boost 1.81 (boost/process/v2/posix/default_launcher.hpp): its error pipe keeps the number it got,
// so that a mapped descriptor may overwrite it; close_all() leaves the gaps between listed numbers
// open (`next = whitelist[idx]`); and a failed child calls exit(), which flushes the parent's
// buffers a second time. Allocates nothing after the fork.
class Preparation {
 public:
  Preparation(const std::string& program, const ChildOptions& options, int failure_pipe,
              int null_device)
      : program_(program),
        options_(options),
        failure_pipe_(failure_pipe),
        null_device_(null_device),
        lifeline_(options.new_session ? lifeline().get() : -1),
        parent_(::getpid()) {
    for (const auto& word : options.argv) argv_.push_back(const_cast<char*>(word.c_str()));
    argv_.push_back(nullptr);
    for (const auto& word : options.environment) env_.push_back(const_cast<char*>(word.c_str()));
    env_.push_back(nullptr);
    map_ = options.descriptors;
    for (int standard = 0; standard <= 2; ++standard) {
      const bool given = std::any_of(map_.begin(), map_.end(),
                                     [&](const auto& pair) { return pair.first == standard; });
      if (!given) map_.emplace_back(standard, null_device);
    }
    for (const auto& [number, ours] : map_) above_ = std::max(above_, number + 1);
  }

  template <typename Launcher>
  boost::system::error_code on_exec_setup(Launcher&, const process::filesystem::path&,
                                          const char* const*) {
    const Failure failure = run();
    [[maybe_unused]] const ssize_t n = ::write(failure_pipe_, &failure, sizeof failure);
    ::_exit(127);
  }

 private:
  Failure run() {
    if (options_.new_session && ::setsid() < 0) return {Step::session, errno};
    if (options_.new_session && !guard_group(lifeline_, null_device_))
      return {Step::guard, errno};
    if (!options_.folder.empty() && ::chdir(options_.folder.c_str()) != 0)
      return {Step::folder, errno};
    if (!map_descriptors()) return {Step::descriptors, errno};
    if (options_.confinement) {
      if (!limit()) return {Step::limits, errno};
      if (!change_user()) return {Step::user, errno};
    }
    // SIGKILL with the parent. After the change of user, which forgets it; when the parent went
    // before it took effect, nobody would tell.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_) ::_exit(127);
    reset_signals();
    ::execve(program_.c_str(), argv_.data(), env_.data());
    return {Step::execute, errno};
  }

  [[nodiscard]] bool limit() const {
    const auto& confinement = *options_.confinement;
    const auto set = [](auto what, rlim_t most) {
      rlimit limits{};
      if (::getrlimit(what, &limits) != 0) return false;
      limits.rlim_max = std::min(limits.rlim_max, most);
      limits.rlim_cur = std::min(limits.rlim_cur, limits.rlim_max);
      return ::setrlimit(what, &limits) == 0;
    };
    if (!set(RLIMIT_CORE, 0)) return false;
    if (confinement.largest_file != 0 && !set(RLIMIT_FSIZE, confinement.largest_file)) return false;
    if (confinement.open_files != 0 && !set(RLIMIT_NOFILE, confinement.open_files)) return false;
    // Without /proc it stays as likely to go as we are.
    const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    [[maybe_unused]] const ssize_t n = ::write(score, "500", 3);
    ::close(score);
    return !confinement.no_new_privileges || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  }

  [[nodiscard]] bool change_user() const {
    const auto& user = options_.confinement->user;
    if (!user) return true;
    return ::setgroups(user->groups.size(), user->groups.data()) == 0 &&
           ::setresgid(user->gid, user->gid, user->gid) == 0 &&
           ::setresuid(user->uid, user->uid, user->uid) == 0;
  }

  // Sources move above every target first, so that no dup2() hits a source or the failure pipe.
  bool map_descriptors() {
    failure_pipe_ = ::fcntl(failure_pipe_, F_DUPFD_CLOEXEC, above_);
    if (failure_pipe_ < 0) return false;
    for (auto& [number, ours] : map_) {
      ours = ::fcntl(ours, F_DUPFD_CLOEXEC, above_);
      if (ours < 0) return false;
    }
    // What a library opened without close-on-exec goes too. Failure (Linux before 5.11) is no
    // fault: our own descriptors are close-on-exec from birth.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (const auto& [number, ours] : map_)
      if (::dup2(ours, number) < 0) return false;
    return true;
  }

  // All signals are blocked since before the fork, so that no handler of the parent ran in here.
  static void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  const std::string& program_;
  const ChildOptions& options_;
  int failure_pipe_, null_device_, lifeline_;
  pid_t parent_;
  int above_ = 3;
  std::vector<char*> argv_, env_;
  std::vector<std::pair<int, int>> map_;
};

// Blocks all signals of this thread for a scope.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Debian 12's package for the programs that bpfmatrix itself starts.
std::string install_hint(std::string_view program) {
  struct Package {
    std::string_view program, package;
  };
  static constexpr Package kPackages[] = {{"qemu-system-x86_64", "qemu-system-x86"},
                                          {"bwrap", "bubblewrap"},
                                          {"make", "make"},
                                          {"cc", "gcc"},
                                          {"gcc", "gcc"},
                                          {"apt-get", "apt"},
                                          {"apt-cache", "apt"},
                                          {"clang-16", "clang-16"},
                                          {"ar", "binutils"}};
  const auto name = program.substr(program.rfind('/') + 1);
  for (const auto& entry : kPackages)
    if (entry.program == name)
      return fmt::format("; install it: apt-get install {}", entry.package);
  return {};
}

Error start_error(const ChildOptions& options, const Failure& failure) {
  const auto& program = options.argv.front();
  const auto text = std::strerror(failure.error);
  switch (failure.step) {
    case Step::descriptors:
      return fail(ErrorKind::process, "start {}: map descriptors: {}", program, text);
    case Step::session:
      return fail(ErrorKind::process, "start {}: setsid: {}", program, text);
    case Step::guard:
      return fail(ErrorKind::process, "start {}: start what ends it with us: {}", program, text);
    case Step::folder:
      return fail(ErrorKind::process, "start {}: enter folder {}: {}", program, options.folder,
                  text);
    case Step::limits:
      return fail(ErrorKind::process, "start {}: limit what it may do: {}", program, text);
    case Step::user:
      return fail(ErrorKind::process, "start {}: change to user {}: {}", program,
                  options.confinement->user->uid, text);
    case Step::execute:
      break;
  }
  if (failure.error == ENOENT)
    return fail(ErrorKind::unavailable, "start {}: {}{}", program, text, install_hint(program));
  return fail(ErrorKind::process, "start {}: {}", program, text);
}

// Reads what the child reports; nothing when it executed its program.
std::optional<Failure> read_failure(int pipe) {
  Failure failure{};
  ssize_t n = 0;
  do n = ::read(pipe, &failure, sizeof failure);
  while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(sizeof failure)) return failure;
  return std::nullopt;
}

}  // namespace

std::string ExitStatus::text() const {
  if (!by_signal) return fmt::format("exit code {}", code);
  const char* name = ::sigdescr_np(code);
  return fmt::format("signal {} ({})", code, name != nullptr ? name : "unknown");
}

// While it lives, orphans below us are ours to reap: those of a session whose leader was killed.
// Not longer, since nobody would reap what a make or an apt leaves behind.
class Subreaping {
 public:
  Subreaping() {
    if (holders_++ == 0) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  }
  Subreaping(const Subreaping&) = delete;
  Subreaping& operator=(const Subreaping&) = delete;
  ~Subreaping() {
    if (--holders_ == 0) ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }

 private:
  static inline std::atomic<int> holders_ = 0;
};

// Shared with the coroutine inside wait(), which may outlive the object by one turn of the loop.
struct ChildProcess::State {
  // `reaping`: held since before the fork by one that leads a session.
  State(process::process_handle h, std::unique_ptr<Subreaping> reaping)
      : handle(std::move(h)),
        pid(handle.id()),
        leads_session(reaping != nullptr),
        subreaping(std::move(reaping)) {
    if (leads_session) stop_with_us(pid);
  }
  ~State() { end(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Takes the status of a child that has ended or is about to.
  void reap() {
    int native = 0;
    while (::waitpid(pid, &native, 0) < 0 && errno == EINTR) {
    }
    ended = decode(native);
    reap_others();
  }

  // The other processes of its session, which were left to us when it ended.
  void reap_others() {
    siginfo_t info{};
    const auto group = static_cast<id_t>(pid);
    // One of them is a child of ours and not reaped: the group's number is still its own.
    while (leads_session && ::waitid(P_PGID, group, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
      ::kill(-pid, SIGKILL);
      ::waitpid(-pid, nullptr, 0);
    }
    subreaping.reset();
    if (leads_session) forget_child(pid);
  }

  // While not reaped, so the numbers are still its own.
  void send(int signal) const {
    if (leads_session) ::kill(-pid, signal);
    // A leader that has left its own group would be missed.
    if (!leads_session || signal == SIGKILL) ::kill(pid, signal);
  }

  // Kills when running, reaps, and lets a pending wait() go.
  void end() {
    if (!ended) {
      send(SIGKILL);
      reap();
    }
    // The handle's destructor closes the pidfd, which aborts the wait.
    handle = process::process_handle(handle.get_executor());
  }

  process::process_handle handle;
  int pid;
  bool leads_session;
  std::unique_ptr<Subreaping> subreaping;
  std::optional<ExitStatus> ended;
};

Result<ChildProcess> ChildProcess::spawn(asio::io_context& io, const ChildOptions& options) {
  if (options.argv.empty()) return fail(ErrorKind::internal, "start a program: no arguments");
  const std::string program = find_program(options.argv.front());
  if (program.empty()) return start_error(options, {Step::execute, ENOENT});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return io_error(errno, "pipe");
  Descriptor reading(ends[0]), writing(ends[1]);
  const Descriptor null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device.open()) return io_error(errno, "open /dev/null");

  auto subreaping = options.new_session ? std::make_unique<Subreaping>() : nullptr;
  const pid_t parent = ::getpid();
  boost::system::error_code error;
  std::optional<process::process> child;
  try {
    Preparation preparation(program, options, writing.get(), null_device.get());
    const BlockedSignals blocked;
    process::posix::default_launcher launcher;
    child.emplace(launcher(asio::any_io_executor(io.get_executor()), error,
                           process::filesystem::path(program), std::vector<std::string>{},
                           preparation));
  } catch (const std::exception& thrown) {
    if (::getpid() != parent) ::_exit(127);  // Asio's fork handling failed inside the child
    return fail(ErrorKind::process, "start {}: {}", options.argv.front(), thrown.what());
  }
  if (error) return io_error(error.value(), fmt::format("start {}", options.argv.front()));
  // From here on State reaps: Boost's own destructor would wait for the number a second time.
  auto state = std::make_shared<State>(child->detach(), std::move(subreaping));
  writing.reset();
  if (const auto failure = read_failure(reading.get())) return start_error(options, *failure);
  return ChildProcess(std::move(state));
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    if (state_) state_->end();
    state_ = std::move(other.state_);
  }
  return *this;
}
ChildProcess::~ChildProcess() {
  if (state_) state_->end();
}

int ChildProcess::pid() const {
  return state_->pid;
}

bool ChildProcess::running() const {
  if (state_->ended) return false;
  siginfo_t info{};
  // WNOWAIT: reaping is left to wait(), which otherwise would miss the status.
  return ::waitid(P_PID, static_cast<id_t>(state_->pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

void ChildProcess::signal(int signal) {
  if (!state_->ended) state_->send(signal);
}

asio::awaitable<ExitStatus> ChildProcess::wait() {
  const auto state = state_;
  // Boost would reap an ended child at once and tell a turn of the loop later; meanwhile signal()
  // would hit a freed number.
  if (!state->ended && !running()) state->reap();
  if (state->ended) co_return *state->ended;
  const auto [error, native] =
      co_await state->handle.async_wait(asio::as_tuple(asio::use_awaitable));
  if (state->ended) co_return *state->ended;  // by the destructor, meanwhile
  if (error) throw boost::system::system_error(error, "wait for a child");
  state->ended = decode(native);
  state->reap_others();
  co_return *state->ended;
}

std::string find_program(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, colon), name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return {};
}

}  // namespace bpfmatrix::base
