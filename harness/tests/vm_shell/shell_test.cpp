#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/child_process.h"
#include "base/files.h"

namespace bpfmatrix::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

base::CommandOutput shell(const std::string& cell, const std::string& commands) {
  const auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "vm-shell-");
  EXPECT_TRUE(base::write_file(folder->path() / "commands", commands));
  base::CommandOptions options;
  options.argv = {"sh", "-c", "exec \"$0\" shell -q \"$1\" < \"$2\"", BPFM_BUILD "/bin/bpfmatrix",
                  cell, (folder->path() / "commands").string()};
  if (std::getenv("BPFMATRIX_WORKSPACE") == nullptr)
    options.environment.emplace_back("BPFMATRIX_WORKSPACE", BPFM_SOURCE "/.bpfmatrix");
  options.timeout = std::chrono::seconds(300);
  auto output = base::run_command(options);
  EXPECT_TRUE(output) << (output ? "" : output.error().message);
  return output ? *output : base::CommandOutput{};
}

TEST(Shell, measures_its_cell_in_that_kernel_and_has_the_usual_tools) {
  const auto output =
      shell("debian-6.12/raw/long_fault/prog_load:2:4096", "cell; echo it was $?; ls /sys/fs/bpf\n");
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_THAT(output.standard_output, HasSubstr("Linux 6.12."));
  EXPECT_THAT(output.standard_output, HasSubstr("ENOSPC by the kernel"));
  EXPECT_THAT(output.standard_output, HasSubstr("the tail of it kept"));
  EXPECT_THAT(output.standard_output, HasSubstr("R9 !read_ok"));
  EXPECT_THAT(output.standard_output, HasSubstr("it was 1"));
}

TEST(Shell, says_what_a_cell_looks_like_and_which_one_there_is_not) {
  const auto words = shell("debian-6.12/raw", "");
  EXPECT_EQ(words.status.code, 2);
  EXPECT_THAT(words.standard_error, HasSubstr("its id is kernel/loader/program/mode"));
  const auto none = shell("debian-6.12/raw/trivial/prog_load:2:12345", "");
  EXPECT_EQ(none.status.code, 2) << none.standard_error;
  EXPECT_THAT(none.standard_error, HasSubstr("0 cells are selected"));
}

}  // namespace
}  // namespace bpfmatrix::tests
