// What all formats have in common, and the parts that they share.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "formats_fixture.h"
#include "report/ci_tests.h"
#include "report/inert_text.h"

namespace bpfmatrix::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Formats, each_has_a_name_and_writes_something_of_every_run) {
  std::set<std::string_view> names;
  for (const auto& format : all_formats()) {
    names.insert(format.name);
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_NE(empty_fixture().render(format.name), "") << format.name;
    EXPECT_NE(whole_fixture().render(format.name), "") << format.name;
  }
  EXPECT_EQ(names.size(), all_formats().size());
  EXPECT_EQ(find_format("jnuit"), nullptr);
}

TEST(Formats, the_same_run_gives_the_same_bytes) {
  for (const auto& format : all_formats())
    EXPECT_EQ(whole_fixture().render(format.name), whole_fixture().render(format.name));
}

// A log of a workflow takes each line that begins with "::" for a command, and "##[" wherever it
// stands. The document of export is left as it is: it must give back what was measured.
TEST(Formats, none_lets_a_guest_speak_to_a_workflow) {
  const auto fixture = hostile_fixture();
  for (const auto& format : all_formats()) {
    if (format.name == "github-annotations" || format.name == "json") continue;
    const auto text = fixture.render(format.name);
    EXPECT_THAT(text.find("##["), std::string::npos) << format.name;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const size_t from = line.find_first_not_of(" \t\r");
      EXPECT_FALSE(from != std::string::npos && line.compare(from, 2, "::") == 0)
          << format.name << ": " << line.substr(0, 200);
    }
  }
}

TEST(Formats, none_passes_on_a_control_character) {
  const auto fixture = hostile_fixture();
  for (const auto& format : all_formats())
    for (const unsigned char c : fixture.render(format.name))
      ASSERT_TRUE((c >= 0x20 && c != 0x7f) || c == '\n') << format.name << " byte " << int{c};
}

TEST(InertText, a_line_is_one_line_of_characters_that_xml_and_terminals_take) {
  EXPECT_EQ(inert_line("  a\tb\r\nc\x1b[2J\xff \xe2\x80\xa8 x"), "a b c?[2J? ? x");
  EXPECT_EQ(inert_line("\xef\xbf\xbe\xef\xbf\xbf"), "??");
  EXPECT_EQ(inert_line("a ##[error]b ####[x"), "a # #[error]b ### #[x");
  EXPECT_EQ(inert_line("äöü", 3), "ä…");
  EXPECT_EQ(inert_line(""), "");
}

TEST(InertText, a_line_of_output_is_no_command) {
  EXPECT_EQ(without_commands("::error::x"), ": :error::x");
  EXPECT_EQ(without_commands("  ::x ##[y]"), "  : :x # #[y]");
  EXPECT_EQ(without_commands("std::string, a :: b"), "std::string, a :: b");
  EXPECT_EQ(without_commands(""), "");
}

TEST(InertText, a_tail_has_the_last_lines_that_hold_something) {
  EXPECT_THAT(inert_tail("a\nb\n\n \nc\n\n", 2), ElementsAre("b", "c"));
  EXPECT_THAT(inert_tail("a", 5), ElementsAre("a"));
  EXPECT_THAT(inert_tail("", 5), ElementsAre());
  EXPECT_THAT(inert_tail("\n\n", 5), ElementsAre());
  EXPECT_THAT(inert_tail("  indented\tby tab\r\n", 5), ElementsAre("  indented by tab?"));
}

TEST(InertText, a_name_has_no_character_that_a_format_reads) {
  EXPECT_EQ(inert_name("trivial prog_load:1:true+1:uid=1"), "trivial prog_load:1:true+1:uid=1");
  EXPECT_EQ(inert_name("a#b\\c\nd\"e<f>|g%h*"), "a_b_c_d_e_f__g_h_");
  EXPECT_EQ(inert_name(""), "_");
}

TEST(CiTests, names_of_a_suite_are_unique) {
  const auto fixture = whole_fixture();
  size_t cells = 0;
  for (const auto& suite : suites_of(fixture.run)) {
    std::set<std::string> names;
    for (const auto i : suite.cells)
      names.insert(test_of(fixture.run, fixture.run.cells[i], fixture.judgement.verdicts[i]).name);
    EXPECT_EQ(names.size(), suite.cells.size());
    cells += suite.cells.size();
  }
  EXPECT_EQ(cells, fixture.run.cells.size());
}

TEST(CiTests, a_run_without_laws_and_findings_has_no_tests_of_them) {
  auto run = fixture_run();
  run.expectations.clear();
  EXPECT_TRUE(law_tests(run, judge(run), {}).empty());
  EXPECT_FALSE(law_tests(fixture_run(), judge(fixture_run()), {}).empty());
}

TEST(VeristatCsv, has_the_programs_that_were_verified) {
  const auto text = whole_fixture().render("csv");
  EXPECT_THAT(text, ::testing::StartsWith("file_name,prog_name,verdict,duration,total_insns,"
                                          "total_states,peak_states\n"));
  EXPECT_THAT(text, HasSubstr("\ndebian-6.12:raw:trivial,trivial:prog_load:1:4096,success,117,2,0,"
                              "0\n"));
  EXPECT_THAT(text, HasSubstr("\ndebian-6.12:libbpf-1.4.6:long_fault,long_fault:prog_load:2:4096,"
                              "failure,"));
  EXPECT_THAT(text, Not(HasSubstr("prog_load:16:4096")));  // refused unverified: not a failure
  EXPECT_THAT(text, Not(HasSubstr("debian-7.3")));         // never ran: no failure either
}

}  // namespace
}  // namespace bpfmatrix::report
