#include "compare/log_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace bpfmatrix::compare {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogText, addresses_and_times_do_not_differ) {
  EXPECT_THAT(difference("map ffff88800a1b2c3d at 0xffffc90000123000\nverification time 117 usec\n",
                         "map ffff888012345678 at 0xffffc90000456000\nverification time 98 usec\n",
                         10),
              IsEmpty());
}

TEST(LogText, numbers_of_registers_and_instructions_do) {
  EXPECT_THAT(difference("0: R1=ctx\nprocessed 2 insns\n", "0: R2=ctx\nprocessed 2 insns\n", 10),
              ElementsAre("- 0: R1=ctx", "+ 0: R2=ctx"));
}

TEST(LogText, a_line_in_between_leaves_the_others_alike) {
  EXPECT_THAT(difference("a\nb\nc\n", "a\nx\nb\nc\n", 10), ElementsAre("+ x"));
}

TEST(LogText, no_more_lines_are_shown_than_asked_for_and_the_rest_is_counted) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "line " + std::to_string(i) + "\n";
  const auto lines = difference("", text, 2);
  EXPECT_THAT(lines, ElementsAre("+ line 0", "+ line 1", "  and 28 more lines"));
}

TEST(LogText, what_a_guest_wrote_is_made_printable) {
  EXPECT_THAT(difference("", "\x1b[2Jred\n", 10), ElementsAre("+ ?[2Jred"));
}

}  // namespace
}  // namespace bpfmatrix::compare
