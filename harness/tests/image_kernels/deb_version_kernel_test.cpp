#include <gtest/gtest.h>

#include "image/deb_version.h"

namespace bpfmatrix::image {
namespace {

struct Pair {
  const char* smaller;
  const char* larger;
};

// Each pair was checked with `dpkg --compare-versions` (dpkg 1.21.22).
constexpr Pair kOrdered[] = {
    {"6.1.9-1", "6.1.10-1"},
    {"6.1.176-1", "6.12.5-1"},
    {"5.10.259-1", "5.10.262-1"},
    {"6.1.192-1", "6.1.192-2"},
    {"6.1.180-1~deb11u1", "6.1.180-1"},
    {"7.3.4-1~bpo13+1", "7.3.4-1"},
    {"7.3.4-1~bpo13+1", "7.3.4-1~bpo13+2"},
    {"7.3~rc4-1", "7.3-1"},
    {"7.3~rc4-1~exp1", "7.3~rc4-1"},
    {"1.0", "1.0+b1"},
    {"1.0~", "1.0"},
    {"1.0~~", "1.0~"},
    {"1.0a", "1.0+"},
    {"1.0", "1.0a"},
    {"1.0-1", "1.0-1.1"},
    {"1.0", "1.0-1"},
    {"9.9-9", "1:0.1-1"},
    {"1.2-3", "1.2-4-1"},
    {"1.9", "1.10"},
    {"1", "1.1"},
};

TEST(DebVersion, orders_as_dpkg_does) {
  for (const auto& [smaller, larger] : kOrdered) {
    EXPECT_EQ(compare_deb_versions(smaller, larger), -1) << smaller << " < " << larger;
    EXPECT_EQ(compare_deb_versions(larger, smaller), 1) << larger << " > " << smaller;
  }
}

TEST(DebVersion, leading_zeros_missing_revision_zero_and_epoch_zero_make_no_difference) {
  EXPECT_EQ(compare_deb_versions("1.07-1", "1.7-1"), 0);
  EXPECT_EQ(compare_deb_versions("1.0", "1.0-0"), 0);
  EXPECT_EQ(compare_deb_versions("0:1.0-1", "1.0-1"), 0);
  EXPECT_EQ(compare_deb_versions("", ""), 0);
}

TEST(DebVersion, a_series_is_a_prefix_that_ends_with_its_number) {
  EXPECT_TRUE(version_in_series("6.1.176-1", "6.1"));
  EXPECT_TRUE(version_in_series("7.3.4-1~bpo13+1", "7.3"));
  EXPECT_TRUE(version_in_series("7.3~rc2-1~exp1", "7.3"));
  EXPECT_TRUE(version_in_series("6.1", "6.1"));
  EXPECT_FALSE(version_in_series("6.12.5-1", "6.1"));
  EXPECT_FALSE(version_in_series("16.1.5-1", "6.1"));
  EXPECT_FALSE(version_in_series("6.1.5-1", ""));
}

}  // namespace
}  // namespace bpfmatrix::image
