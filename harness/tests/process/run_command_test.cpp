#include <gmock/gmock.h>
#include <sys/wait.h>

#include <chrono>

#include "base/child_process.h"
#include "base/files.h"
#include "base/lifeline.h"
#include "open_descriptors.h"

namespace bpfmatrix::base {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kProbe = BPFM_BUILD "/tests/process_probe";

TEST(RunCommand, both_streams_come_back_apart_and_a_failed_exit_is_no_error) {
  const auto output = run_command({.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standard_output, "out\n");
  EXPECT_EQ(output->standard_error, "err\n");
  EXPECT_EQ(output->status.code, 3);
  EXPECT_FALSE(output->status.by_signal);
}

TEST(RunCommand, eight_megabytes_on_both_streams_at_once_do_not_deadlock) {
  const auto output = run_command({.argv = {kProbe, "flood", "8388608"}, .timeout = 60s});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->status.success());
  EXPECT_EQ(output->standard_output.size(), 8388608u);
  EXPECT_EQ(output->standard_error.size(), 65536u) << "its end is kept";
}

TEST(RunCommand, standard_output_is_cut_at_its_limit_and_the_command_runs_on) {
  const auto output =
      run_command({.argv = {"head", "-c", "68157440", "/dev/zero"}, .timeout = 60s});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->status.success());
  EXPECT_EQ(output->standard_output.size(), size_t{64} << 20);
}

TEST(RunCommand, a_variable_is_added_to_ours_and_replaces_one_of_the_same_name) {
  ::setenv("BPFM_KEPT", "kept", 1);
  ::setenv("BPFM_OTHER", "old", 1);
  const auto output = run_command({.argv = {"sh", "-c", "echo $BPFM_KEPT $BPFM_OTHER"},
                                   .environment = {{"BPFM_OTHER", "new"}}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standard_output, "kept new\n");
}

TEST(RunCommand, a_command_is_killed_at_its_timeout_even_if_it_ignores_the_polite_signal) {
  (void)lifeline();  // made once, and kept
  const auto before = tests::open_descriptors();
  const auto start = std::chrono::steady_clock::now();
  const auto polite = run_command({.argv = {"sleep", "60"}, .timeout = 1s});
  ASSERT_FALSE(polite);
  EXPECT_EQ(polite.error().kind, ErrorKind::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2800ms);
  const auto stubborn = run_command({.argv = {kProbe, "ignore-term"}, .timeout = 1s});
  ASSERT_FALSE(stubborn);
  EXPECT_THAT(stubborn.error().message, HasSubstr("killed after 1 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_TRUE(tests::no_children());
  EXPECT_EQ(tests::open_descriptors(), before);
}

TEST(RunCommand, a_grandchild_that_holds_the_streams_does_not_hold_us_past_the_timeout) {
  const auto folder = TemporaryFolder::make("/tmp", "bpfm-command-");
  ASSERT_TRUE(folder);
  const auto start = std::chrono::steady_clock::now();
  // It is in a session of its own when the command ends, which takes all of its own session along.
  const auto output = run_command(
      {.argv = {"sh", "-c",
                "setsid sh -c 'echo $$ > there; exec sleep 8' & until [ -s there ]; do :; done; exit 0"},
       .folder = folder->path().string(),
       .timeout = 1s});
  EXPECT_FALSE(output);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 7s);
  // What leaves the session is nobody's: we only adopted it.
  const int left = std::atoi(read_file(folder->path() / "there").value().c_str());
  ASSERT_GT(left, 1);
  ::kill(left, SIGKILL);
  ::waitpid(left, nullptr, 0);
}

TEST(RunCommand, what_a_command_leaves_behind_in_its_session_ends_with_it) {
  const auto output = run_command({.argv = {"sh", "-c", "sleep 60 & exit 3"}, .timeout = 30s});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status.code, 3);
  EXPECT_TRUE(tests::no_children());
}

TEST(RunCommand, a_command_that_is_not_there_is_unavailable) {
  const auto output = run_command({.argv = {"no-such-program-here"}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, ErrorKind::unavailable);
}

TEST(RunCommand, no_descriptor_is_left_after_many_runs) {
  (void)lifeline();  // made once, and kept
  const auto before = tests::open_descriptors();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(run_command({.argv = {"true"}}));
  EXPECT_EQ(tests::open_descriptors(), before);
  EXPECT_TRUE(tests::no_children());
}

TEST(RunChecked, a_failure_carries_the_last_lines_of_standard_error) {
  const auto failed = run_checked(
      {.argv = {"sh", "-c", "for i in 1 2 3 4 5 6 7; do echo line$i >&2; done; exit 2"}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::process);
  EXPECT_THAT(failed.error().message,
              EndsWith("exit code 2: line3 | line4 | line5 | line6 | line7"));
  const auto fine = run_checked({.argv = {"echo", "yes"}});
  ASSERT_TRUE(fine);
  EXPECT_EQ(*fine, "yes\n");
}

TEST(FindProgram, a_name_is_looked_up_in_the_path_and_a_path_stays_itself) {
  EXPECT_THAT(find_program("sh"), EndsWith("/sh"));
  EXPECT_EQ(find_program("no-such-program-here"), "");
  EXPECT_EQ(find_program("./x/y"), "./x/y");
}

}  // namespace
}  // namespace bpfmatrix::base
