#include "run/console_title.h"

#include <gtest/gtest.h>

namespace bpfmatrix::run {
namespace {

TEST(ConsoleTitle, the_first_oops_is_the_cause_and_the_panic_its_consequence) {
  const auto title = find_crash_title(
      "[    1.1] Run /init as init process\r\n"
      "[    2.345678][    T1] BUG: kernel NULL pointer dereference, address: 0000000000000000\r\n"
      "[    2.4] #PF: supervisor read access in kernel mode\r\n"
      "[    2.5] Kernel panic - not syncing: Fatal exception\r\n");
  ASSERT_TRUE(title.has_value());
  EXPECT_EQ(*title, "BUG: kernel NULL pointer dereference, address: 0000000000000000");
}

TEST(ConsoleTitle, a_panic_alone_is_found) {
  const auto title =
      find_crash_title("[    2.5] Kernel panic - not syncing: sysrq triggered crash\r\n");
  ASSERT_TRUE(title.has_value());
  EXPECT_EQ(*title, "Kernel panic - not syncing: sysrq triggered crash");
}

TEST(ConsoleTitle, a_clean_boot_and_words_inside_a_line_are_no_finding) {
  EXPECT_FALSE(find_crash_title("").has_value());
  EXPECT_FALSE(find_crash_title(
                   "[    0.0] Linux version 6.1.0\r\n[    0.1] DEBUG: x\r\n"
                   "[    0.2] ODEBUG: enabled\r\n[    0.3] the word Kernel panic - not syncing\r\n")
                   .has_value());
}

TEST(ConsoleTitle, lockups_of_a_busy_host_are_no_crash) {
  EXPECT_FALSE(find_crash_title("[    9.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\r\n"
                                "[    9.1] BUG: workqueue lockup - pool cpus=0 node=0\r\n"
                                "[    9.2] UBSAN: shift-out-of-bounds in lib/x.c:1:1\r\n")
                   .has_value());
}

TEST(ConsoleTitle, text_of_the_guest_is_made_printable_and_cut) {
  const auto title = find_crash_title("[ 1.0] BUG: \x1b[31m" + std::string(300, 'x') + "\n");
  ASSERT_TRUE(title.has_value());
  EXPECT_EQ(title->find('\x1b'), std::string::npos);
  EXPECT_LE(title->size(), 120U);
}

TEST(ConsoleTitle, last_lines_skip_empty_ones) {
  EXPECT_EQ(last_lines("a\r\n\r\n[    0.1] b\r\n[    0.2] c\r\n\r\n", 2), "b\nc");
}

}  // namespace
}  // namespace bpfmatrix::run
