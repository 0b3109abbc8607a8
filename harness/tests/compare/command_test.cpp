// The program itself on exported runs: what it prints and how it exits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "base/child_process.h"
#include "report/render.h"
#include "runs.h"

namespace bpfmatrix::compare {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class CompareCommand : public testing::Test {
 protected:
  fs::path write(const result::RunRecord& run) {
    const auto file = folder_.path() / (run.header.id + ".json");
    EXPECT_TRUE(base::write_file(file, report::render_json(run, result::judge(run))));
    return file;
  }
  base::CommandOutput program(std::vector<std::string> words) {
    words.insert(words.begin(), {BPFM_BUILD "/bin/bpfmatrix", "--workspace",
                                 (folder_.path() / "workspace").string()});
    auto output = base::run_command({.argv = std::move(words), .timeout = std::chrono::seconds(60)});
    EXPECT_TRUE(output);
    return output ? *output : base::CommandOutput{};
  }
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(fs::temp_directory_path(), "compare-");
};

constexpr const char* kTrivial = "debian-6.12/raw/trivial/prog_load:2:4096";

TEST_F(CompareCommand, one_planted_regression_is_printed_alone_and_exits_with_100) {
  auto now = small_run("after");
  refuse(cell(now, kTrivial), EACCES);
  const auto before = write(small_run("before")), after = write(now);
  const auto output = program({"compare", before.string(), after.string()});
  EXPECT_EQ(output.status.code, 100) << output.standard_error;
  EXPECT_THAT(output.standard_output, HasSubstr(std::string("regressed: ") + kTrivial));
  EXPECT_THAT(output.standard_output, HasSubstr("\n1 regressed; 8 cells in both\n"));
  size_t named = 0;
  for (const auto& one : now.cells)
    named += output.standard_output.find(": " + one.id) != std::string::npos ? 1 : 0;
  EXPECT_EQ(named, 1u) << output.standard_output;
}

TEST_F(CompareCommand, runs_that_are_alike_exit_with_0_though_both_have_failures) {
  auto first = small_run("first"), second = small_run("second");
  for (auto* run : {&first, &second})
    cell(*run, "debian-6.12/raw/long_fault/prog_load:2:4096").attempt =
        cell(*run, kTrivial).attempt;
  const auto output = program({"compare", write(first).string(), write(second).string()});
  EXPECT_EQ(output.status.code, 0) << output.standard_output;
}

TEST_F(CompareCommand, a_reviewed_file_of_known_failures_lets_it_pass) {
  auto now = small_run("after");
  refuse(cell(now, kTrivial), EACCES);
  const auto known = folder_.path() / "known.yaml";
  ASSERT_TRUE(base::write_file(known,
                               "known:\n"
                               "  - cell: debian-6.12/raw/*\n"
                               "    reason: reported upstream\n"
                               "    expires: 2999-01-01\n"));
  const std::vector<std::string> words = {"compare", write(small_run("before")).string(),
                                          write(now).string(), "--known", known.string()};
  const auto output = program(words);
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_THAT(output.standard_output, HasSubstr("known: reported upstream"));
  ASSERT_TRUE(base::write_file(known, "known:\n  - cell: '*'\n    reason: x\n    expires: soon\n"));
  const auto wrong = program(words);
  EXPECT_EQ(wrong.status.code, 2);
  EXPECT_THAT(wrong.standard_error, HasSubstr("that would excuse everything"));
  EXPECT_THAT(wrong.standard_error, HasSubstr("\"soon\" is no day such as 2027-03-31"));
}

TEST_F(CompareCommand, kernels_and_loaders_of_a_file_can_be_compared) {
  auto run = small_run("run");
  refuse(cell(run, kTrivial), EACCES);
  const auto file = write(run).string();
  const auto kernels = program({"compare", "debian-6.1", "debian-6.12", "-R", file});
  EXPECT_EQ(kernels.status.code, 100) << kernels.standard_error;
  EXPECT_THAT(kernels.standard_output, HasSubstr("*/raw/trivial/prog_load:2:4096"));
  const auto loaders = program({"compare", "libbpf-1.1.2", "raw", "-R", file});
  EXPECT_EQ(loaders.status.code, 100) << loaders.standard_error;
  EXPECT_THAT(loaders.standard_output, HasSubstr("debian-6.12/*/trivial/prog_load:2:4096"));
}

TEST_F(CompareCommand, what_is_neither_run_nor_file_nor_kernel_is_said) {
  const auto file = write(small_run("run")).string();
  const auto output = program({"compare", "debian-6.1", "debian-9.9", "-R", file});
  EXPECT_EQ(output.status.code, 2);
  EXPECT_THAT(output.standard_error, HasSubstr("debian-9.9"));
}

TEST_F(CompareCommand, a_kernel_and_a_loader_are_not_of_a_kind) {
  const auto file = write(small_run("run")).string();
  const auto output = program({"compare", "debian-6.1", "raw", "-R", file});
  EXPECT_EQ(output.status.code, 2);
  EXPECT_THAT(output.standard_error, HasSubstr("two of a kind are compared"));
}

TEST_F(CompareCommand, a_command_that_there_is_not_is_named_with_the_nearest) {
  const auto output = base::run_command({.argv = {BPFM_BUILD "/bin/bpfmatrix", "compere"}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status.code, 2);
  EXPECT_THAT(output->standard_error,
              HasSubstr("there is no command \"compere\"; did you mean compare?"));
}

TEST_F(CompareCommand, explain_tells_a_cell_of_a_file_in_words) {
  auto run = small_run("run");
  const auto file = write(run).string();
  const auto output =
      program({"explain", "debian-6.12/raw/long_fault/*", "--from", file});
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_THAT(output.standard_output, HasSubstr("the kernel: EACCES"));
  EXPECT_THAT(output.standard_output, HasSubstr("R9 !read_ok"));
  EXPECT_THAT(output.standard_output, HasSubstr("PASS OK"));
  const auto many = program({"explain", "debian-6.12/*", "--from", file});
  EXPECT_EQ(many.status.code, 2);
  EXPECT_THAT(many.standard_error, HasSubstr("has 4 cells debian-6.12/*"));
  const auto none = program({"explain", "debian-6.12/raw/trivial/prog_load:2:4097", "--from", file});
  EXPECT_EQ(none.status.code, 2);
  EXPECT_THAT(none.standard_error, HasSubstr("did you mean debian-6.12/raw/trivial/prog_load:2:4096"));
}

TEST_F(CompareCommand, a_history_without_a_run_selects_nothing) {
  EXPECT_EQ(program({"history"}).status.code, 4);
}

}  // namespace
}  // namespace bpfmatrix::compare
