#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "formats_fixture.h"

namespace bpfmatrix::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

struct Command {
  std::string level, title, message;
};

// A line as the runner takes it apart (actions/runner, src/Runner.Common/ActionCommand.cs): no
// parser of somebody else's is packaged.
std::optional<Command> parse_command(std::string line) {
  line.erase(0, line.find_first_not_of(" \t\r"));
  if (!line.starts_with("::")) return std::nullopt;
  const size_t end = line.find("::", 2);
  if (end == std::string::npos) return std::nullopt;
  const std::string info = line.substr(2, end - 2);
  const size_t space = info.find(' ');
  Command command{info.substr(0, space), "", line.substr(end + 2)};
  if (space != std::string::npos) {
    const std::string properties = info.substr(space + 1);
    EXPECT_TRUE(properties.starts_with("title=")) << properties;
    EXPECT_EQ(properties.find(','), std::string::npos) << properties;
    command.title = properties.substr(6);
    for (const auto& [from, to] : std::map<std::string, std::string>{
             {"%0D", "\r"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}})
      command.title = replaced(command.title, from, to);
    command.title = replaced(command.title, "%25", "%");
  }
  for (const auto& [from, to] : std::map<std::string, std::string>{{"%0D", "\r"}, {"%0A", "\n"}})
    command.message = replaced(command.message, from, to);
  command.message = replaced(command.message, "%25", "%");
  return command;
}

std::map<std::string, std::vector<Command>> commands_of(const std::string& text) {
  std::map<std::string, std::vector<Command>> commands;
  for (const auto& line : lines_of(text)) {
    const auto command = parse_command(line);
    EXPECT_TRUE(command) << line;
    if (command) commands[command->level].push_back(*command);
  }
  return commands;
}

TEST(GithubAnnotations, unexpected_results_are_errors_and_our_trouble_is_a_warning) {
  const auto commands = commands_of(whole_fixture().render("github-annotations"));
  ASSERT_THAT(commands, SizeIs(3));
  EXPECT_EQ(commands.at("error").back().title,
            "FAIL KERNEL_CRASH debian-6.12/raw/long_fault/prog_load:2:4096");
  EXPECT_THAT(commands.at("error").back().message, HasSubstr("to repeat: bpfmatrix run"));
  EXPECT_THAT(commands.at("warning").back().message, HasSubstr("MISS BOOT_FAIL debian-7.3"));
  EXPECT_THAT(commands.at("notice").front().message, HasSubstr("112 cells: "));
}

TEST(GithubAnnotations, of_many_the_last_says_how_many_more) {
  auto fixture = whole_fixture();
  for (auto& expectation : fixture.run.expectations) {
    expectation.selector = {};
    expectation.outcome = "HANG";
  }
  const FormatFixture failing(fixture.run);
  const uint32_t failures = failing.judgement.counts.at(result::Status::FAIL);
  ASSERT_GT(failures, 10u);
  const auto errors = commands_of(failing.render("github-annotations")).at("error");
  ASSERT_THAT(errors, SizeIs(10));
  EXPECT_EQ(errors.back().title, fmt::format("{} more unexpected results", failures - 9));
}

TEST(GithubAnnotations, a_guest_gives_no_command) {
  const auto text = hostile_fixture().render("github-annotations");
  for (const auto& [level, commands] : commands_of(text)) {
    EXPECT_THAT(level, ::testing::AnyOf("error", "warning", "notice"));
    EXPECT_LE(commands.size(), 10u);
    for (const auto& command : commands) EXPECT_LE(command.message.size(), 4096u);
  }
  EXPECT_THAT(text, Not(HasSubstr("##[")));
}

TEST(GithubAnnotations, what_is_escaped_already_stays_as_it_was) {
  auto run = fixture_run();
  for (auto& cell : run.cells)
    if (cell.attempt.state == result::AttemptState::kernel_crash)
      cell.attempt.note = "100%25 %0A::error::planted";
  const auto errors =
      commands_of(FormatFixture(std::move(run)).render("github-annotations")).at("error");
  EXPECT_THAT(errors.back().message, ::testing::StartsWith("100%25 %0A::error::planted\n"));
}

// Rows, legend and footnotes of a table, by a wide margin more than fits.
Table large_table() {
  auto table = make_table(fixture_run(), judge(fixture_run()));
  for (size_t block = 0; block < 5000; ++block) {
    TableBlock large{fmt::format("block {} | # @x", block), {}};
    for (size_t row = 0; row < 10; ++row)
      large.rows.push_back({fmt::format("libbpf {}", row), std::vector<TableCell>(4)});
    table.blocks.push_back(std::move(large));
  }
  return table;
}

TEST(GithubSummary, is_cut_between_rows_and_says_so) {
  const auto run = fixture_run();
  const auto table = large_table();
  for (const size_t limit : {size_t{20'000}, size_t{20'001}, size_t{50'000}, kGithubSummaryLimit}) {
    const auto text = render_github_summary(run, table, limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_GT(text.size(), limit - 4096) << "room is wasted";
    size_t rows = 0;
    for (const auto& line : lines_of(text)) {
      rows += line.starts_with("| libbpf") || line.starts_with("| raw") ? 1 : 0;
      EXPECT_TRUE(!line.starts_with("|") || line.ends_with("|")) << line;
    }
    EXPECT_THAT(text, HasSubstr(fmt::format("**Cut here: {} of ", rows)));
    EXPECT_THAT(text, HasSubstr("bpfmatrix report 20261122-131500-quick --format markdown"));
    EXPECT_THAT(text, HasSubstr("- L = loaded"));  // the legend is not lost
  }
}

TEST(GithubSummary, what_fits_is_whole) {
  const auto text = whole_fixture().render("github-summary");
  EXPECT_THAT(text, Not(HasSubstr("Cut here")));
  const auto markdown = whole_fixture().render("markdown");
  for (const auto& line : lines_of(markdown)) EXPECT_THAT(text, HasSubstr(line));
}

TEST(GithubSummary, keeps_its_limit_whatever_a_guest_wrote) {
  auto fixture = hostile_fixture();
  auto table = make_table(fixture.run, fixture.judgement, fixture.findings);
  table.title = std::string(3'000'000, '|');
  for (size_t i = 0; i < 3000; ++i) {
    table.footnotes.push_back(attacks().substr(0, 2000));
    table.summary.push_back(attacks().substr(0, 2000));
  }
  fixture.run.header.id = std::string(100'000, '|');
  for (const size_t limit : {size_t{4096}, size_t{100'000}, kGithubSummaryLimit})
    EXPECT_LE(render_github_summary(fixture.run, table, limit).size(), limit);
}

}  // namespace
}  // namespace bpfmatrix::report
