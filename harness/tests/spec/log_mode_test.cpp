#include "spec/log_mode.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bpfmatrix::spec {
namespace {

Buffer fixed(int64_t n) {
  return {Buffer::Kind::fixed, n};
}
Buffer null(int64_t n) {
  return {Buffer::Kind::null, n};
}
Buffer relative(int64_t n) {
  return {Buffer::Kind::relative, n};
}

TEST(LogMode, every_interface_has_one_name) {
  for (const auto interface :
       {Interface::prog_load, Interface::object_load, Interface::btf_load, Interface::map_create,
        Interface::kernel_btf})
    EXPECT_EQ(parse_interface(name(interface)), interface);
  EXPECT_EQ(name(Interface::object_load), "object_load");
  EXPECT_EQ(parse_interface("PROG_LOAD"), std::nullopt);
  EXPECT_EQ(parse_interface(""), std::nullopt);
}

TEST(LogMode, a_buffer_is_written_in_one_canonical_way) {
  EXPECT_EQ(to_text(Buffer{}), "none");
  EXPECT_EQ(to_text(null(4096)), "null:4096");
  EXPECT_EQ(to_text(fixed(0)), "0");
  EXPECT_EQ(to_text(fixed(16777215)), "16777215");
  EXPECT_EQ(to_text(relative(0)), "true");
  EXPECT_EQ(to_text(relative(-1)), "true-1");
  EXPECT_EQ(to_text(relative(2)), "true+2");
}

TEST(LogMode, a_buffer_takes_units_and_the_canonical_text) {
  EXPECT_EQ(parse_buffer("none"), Buffer{});
  EXPECT_EQ(parse_buffer("4KiB"), fixed(4096));
  EXPECT_EQ(parse_buffer("0"), fixed(0));
  EXPECT_EQ(parse_buffer("16MiB-1"), fixed(16777215));
  EXPECT_EQ(parse_buffer("1GiB-1"), fixed((1 << 30) - 1));
  EXPECT_EQ(parse_buffer("null:4KiB"), null(4096));
  EXPECT_EQ(parse_buffer("true"), relative(0));
  EXPECT_EQ(parse_buffer("true-1"), relative(-1));
  EXPECT_EQ(parse_buffer("true+10"), relative(10));
}

TEST(LogMode, what_is_no_buffer_is_refused) {
  for (const char* text :
       {"", "None", "4kb", "-1", "4KiB+1", "0x10", "null", "null:", "null:x", "true+", "true-",
        "true*2", "truely", "true+-1", "true 1", "4294967296", "4GiB"})
    EXPECT_EQ(parse_buffer(text), std::nullopt) << text;
}

TEST(LogMode, one_buffer_has_one_text) {
  EXPECT_EQ(parse_buffer("null:0"), std::nullopt);  // that is none
  EXPECT_EQ(parse_buffer("true+0"), std::nullopt);  // that is true
  EXPECT_EQ(parse_buffer("true-0"), std::nullopt);
}

TEST(LogMode, sizes_fit_32_bits) {
  EXPECT_EQ(parse_buffer("4294967295"), fixed(4294967295));
  EXPECT_EQ(parse_buffer("4GiB-1"), fixed(4294967295));
  EXPECT_EQ(parse_buffer("null:4294967295"), null(4294967295));
  EXPECT_EQ(parse_buffer("null:4294967296"), std::nullopt);
  EXPECT_EQ(parse_buffer("true+4294967296"), std::nullopt);
}

rc::Gen<Buffer> any_buffer() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::arbitrary<uint32_t>()),
                      [](const std::pair<int, uint32_t>& drawn) {
                        const auto [kind, number] = drawn;
                        switch (kind) {
                          case 0:
                            return Buffer{};
                          case 1:
                            return null(number == 0 ? 1 : number);
                          case 2:
                            return fixed(number);
                          default:
                            return relative(number % 2 == 0 ? int64_t{number} : -int64_t{number});
                        }
                      });
}

TEST(LogMode, every_buffer_survives_its_text) {
  EXPECT_TRUE(rc::check([] {
    const Buffer buffer = *any_buffer();
    RC_ASSERT(parse_buffer(to_text(buffer)) == buffer);
  }));
}

TEST(LogMode, whatever_is_taken_as_a_buffer_survives_its_text) {
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("none:tru+-0123456789KMGiB ")));
    if (const auto buffer = parse_buffer(text)) RC_ASSERT(parse_buffer(to_text(*buffer)) == buffer);
  }));
}

TEST(LogMode, different_buffers_have_different_texts) {
  EXPECT_TRUE(rc::check([] {
    const Buffer a = *any_buffer();
    const Buffer b = *any_buffer();
    RC_ASSERT((a == b) == (to_text(a) == to_text(b)));
  }));
}

TEST(LogMode, a_mode_names_interface_level_buffer_and_extra) {
  LogMode mode{Interface::prog_load, 2, fixed(4096), {}};
  EXPECT_EQ(to_text(mode), "prog_load:2:4096");
  mode.extra = {{"tail_byte", "1"}, {"attr_size", "140"}};
  EXPECT_EQ(to_text(mode), "prog_load:2:4096:attr_size=140,tail_byte=1");
  EXPECT_EQ(to_text(LogMode{Interface::btf_load, 1u << 31, null(8), {}}),
            "btf_load:2147483648:null:8");
}

TEST(LogMode, a_level_shows_the_names_of_its_bits) {
  EXPECT_EQ(level_text(0), "0");
  EXPECT_EQ(level_text(2), "2 (LEVEL2)");
  EXPECT_EQ(level_text(10), "10 (LEVEL2|FIXED)");
  EXPECT_EQ(level_text(15), "15 (LEVEL1|LEVEL2|STATS|FIXED)");
  EXPECT_EQ(level_text(16), "16 (0x10)");
  EXPECT_EQ(level_text(1u << 31 | 1), "2147483649 (LEVEL1|0x80000000)");
}

}  // namespace
}  // namespace bpfmatrix::spec
