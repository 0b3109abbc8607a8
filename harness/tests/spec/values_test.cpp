#include "spec/values.h"

#include <gtest/gtest.h>

namespace bpfmatrix::spec {
namespace {

using namespace std::chrono_literals;

TEST(Values, ids_are_lower_case_and_short) {
  for (const char* good : {"a", "0", "debian-6.1", "libbpf-1.1.2", "my_kernel"})
    EXPECT_TRUE(is_id(good));
  EXPECT_TRUE(is_id(std::string(64, 'a')));
  EXPECT_FALSE(is_id(std::string(65, 'a')));
  for (const char* bad : {"", "-a", ".a", "_a", "A", "a/b", "a b", "a*", "ä", "a:b"})
    EXPECT_FALSE(is_id(bad)) << bad;
}

TEST(Values, versions_are_numbers_with_points_between) {
  for (const char* good : {"6", "5.10", "0.8.1"}) EXPECT_TRUE(is_version(good));
  for (const char* bad : {"", ".", "6.", ".6", "6..1", "v6", "6.1-rc1"})
    EXPECT_FALSE(is_version(bad)) << bad;
}

TEST(Values, levels_are_decimal_hexadecimal_or_shifted) {
  EXPECT_EQ(parse_level("0"), 0u);
  EXPECT_EQ(parse_level("10"), 10u);
  EXPECT_EQ(parse_level("0x8"), 8u);
  EXPECT_EQ(parse_level("1<<31"), 0x80000000u);
  EXPECT_EQ(parse_level("0x3<<4"), 48u);
  EXPECT_EQ(parse_level("4294967295"), UINT32_MAX);
}

TEST(Values, what_is_no_level_of_32_bits_is_refused) {
  for (const char* bad : {"", "-1", "+1", "1.5", "two", "010", "0x", "0xg", "1<<32", "3<<31", "1<<",
                          "<<1", "1<<1<<1", "4294967296", " 1", "1 "})
    EXPECT_EQ(parse_level(bad), std::nullopt) << bad;
}

TEST(Values, durations_have_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1440m"), 24h);
  for (const char* bad :
       {"", "10", "s", "ms", "0s", "-1s", "1.5s", "10 s", "1h", "1441m", "10S", "99999999999s"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace bpfmatrix::spec
