// A child for the process tests: `probe <what>`.
//   state       descriptors, signal state, rights and limits, session, folder, environment, arguments, on stdout
//   parent      starts a sleeping child with ChildProcess, prints its pid, sleeps (to be SIGKILLed)
//   command     runs a command whose child's pid is printed, until it is SIGKILLed
//   session     the same with a session, whose leader prints the pid of a child of its own
//   flood N     N bytes to stdout and stderr by turns
//   ignore-term ignores SIGTERM and sleeps
//   echo-3      reads from descriptor 3 and writes it to descriptor 4
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "base/child_process.h"

namespace {

void print_descriptors() {
  std::set<int> all;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder))
    if (entry->d_name[0] != '.') all.insert(std::atoi(entry->d_name));
  all.erase(::dirfd(folder));
  ::closedir(folder);
  std::printf("descriptors:");
  for (const int fd : all) std::printf(" %d", fd);
  std::printf("\n");
}

void print_signals() {
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  int blocked = 0;
  int ignored = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    blocked += ::sigismember(&mask, signal) == 1;
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0) ignored += action.sa_handler == SIG_IGN;
  }
  int death = 0;
  ::prctl(PR_GET_PDEATHSIG, &death);
  std::printf("blocked: %d\nignored: %d\ndeath signal: %d\n", blocked, ignored, death);
}

void print_rights() {
  std::printf("user: %u %u %d groups besides\n", ::getuid(), ::getegid(), ::getgroups(0, nullptr));
  std::printf("new privileges: %s\n",
              ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "none" : "possible");
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  std::printf("core: %llu\n", static_cast<unsigned long long>(limit.rlim_max));
  ::getrlimit(RLIMIT_FSIZE, &limit);
  std::printf("largest file: %llu\n", static_cast<unsigned long long>(limit.rlim_max));
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::printf("open files: %llu\n", static_cast<unsigned long long>(limit.rlim_max));
  if (FILE* file = std::fopen("/proc/self/oom_score_adj", "re")) {
    int score = 0;
    if (std::fscanf(file, "%d", &score) == 1) std::printf("dies first: %d\n", score);
    std::fclose(file);
  }
}

int state(int argc, char** argv) {
  print_descriptors();
  print_signals();
  print_rights();
  char link[4096] = {};
  if (::readlink("/proc/self/fd/0", link, sizeof link - 1) > 0) std::printf("input: %s\n", link);
  if (::getcwd(link, sizeof link) != nullptr) std::printf("folder: %s\n", link);
  std::printf("leads session: %d\n", ::getsid(0) == ::getpid());
  for (char** at = environ; *at != nullptr; ++at) std::printf("environment: %s\n", *at);
  for (int i = 0; i < argc; ++i) std::printf("argument: %s\n", argv[i]);
  return 0;
}

int parent(const char* self) {
  boost::asio::io_context io;
  auto child = bpfmatrix::base::ChildProcess::spawn(io, {.argv = {self, "ignore-term"}});
  if (!child) return 1;
  std::printf("%d\n", child->pid());
  std::fflush(stdout);
  for (;;) ::pause();
}

int session() {
  boost::asio::io_context io;
  const auto leader = bpfmatrix::base::ChildProcess::spawn(
      io, {.argv = {"sh", "-c", "sleep 60 & echo $!; wait"},
           .descriptors = {{1, 1}},
           .new_session = true});
  if (!leader) return 1;
  for (;;) ::pause();
}

int run_command() {
  // Its own output is collected; the probe's is where the pid is wanted.
  const auto output = bpfmatrix::base::run_command(
      {.argv = {"sh", "-c", "sleep 60 & echo $! > /proc/$PPID/fd/1; wait"},
       .timeout = std::chrono::seconds(60)});
  return output ? 0 : 1;
}

int flood(size_t bytes) {
  const std::string piece(4096, 'x');
  for (size_t done = 0; done < bytes; done += piece.size()) {
    if (::write(1, piece.data(), piece.size()) < 0 || ::write(2, piece.data(), piece.size()) < 0)
      return 1;
  }
  return 0;
}

int echo() {
  char bytes[64];
  const ssize_t n = ::read(3, bytes, sizeof bytes);
  return n > 0 && ::write(4, bytes, static_cast<size_t>(n)) == n ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "state") return state(argc, argv);
  if (what == "parent") return parent(argv[0]);
  if (what == "session") return session();
  if (what == "command") return run_command();
  if (what == "flood") return flood(std::strtoul(argv[2], nullptr, 10));
  if (what == "echo-3") return echo();
  if (what == "ignore-term") {
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  return 2;
}
