#include "console/title.h"

#include <gtest/gtest.h>

namespace bpfmatrix::console {
namespace {

TEST(Title, has_no_address_number_or_place_that_varies) {
  EXPECT_EQ(normalize("bpf_prog_put+0x10/0x20"), "bpf_prog_put");
  EXPECT_EQ(normalize("in nf_ct_frag6_gather+0x1b0/0x990 [nf_defrag_ipv6]"),
            "in nf_ct_frag6_gather");
  EXPECT_EQ(normalize("do_check.isra.0+0x10/0x20"), "do_check");
  EXPECT_EQ(normalize("kernel BUG at mm/slub.c:305!"), "kernel BUG at mm/slub.c:LINE!");
  EXPECT_EQ(normalize("in kernel/bpf/core.c:1234:20"), "in kernel/bpf/core.c:LINE");
  EXPECT_EQ(normalize("at ffff888012345678 and 0x10"), "at ADDR and ADDR");
  EXPECT_EQ(normalize("task 61 on 10.0.2.15:22"), "task NUM on IP:NUM");
  EXPECT_EQ(normalize("x86_64 rcu_tasks i915 deadbeef facade1 a1"),
            "x86_64 rcu_tasks i915 deadbeef ADDR a1");
  EXPECT_EQ(normalize("stuck for 22s!"), "stuck for NUM!");
}

TEST(Title, is_short_printable_ascii) {
  EXPECT_EQ(normalize("a\x1b[31m\xc3\xa9\x7f"), "a?[31m???");
  EXPECT_EQ(normalize(std::string(300, 'x')).size(), kTitleLimit);
  EXPECT_EQ(normalize(std::string(118, 'x') + " " + std::string(300, '7')).size(), kTitleLimit);
}

TEST(Text, stands_behind_level_time_and_caller) {
  for (const char* line :
       {"BUG: x", "[    1.234567] BUG: x\r", "<4>[    1.234567] BUG: x \r\r", "<0>BUG: x",
        "[    1.234567][   T61] BUG: x", "[    1.234567][    C0] BUG: x", "[  T61] BUG: x",
        "<6>[12345.678901][ T1234] BUG: x"})
    EXPECT_EQ(text_of(line), "BUG: x") << line;
  EXPECT_EQ(text_of("[ BUG: Invalid wait context ]"), "[ BUG: Invalid wait context ]");
  EXPECT_EQ(text_of("<TASK>"), "<TASK>");
  EXPECT_EQ(text_of("[1234"), "[1234");
  EXPECT_EQ(text_of(""), "");
}

TEST(Function, is_named_with_its_offset) {
  EXPECT_EQ(function_at_start("do_check+0x10/0x20 [m]"), "do_check");
  EXPECT_EQ(function_at_start("free_list.constprop.0+0x1/0x2"), "free_list");
  EXPECT_EQ(function_at_start("do_check"), "");
  EXPECT_EQ(function_at_start("0x7777770000"), "");
  EXPECT_EQ(function_at_start("? do_check+0x10/0x20"), "");
}

TEST(LastLines, skip_empty_ones_and_marks) {
  EXPECT_EQ(last_lines("a\r\n\r\n[    0.1] b\r\n[    0.2] c\r\n\r\n", 2), "b\nc");
  EXPECT_EQ(last_lines("", 2), "");
  EXPECT_EQ(last_lines("x\x1b[2J", 5), "x?[2J");
}

TEST(FirstLines, are_printable_and_end_with_the_last_whole_one) {
  const std::string console = "[    0.1] a\r\n\r\n<4>[    0.2][  T61] b\x1b[2J\r\n[    0.3] c";
  EXPECT_EQ(first_lines(console, 9, 100), "a\nb?[2J\nc");
  EXPECT_EQ(first_lines(console, 2, 100), "a\nb?[2J");
  EXPECT_EQ(first_lines(console, 9, 7), "a\nb?[2J");
  EXPECT_EQ(first_lines(console, 9, 6), "a");
  EXPECT_EQ(first_lines(std::string(500, 'x'), 9, 2048).size(), 200u);
  EXPECT_EQ(first_lines("", 9, 100), "");
}

}  // namespace
}  // namespace bpfmatrix::console
