// What the program prints for shells and for man(1), read by the shells and by mandoc themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <vector>

#include "base/child_process.h"
#include "base/files.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

base::CommandOutput command(std::vector<std::string> words) {
  auto output = base::run_command({.argv = std::move(words), .timeout = std::chrono::seconds(60)});
  EXPECT_TRUE(output) << (output ? "" : output.error().message);
  return output ? *output : base::CommandOutput{};
}

std::string program(std::vector<std::string> words) {
  words.insert(words.begin(), BPFM_BUILD "/bin/bpfmatrix");
  const auto output = command(std::move(words));
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  return output.standard_output;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// All that `bpfmatrix --help` lists.
std::vector<std::string> commands() {
  const auto help = program({"--help"});
  std::vector<std::string> names;
  std::istringstream lines(help.substr(help.find("Subcommands:")));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line))
    if (line.starts_with("  ") && line[2] != ' ') names.push_back(words_of(line).front());
  EXPECT_GT(names.size(), 10u);
  return names;
}

class Completion : public testing::Test {
 protected:
  fs::path script(const std::string& shell) {
    const auto file = folder_.path() / shell;
    EXPECT_TRUE(base::write_file(file, program({"completion", shell})));
    return file;
  }
  // What bash offers for the last of these words.
  std::vector<std::string> bash(const std::vector<std::string>& words) {
    std::string line = "source " + script("bash").string() + "; COMP_WORDS=(";
    for (const auto& word : words) line += "'" + word + "' ";
    line += ") COMP_CWORD=" + std::to_string(words.size() - 1) + "; _bpfmatrix " BPFM_BUILD
            "/bin/bpfmatrix '" + words.back() + "' '" + words[words.size() - 2] +
            "'; echo \"${COMPREPLY[@]}\"";
    const auto output = command({"bash", "-euc", line});
    EXPECT_EQ(output.standard_error, "");
    return words_of(output.standard_output);
  }
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(fs::temp_directory_path(), "completion-");
};

TEST_F(Completion, bash_offers_every_command) {
  EXPECT_EQ(bash({"bpfmatrix", ""}), commands());
}

TEST_F(Completion, bash_offers_options_their_words_and_the_commands_of_a_command) {
  EXPECT_THAT(bash({"bpfmatrix", "run", "--acc"}), ElementsAre("--accel"));
  EXPECT_THAT(bash({"bpfmatrix", "run", "quick", "--accel", ""}),
              UnorderedElementsAre("auto", "kvm", "tcg"));
  EXPECT_THAT(bash({"bpfmatrix", "cache", ""}), Contains("gc"));
  EXPECT_THAT(bash({"bpfmatrix", "cache", "gc", "--older"}), ElementsAre("--older-than"));
}

TEST_F(Completion, bash_asks_the_program_for_kernels_and_loaders) {
  EXPECT_THAT(bash({"bpfmatrix", "plan", "quick", "-k", "debian-6.12"}),
              Contains("debian-6.12"));
  EXPECT_THAT(bash({"bpfmatrix", "plan", "quick", "--loader", "libbpf-1.1"}),
              Contains("libbpf-1.1.2"));
}

TEST_F(Completion, fish_offers_commands_options_and_words) {
  const auto offered = [&](const std::string& line) {
    const auto output =
        command({"fish", "--no-config", "-c",
                 "source " + script("fish").string() + "; complete -C '" + line + "'"});
    EXPECT_EQ(output.standard_error, "");
    return output.standard_output;
  };
  const auto all = offered("bpfmatrix ");
  for (const auto& name : commands()) EXPECT_THAT(all, HasSubstr(name + "\t"));
  EXPECT_THAT(offered("bpfmatrix run quick --acc"), HasSubstr("--accel"));
  EXPECT_THAT(words_of(offered("bpfmatrix run quick --accel ")), Contains("kvm"));
}

TEST_F(Completion, zsh_loads_its_script_and_has_a_function_for_every_command) {
  std::string line = "autoload -Uz compinit && compinit -u -d " +
                     (folder_.path() / "dump").string() + " && source " + script("zsh").string();
  for (const auto& name : commands()) line += " && whence -f _bpfmatrix_" + name + " >/dev/null";
  const auto output = command({"zsh", "-fc", line});
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_EQ(output.standard_error, "");
}

TEST(ManPage, mandoc_finds_nothing_to_warn_of_and_shows_every_command_and_option) {
  const auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "man-");
  ASSERT_TRUE(folder);
  const auto file = folder->path() / "bpfmatrix.1";
  ASSERT_TRUE(base::write_file(file, program({"man"})));
  const auto lint = command({"mandoc", "-T", "lint", "-W", "warning", file.string()});
  EXPECT_EQ(lint.standard_output + lint.standard_error, "");
  const auto shown = command({"mandoc", "-T", "ascii", "-O", "width=200", file.string()});
  // Without the overstrikes that stand for bold and underlined.
  std::string text;
  for (const char c : shown.standard_output) {
    if (c == '\b')
      text.pop_back();
    else
      text += c;
  }
  for (const auto& name : commands()) EXPECT_THAT(text, HasSubstr("\n   " + name + "\n"));
  for (const char* option : {"--kernel TEXT", "--no-cache", "--time-limit", "--older-than"})
    EXPECT_THAT(text, HasSubstr(option));
}

}  // namespace
}  // namespace bpfmatrix
