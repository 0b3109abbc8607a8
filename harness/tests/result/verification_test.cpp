#include <gtest/gtest.h>

#include <string>

#include "result/outcome.h"

namespace bpfmatrix::result {
namespace {

constexpr uint64_t kMost = UINT64_MAX;

TEST(Verification, is_read_from_the_lines_of_every_kernel) {
  // 5.2 to 7.1, with the STATS level.
  auto found = parse_verification(
      "0: R1=ctx(off=0,imm=0)\nverification time 117 usec\nstack depth 8+16\n"
      "processed 12 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 2 "
      "mark_read 1\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (Verification{12, 3, 2, 117, 24}));

  // The same without it.
  found = parse_verification(
      "R0 !read_ok\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 "
      "peak_states 0 mark_read 0\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (Verification{2, 0, 0, std::nullopt, std::nullopt}));

  // 7.2.
  found = parse_verification(
      "verification time 5 usec\nstack depth 8+32 max 40\ninsns processed 10+20\n"
      "processed 30 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 3 "
      "mark_read 0\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (Verification{30, 3, 3, 5, 40}));

  // 7.3: the functions are listed, and their sum is the number that all kernels have.
  found = parse_verification(
      "verification time 5 usec\nstack depth max 48\n"
      "subprog 0 (entry) main insns_self 10 insns_total 30 stack 16\n"
      "subprog 1 (<unknown>) static insns_self 20 insns_total 20 stack 40\n"
      "processed 30 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 3 "
      "mark_read 0\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (Verification{30, 3, 3, 5, 56}));

  // 4.9, 4.14, 4.19.
  EXPECT_EQ(parse_verification("processed 7 insns\n"), (Verification{7, 0, 0, {}, {}}));
  EXPECT_EQ(parse_verification("processed 7 insns, stack depth 8\n"),
            (Verification{7, 0, 0, {}, 8}));
  EXPECT_EQ(parse_verification("processed 7 insns (limit 131072), stack depth 8+8\n"),
            (Verification{7, 0, 0, {}, 16}));
}

TEST(Verification, is_nothing_where_the_line_is_missing_or_cut) {
  EXPECT_FALSE(parse_verification(""));
  EXPECT_FALSE(parse_verification("invalid bpf_ld_imm64 insn\n"));
  EXPECT_FALSE(parse_verification("processed"));
  EXPECT_FALSE(parse_verification("processed 12"));
  EXPECT_FALSE(parse_verification("processed 12 insns"));
  EXPECT_FALSE(
      parse_verification("processed 12 insns (limit 1000000) max_states_per_insn 1 "
                         "total_states 3 peak_states 2"));
  EXPECT_FALSE(parse_verification("processed 7 insns, stack depth 8"));
  EXPECT_FALSE(parse_verification("; printk(\"processed 7 insns\")\n"));
  EXPECT_FALSE(parse_verification("processed -7 insns\n"));
  // In the middle of a trace it is the program's own text.
  EXPECT_FALSE(parse_verification("processed 7 insns\na\nb\nc\nd\n"));
}

TEST(Verification, a_line_cut_behind_its_last_number_counts) {
  const auto found = parse_verification(
      "processed 12 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 2 "
      "mark_read 1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->peak_states, 2u);
}

TEST(Verification, numbers_of_a_guest_saturate) {
  const auto found = parse_verification(
      "verification time 99999999999999999999999 usec\nstack depth 18446744073709551615+1\n"
      "processed 18446744073709551616 insns (limit 1) max_states_per_insn 1 total_states "
      "18446744073709551615 peak_states 2 mark_read 1\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->insns, kMost);
  EXPECT_EQ(found->states, kMost);
  EXPECT_EQ(found->time_us, kMost);
  EXPECT_EQ(found->stack, kMost);
}

TEST(Verification, a_list_of_functions_that_is_cut_gives_no_stack) {
  const auto found = parse_verification(
      "insns_self 10 insns_total 30 stack 16\n"
      "subprog 1 (f) static insns_self 20 insns_total 20 stack 40\n"
      "processed 30 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 3 "
      "mark_read 0\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stack, std::nullopt);
  EXPECT_EQ(found->time_us, std::nullopt);
}

TEST(Verification, statistics_that_are_not_next_to_the_line_are_not_read) {
  const auto found = parse_verification(
      "verification time 117 usec\nstack depth 8\nsomething else\n"
      "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
      "mark_read 0\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time_us, std::nullopt);
  EXPECT_EQ(found->stack, std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix::result
