#include "base/apart.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>

namespace bpfmatrix::base {
namespace {

using Texts = std::vector<std::string>;

TEST(Apart, the_answer_comes_back_whole) {
  const Texts texts = {"", std::string(5 << 20, 'x'), std::string("a\0b", 3)};
  const auto back = run_apart([&]() -> Result<Texts> { return texts; });
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, texts);
  EXPECT_TRUE(run_apart([]() -> Result<Texts> { return Texts(); })->empty());
}

TEST(Apart, an_error_comes_back_with_its_kind) {
  const auto back =
      run_apart([]() -> Result<Texts> { return fail(ErrorKind::unavailable, "not {}", 7); });
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(back.error().message, "not 7");
}

TEST(Apart, a_reader_that_crashes_is_an_error_and_leaves_no_process) {
  const auto back = run_apart([]() -> Result<Texts> {
    ::raise(SIGSEGV);
    ::_exit(3);
  });
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(Apart, nothing_can_be_opened_connected_or_started) {
  const auto back = run_apart([]() -> Result<Texts> {
    Texts refused;
    const auto note = [&](const char* what, long result) {
      if (result < 0 && errno == EPERM) refused.emplace_back(what);
    };
    note("open", ::open("/etc/passwd", O_RDONLY));
    note("create", ::open("/tmp/bpfmatrix-apart", O_CREAT | O_WRONLY, 0644));
    note("socket", ::socket(AF_INET, SOCK_STREAM, 0));
    note("unlink", ::unlink("/tmp/bpfmatrix-apart"));
    char* const none[] = {nullptr};
    note("exec", ::execve("/bin/true", none, none));
    note("kill", ::kill(::getppid(), 0));
    return refused;
  });
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, (Texts{"open", "create", "socket", "unlink", "exec", "kill"}));
}

TEST(Apart, more_memory_than_allowed_is_an_error) {
  const auto back = run_apart(
      []() -> Result<Texts> {
        Texts many;
        for (;;) many.emplace_back(16 << 20, 'x');
      },
      {.memory = uint64_t{256} << 20});
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::invalid_input);
  EXPECT_NE(back.error().message.find("memory"), std::string::npos) << back.error().message;
}
#endif

TEST(Apart, limits_of_the_user_that_are_lower_stay) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit time{5, 5};
    ::setrlimit(RLIMIT_CPU, &time);
    ::_exit(run_apart([]() -> Result<Texts> { return Texts(); }) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Apart, an_answer_above_its_limit_is_refused) {
  const auto back = run_apart([]() -> Result<Texts> { return Texts(3, std::string(1 << 20, 'x')); },
                              {.answer = 1 << 20});
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().message.find("refused"), std::string::npos) << back.error().message;
}

}  // namespace
}  // namespace bpfmatrix::base
