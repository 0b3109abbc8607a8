// ChildProcess against the faults that process classes have: zombies, leaked descriptors, exec
// failures that look like exit codes, children that outlive their parent.
#include "base/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/descriptor.h"
#include "base/files.h"
#include "open_descriptors.h"

namespace bpfmatrix::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::no_children;
using tests::open_descriptors;

const std::string kProbe = BPFM_BUILD "/tests/process_probe";

// Runs a child to its end.
ExitStatus ending(boost::asio::io_context& io, ChildProcess& child) {
  std::optional<ExitStatus> status;
  boost::asio::co_spawn(
      io, [&]() -> boost::asio::awaitable<void> { status = co_await child.wait(); },
      boost::asio::detached);
  io.restart();
  io.run();
  return status.value_or(ExitStatus{false, -1});
}

ExitStatus run_shell(const std::string& script) {
  boost::asio::io_context io;
  auto child = ChildProcess::spawn(io, {.argv = {"sh", "-c", script}});
  EXPECT_TRUE(child);
  return ending(io, *child);
}

// What the probe says of its state, with these options.
std::string probe_state(ChildOptions options) {
  boost::asio::io_context io;
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Descriptor reading(ends[0]), writing(ends[1]);
  if (options.argv.empty()) options.argv = {kProbe, "state"};
  options.descriptors.emplace_back(1, writing.get());
  auto child = ChildProcess::spawn(io, options);
  EXPECT_TRUE(child);
  writing.reset();
  std::string text;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(reading.get(), piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<size_t>(n));
  EXPECT_TRUE(ending(io, *child).success());
  return text;
}

bool alive(int pid) {
  return ::kill(pid, 0) == 0;
}

TEST(ChildProcess, an_exit_code_is_told_from_the_signal_of_the_same_number) {
  const auto exited = run_shell("exit 9");
  EXPECT_FALSE(exited.by_signal);
  EXPECT_EQ(exited.code, 9);
  EXPECT_EQ(exited.text(), "exit code 9");
  const auto killed = run_shell("kill -9 $$");
  EXPECT_TRUE(killed.by_signal);
  EXPECT_EQ(killed.code, 9);
  EXPECT_EQ(killed.text(), "signal 9 (Killed)");
  EXPECT_FALSE(killed.success());
  EXPECT_TRUE(run_shell("exit 0").success());
}

TEST(ChildProcess, a_child_that_ended_before_the_wait_is_not_missed) {
  boost::asio::io_context io;
  auto child = ChildProcess::spawn(io, {.argv = {"sh", "-c", "exit 5"}});
  ASSERT_TRUE(child);
  while (child->running()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(ending(io, *child).code, 5);
  EXPECT_EQ(ending(io, *child).code, 5) << "a second wait gives the same answer";
  EXPECT_FALSE(child->running());
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_missing_program_is_unavailable_and_says_what_to_install) {
  boost::asio::io_context io;
  const auto plain = ChildProcess::spawn(io, {.argv = {"no-such-program-here"}});
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(plain.error().message, HasSubstr("no-such-program-here"));
  EXPECT_THAT(plain.error().message, Not(HasSubstr("install")));
  const auto qemu = ChildProcess::spawn(io, {.argv = {"/nowhere/qemu-system-x86_64"}});
  ASSERT_FALSE(qemu);
  EXPECT_EQ(qemu.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(qemu.error().message, HasSubstr("apt-get install qemu-system-x86"));
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_file_that_cannot_be_executed_is_an_error_of_kind_process) {
  boost::asio::io_context io;
  const auto child = ChildProcess::spawn(io, {.argv = {"/etc/passwd"}});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().kind, ErrorKind::process);
  EXPECT_THAT(child.error().message, HasSubstr("Permission denied"));
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_missing_working_folder_is_named) {
  boost::asio::io_context io;
  const auto child = ChildProcess::spawn(io, {.argv = {"true"}, .folder = "/no/such/folder"});
  ASSERT_FALSE(child);
  EXPECT_THAT(child.error().message, HasSubstr("enter folder /no/such/folder"));
  EXPECT_THAT(child.error().message, HasSubstr("No such file"));
}

TEST(ChildProcess, a_child_gets_its_folder_arguments_and_environment_and_nothing_of_ours) {
  ::setenv("BPFM_OURS", "leaks", 1);
  const auto text = probe_state(
      {.argv = {kProbe, "state", "a b"}, .environment = {"ONLY=this one"}, .folder = "/proc"});
  EXPECT_THAT(text, HasSubstr("environment: ONLY=this one\n"));
  EXPECT_THAT(text, Not(HasSubstr("BPFM_OURS")));
  EXPECT_THAT(text, HasSubstr("folder: /proc\n"));
  EXPECT_THAT(text, HasSubstr("argument: a b\n"));
  EXPECT_THAT(text, HasSubstr("input: /dev/null\n"));
}

TEST(ChildProcess, a_session_of_its_own_is_made_on_request_only) {
  EXPECT_THAT(probe_state({.new_session = true}), HasSubstr("leads session: 1"));
  EXPECT_THAT(probe_state({.new_session = false}), HasSubstr("leads session: 0"));
}

TEST(ChildProcess, a_session_is_killed_and_reaped_with_all_its_processes) {
  for (const bool waited : {true, false}) {
    boost::asio::io_context io;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    Descriptor reading(ends[0]), writing(ends[1]);
    char text[32] = {};
    {
      auto child = ChildProcess::spawn(io, {.argv = {"sh", "-c", "sleep 60 & echo $!; wait"},
                                            .descriptors = {{1, writing.get()}},
                                            .new_session = true});
      ASSERT_TRUE(child);
      ASSERT_GT(::read(reading.get(), text, sizeof text - 1), 0);
      if (waited) {
        child->signal(SIGKILL);
        EXPECT_EQ(ending(io, *child).code, SIGKILL);
      }
    }
    const int grandchild = std::atoi(text);
    ASSERT_GT(grandchild, 1);
    EXPECT_FALSE(alive(grandchild)) << "not even a zombie, whatever adopts orphans here";
    EXPECT_TRUE(no_children());
  }
}

TEST(ChildProcess, what_a_killed_leader_leaves_behind_is_reaped_too) {
  boost::asio::io_context io;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Descriptor reading(ends[0]), writing(ends[1]);
  auto child = ChildProcess::spawn(io, {.argv = {"sh", "-c", "sleep 60 & echo $!; wait"},
                                        .descriptors = {{1, writing.get()}},
                                        .new_session = true});
  ASSERT_TRUE(child);
  char text[32] = {};
  ASSERT_GT(::read(reading.get(), text, sizeof text - 1), 0);
  ::kill(child->pid(), SIGKILL);  // by somebody else: the leader alone
  EXPECT_EQ(ending(io, *child).code, SIGKILL);
  EXPECT_FALSE(alive(std::atoi(text)));
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_confined_child_gains_no_rights_and_leaves_no_core) {
  const auto text = probe_state({.confinement = Confinement{
                                     .no_new_privileges = true,
                                     .largest_file = 1 << 20,
                                     .open_files = 64,
                                 }});
  EXPECT_THAT(text, HasSubstr("new privileges: none\n"));
  EXPECT_THAT(text, HasSubstr("core: 0\n"));
  EXPECT_THAT(text, HasSubstr("largest file: 1048576\n"));
  EXPECT_THAT(text, HasSubstr("open files: 64\n"));
  EXPECT_THAT(text, HasSubstr("dies first: 500\n"));
  EXPECT_THAT(probe_state({}), HasSubstr("new privileges: possible\n")) << "the opposite case";
}

TEST(ChildProcess, root_can_start_a_child_as_another_user_who_still_dies_with_it) {
  const Confinement as_nobody{.user = Confinement::User{65534, 65534, {}}};
  if (::geteuid() != 0) {
    boost::asio::io_context io;
    const auto refused = ChildProcess::spawn(io, {.argv = {"true"}, .confinement = as_nobody});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("change to user 65534"));
    return;
  }
  // A copy: the build may lie where nobody gets.
  namespace fs = std::filesystem;
  const auto folder = TemporaryFolder::make("/tmp", "bpfm-probe-");
  ASSERT_TRUE(folder);
  fs::permissions(folder->path(), fs::perms{0755});
  const auto probe = folder->path() / "probe";
  fs::copy_file(kProbe, probe);
  const auto text = probe_state({.argv = {probe.string(), "state"}, .confinement = as_nobody});
  EXPECT_THAT(text, HasSubstr("user: 65534 65534 0 groups besides\n"));
  EXPECT_THAT(text, HasSubstr("death signal: 9\n")) << "a change of user forgets it";
}

TEST(ChildProcess, only_listed_descriptors_are_inherited_even_past_gaps) {
  // Opened without close-on-exec, as a careless library would; 7 lies in a gap between 3 and 9.
  const int careless = ::open("/dev/null", O_RDONLY);
  ASSERT_EQ(::dup2(careless, 7), 7);
  ASSERT_EQ(::dup2(careless, 20), 20);
  const auto text = probe_state({.descriptors = {{3, careless}, {9, careless}}});
  EXPECT_THAT(text, HasSubstr("descriptors: 0 1 2 3 9\n"));
  EXPECT_EQ(::fcntl(7, F_GETFD), 0) << "ours is as it was";
  ::close(careless);
  ::close(7);
  ::close(20);
}

TEST(ChildProcess, descriptors_whose_numbers_overlap_do_not_overwrite_each_other) {
  // Ours sit on the very numbers that the child wants them swapped to.
  auto in = make_socket_pair();
  auto out = make_socket_pair();
  ASSERT_TRUE(in && out);
  const int saved3 = ::fcntl(3, F_DUPFD_CLOEXEC, 50);
  const int saved4 = ::fcntl(4, F_DUPFD_CLOEXEC, 50);
  const int in_high = ::fcntl(in->theirs.get(), F_DUPFD_CLOEXEC, 50);
  const int out_high = ::fcntl(out->theirs.get(), F_DUPFD_CLOEXEC, 50);
  const int ours_in = ::fcntl(in->ours.get(), F_DUPFD_CLOEXEC, 50);
  const int ours_out = ::fcntl(out->ours.get(), F_DUPFD_CLOEXEC, 50);
  ASSERT_EQ(::dup3(in_high, 4, O_CLOEXEC), 4);
  ASSERT_EQ(::dup3(out_high, 3, O_CLOEXEC), 3);
  ASSERT_EQ(::write(ours_in, "swap", 4), 4);
  std::string heard(4, '?');
  {
    boost::asio::io_context io;
    auto child =
        ChildProcess::spawn(io, {.argv = {kProbe, "echo-3"}, .descriptors = {{3, 4}, {4, 3}}});
    ASSERT_TRUE(child);
    EXPECT_TRUE(ending(io, *child).success());
  }
  EXPECT_EQ(::read(ours_out, heard.data(), 4), 4);
  EXPECT_EQ(heard, "swap");
  for (const auto& [saved, number] : {std::pair{saved3, 3}, std::pair{saved4, 4}}) {
    if (saved >= 0) {
      ::dup3(saved, number, O_CLOEXEC);
      ::close(saved);
    } else {
      ::close(number);
    }
  }
  for (const int fd : {in_high, out_high, ours_in, ours_out}) ::close(fd);
}

TEST(ChildProcess, signals_are_neither_blocked_nor_ignored_in_the_child) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  ::signal(SIGPIPE, SIG_IGN);
  const auto text = probe_state({});
  sigset_t after;
  ::sigprocmask(SIG_SETMASK, &before, &after);
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_THAT(text, HasSubstr("blocked: 0\n"));
  EXPECT_THAT(text, HasSubstr("ignored: 0\n"));
  EXPECT_TRUE(::sigismember(&after, SIGUSR1)) << "our own mask is as it was";
  EXPECT_FALSE(::sigismember(&after, SIGTERM));
}

TEST(ChildProcess, the_destructor_kills_and_reaps) {
  const auto before = open_descriptors();
  int pid = 0;
  {
    boost::asio::io_context io;
    auto child = ChildProcess::spawn(io, {.argv = {kProbe, "ignore-term"}});
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_TRUE(child->running());
    EXPECT_TRUE(alive(pid));
  }
  EXPECT_FALSE(alive(pid));
  EXPECT_TRUE(no_children());
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ChildProcess, assigning_over_a_running_child_ends_it) {
  boost::asio::io_context io;
  auto first = ChildProcess::spawn(io, {.argv = {"sleep", "60"}});
  auto second = ChildProcess::spawn(io, {.argv = {"sh", "-c", "exit 3"}});
  ASSERT_TRUE(first && second);
  const int pid = first->pid();
  *first = std::move(*second);
  EXPECT_FALSE(alive(pid));
  EXPECT_EQ(ending(io, *first).code, 3);
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_wait_is_let_go_when_the_object_goes) {
  boost::asio::io_context io;
  std::optional<ExitStatus> status;
  {
    auto child = ChildProcess::spawn(io, {.argv = {"sleep", "60"}});
    ASSERT_TRUE(child);
    boost::asio::co_spawn(io, child->wait(), [&](std::exception_ptr, ExitStatus s) { status = s; });
    io.poll();
    EXPECT_FALSE(status);
  }
  io.restart();
  io.run();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->by_signal);
  EXPECT_EQ(status->code, SIGKILL);
}

TEST(ChildProcess, a_hundred_children_and_failures_leave_no_descriptor_and_no_zombie) {
  const auto before = open_descriptors();
  {
    boost::asio::io_context io;
    for (int i = 0; i < 50; ++i) {
      auto child = ChildProcess::spawn(io, {.argv = {"true"}});
      ASSERT_TRUE(child);
      if (i % 2 == 0) {
        EXPECT_TRUE(ending(io, *child).success());
      }
      EXPECT_FALSE(ChildProcess::spawn(io, {.argv = {"/etc/passwd"}}));
    }
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(no_children());
}

TEST(ChildProcess, a_signal_ends_the_child_and_nothing_is_sent_after_its_end) {
  boost::asio::io_context io;
  auto child = ChildProcess::spawn(io, {.argv = {"sleep", "60"}});
  ASSERT_TRUE(child);
  child->signal(SIGTERM);
  const auto status = ending(io, *child);
  EXPECT_TRUE(status.by_signal);
  EXPECT_EQ(status.code, SIGTERM);
  errno = 0;
  child->signal(SIGKILL);
  EXPECT_EQ(errno, 0) << "a kill() of the freed number would have failed with ESRCH";
}

// Whoever adopts orphans here may leave it a zombie: that counts as dead.
bool dead(int pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return true;
  char state = '?';
  const int fields = std::fscanf(file, "%*d (%*[^)]) %c", &state);
  std::fclose(file);
  return fields == 1 && state == 'Z';
}

// Starts `probe <what>`, which prints the pid of a process, and kills the probe; that process
// must be gone soon after.
void expect_dead_with_parent(const std::string& what) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Descriptor reading(ends[0]), writing(ends[1]);
  boost::asio::io_context io;
  auto parent =
      ChildProcess::spawn(io, {.argv = {kProbe, what}, .descriptors = {{1, writing.get()}}});
  ASSERT_TRUE(parent);
  char text[32] = {};
  ASSERT_GT(::read(reading.get(), text, sizeof text - 1), 0);
  const int grandchild = std::atoi(text);
  ASSERT_GT(grandchild, 1);
  EXPECT_TRUE(alive(grandchild));
  parent->signal(SIGKILL);
  EXPECT_EQ(ending(io, *parent).code, SIGKILL);
  for (int i = 0; i < 400 && !dead(grandchild); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(dead(grandchild));
  if (!dead(grandchild)) ::kill(grandchild, SIGKILL);
}

TEST(ChildProcess, a_child_dies_with_a_parent_that_is_killed) {
  expect_dead_with_parent("parent");
}

TEST(ChildProcess, what_the_leader_of_a_session_started_dies_with_a_parent_that_is_killed) {
  expect_dead_with_parent("session");
}

TEST(ChildProcess, what_a_command_started_dies_with_us) {
  expect_dead_with_parent("command");
}

TEST(ChildProcess, a_loop_with_signal_handlers_and_timers_survives_the_fork) {
  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  bool heard = false;
  signals.async_wait([&](boost::system::error_code error, int) { heard = !error; });
  auto child = ChildProcess::spawn(io, {.argv = {"sh", "-c", "kill -TERM $$"}});
  ASSERT_TRUE(child);
  std::optional<ExitStatus> status;
  boost::asio::co_spawn(io, child->wait(), [&](std::exception_ptr, ExitStatus s) {
    status = s;
    signals.cancel();
  });
  io.run();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->by_signal) << "the parent's handler must not have been inherited";
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace bpfmatrix::base
