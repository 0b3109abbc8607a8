#include "run/status_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix::run {
namespace {

RunStatus at_work() {
  return {.done = 123,
          .expected = 672,
          .rate = 41.4,
          .left = 13.2,
          .machines = {{"debian-6.12", "libbpf-1.1.2", 45, 58, 0.2}, {"debian-7.3", "", 0, 0, 3}}};
}

TEST(StatusLine, tells_counts_rate_estimate_and_what_each_machine_does) {
  EXPECT_EQ(status_line(at_work(), 200),
            "[  123/672] 41 cells/s, about 13 s left | debian-6.12 libbpf-1.1.2 45/58 | "
            "debian-7.3 boots");
}

TEST(StatusLine, a_machine_that_is_silent_for_long_says_so) {
  auto status = at_work();
  status.machines[0].silent = 12;
  EXPECT_THAT(status_line(status, 200), testing::HasSubstr("45/58, silent for 12 s"));
}

TEST(StatusLine, is_never_wider_than_the_terminal) {
  for (uint32_t width = 0; width < 120; ++width)
    EXPECT_LE(status_line(at_work(), width).size(), width);
  EXPECT_EQ(status_line(at_work(), 60), "[  123/672] 41 cells/s, about 13 s left ...");
}

TEST(StatusLine, says_nothing_that_is_not_known_yet) {
  EXPECT_EQ(status_line({.expected = 7, .machines = {}}, 80), "[    0/7]");
}

TEST(DurationText, has_the_unit_that_people_would_use) {
  EXPECT_EQ(duration_text(8.4), "8 s");
  EXPECT_EQ(duration_text(180), "3 min");
  EXPECT_EQ(duration_text(9000), "2.5 h");
}

}  // namespace
}  // namespace bpfmatrix::run
