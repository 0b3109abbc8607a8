// scripts/nightly.sh with a program that is played: what it asks of it, and how it exits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/child_process.h"
#include "base/files.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// Notes how it was called; `run` and `compare` exit with what RUN and COMPARE say. RUNS: what `list`
// knows before `run`, the newest first.
constexpr const char* kProgram = R"(#!/bin/sh
echo "$*" >> "$CALLS"
case $1 in
  list)
    [ -e "$CALLS.ran" ] && echo "20261126-020000.000-nightly 2026-11-26T02:00:00Z tcg complete"
    printf '%s' "$RUNS" ;;
  run) : > "$CALLS.ran"; exit "$RUN" ;;
  compare) exit "$COMPARE" ;;
esac
)";
constexpr const char* kEarlier = "20261125-020000.000-nightly 2026-11-25T02:00:00Z tcg complete\n";

class Nightly : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(base::write_file(program(), kProgram));
    fs::permissions(program(), fs::perms{0755});
  }
  int run(const std::string& runs, int ran, int compared, std::vector<std::string> words = {}) {
    base::CommandOptions options;
    options.argv = {BPFM_SOURCE "/scripts/nightly.sh"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.environment = {{"BPFMATRIX", program().string()},
                           {"CALLS", calls_file().string()},
                           {"RUNS", runs},
                           {"RUN", std::to_string(ran)},
                           {"COMPARE", std::to_string(compared)},
                           {"GITHUB_STEP_SUMMARY", ""}};
    options.timeout = std::chrono::seconds(60);
    const auto output = base::run_command(options);
    EXPECT_TRUE(output);
    said_ = output ? output->standard_error : "";
    return output ? output->status.code : -1;
  }
  [[nodiscard]] std::string calls() const { return base::read_file(calls_file()).value(); }
  [[nodiscard]] fs::path program() const { return folder_.path() / "bpfmatrix"; }
  [[nodiscard]] fs::path calls_file() const { return folder_.path() / "calls"; }

  std::string said_;
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(fs::temp_directory_path(), "nightly-");
};

TEST_F(Nightly, fails_for_a_regression_though_the_run_itself_had_failures_too) {
  EXPECT_EQ(run(kEarlier, 100, 100), 100);
  EXPECT_THAT(calls(), HasSubstr("compare 20261125-020000.000-nightly 20261126-020000.000-nightly"));
}

TEST_F(Nightly, failures_that_are_not_new_and_trouble_of_ours_do_not_fail) {
  EXPECT_EQ(run(kEarlier, 100, 0), 0);
  fs::remove(calls_file().string() + ".ran");
  EXPECT_EQ(run(kEarlier, 101, 101), 0);
  EXPECT_THAT(said_, HasSubstr("made trouble"));
}

TEST_F(Nightly, the_first_night_compares_nothing) {
  EXPECT_EQ(run("", 0, 100), 0);
  EXPECT_THAT(calls(), Not(HasSubstr("compare")));
  EXPECT_THAT(said_, HasSubstr("no earlier run of this matrix"));
}

TEST_F(Nightly, only_a_complete_run_of_the_same_matrix_is_compared_with) {
  EXPECT_EQ(run("20261125-230000.000-quick 2026-11-25T23:00:00Z tcg complete\n"
                "20261125-020000.000-nightly 2026-11-25T02:00:00Z tcg incomplete\n"
                "20261124-020000.000-nightly 2026-11-24T02:00:00Z tcg complete\n",
                0, 0),
            0);
  EXPECT_THAT(calls(), HasSubstr("compare 20261124-020000.000-nightly"));
}

TEST_F(Nightly, a_part_that_somebody_ran_by_day_is_not_compared_with) {
  EXPECT_EQ(run("20261125-120000.000-nightly 2026-11-25T12:00:00Z tcg  complete  part: -k 'a'\n"
                "20261125-020000.000-nightly 2026-11-25T02:00:00Z tcg  complete\n",
                0, 0),
            0);
  EXPECT_THAT(calls(), HasSubstr("compare 20261125-020000.000-nightly"));
}

TEST_F(Nightly, a_matrix_that_is_wrong_or_a_machine_that_is_unfit_ends_it) {
  EXPECT_EQ(run(kEarlier, 2, 0), 2);
  fs::remove(calls_file().string() + ".ran");
  EXPECT_EQ(run(kEarlier, 75, 0), 75);
  EXPECT_THAT(calls(), Not(HasSubstr("compare")));
}

TEST_F(Nightly, words_of_the_command_line_reach_the_commands_that_they_are_for) {
  EXPECT_EQ(run(kEarlier, 0, 0,
                {"--known", "known.yaml", "--site", "out", "--keep", "7", "mine.yaml", "-k", "a"}),
            0);
  EXPECT_THAT(calls(), HasSubstr("run mine.yaml --flaky pass -k a\n"));
  EXPECT_THAT(calls(), HasSubstr("--flaky pass --known known.yaml\n"));
  EXPECT_THAT(calls(), HasSubstr("site --out out\n"));
  EXPECT_THAT(calls(), HasSubstr("cache gc --older-than 7\n"));
}

}  // namespace
}  // namespace bpfmatrix
