#include "guest/agent/time_left.h"

#include <gtest/gtest.h>

namespace bpfmatrix::guest {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

TEST(TimeLeft, is_what_the_limit_leaves) {
  EXPECT_EQ(time_left_ms(5 * kSecond, 3000, 6 * kSecond), 2000);
  EXPECT_EQ(time_left_ms(5 * kSecond, 3000, 8 * kSecond), 0);
  EXPECT_EQ(time_left_ms(5 * kSecond, 3000, 90 * kSecond), 0);
}

// Seen twice in 115,000 cells: a cell was killed for its limit of 67 s in a machine that had not been
// up for so long.
TEST(TimeLeft, is_all_of_it_for_a_cell_that_began_after_the_clock_was_read) {
  EXPECT_EQ(time_left_ms(5 * kSecond + 1, 3000, 5 * kSecond), 3000);
}

}  // namespace
}  // namespace bpfmatrix::guest
