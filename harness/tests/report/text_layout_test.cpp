#include "report/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix::report {
namespace {

using ::testing::ElementsAre;

TEST(TextLayout, width_counts_columns_and_not_bytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("0.3 … 1.7"), 9u);
  EXPECT_EQ(display_width("¹²"), 2u);
  EXPECT_EQ(display_width("e\u0301"), 1u);  // combining
  EXPECT_EQ(display_width("漢字"), 4u);     // wide
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("\xff\xfe"), 2u);  // no UTF-8
  EXPECT_EQ(display_width("\xe2\x80"), 2u);  // cut off
}

TEST(TextLayout, padding_fills_to_the_width_and_never_cuts) {
  EXPECT_EQ(pad("…", 3), "…  ");
  EXPECT_EQ(pad("abcd", 3), "abcd");
}

TEST(TextLayout, wrapping_cuts_at_spaces) {
  EXPECT_THAT(wrap("one two three", 7, 2), ElementsAre("one two", "  three"));
  EXPECT_THAT(wrap("one two three", 100, 2), ElementsAre("one two three"));
  EXPECT_THAT(wrap("unbreakable x", 4, 1), ElementsAre("unbreakable", " x"));
  EXPECT_THAT(wrap("", 4, 1), ElementsAre(""));
}

TEST(TextLayout, a_single_line_has_no_line_ends_and_a_limit) {
  EXPECT_EQ(single_line(" a\n\n b\tc \r\n"), "a b c");
  EXPECT_EQ(single_line("abcdef", 6), "abcdef");
  EXPECT_EQ(single_line("abcdefg", 6), "abcdef…");
  EXPECT_EQ(single_line("aaa…b", 4), "aaa…");  // not in the middle of a character
}

TEST(TextLayout, superscripts_have_all_digits) {
  EXPECT_EQ(superscript(1), "¹");
  EXPECT_EQ(superscript(1234567890), "¹²³⁴⁵⁶⁷⁸⁹⁰");
}

}  // namespace
}  // namespace bpfmatrix::report
