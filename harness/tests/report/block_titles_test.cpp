#include "report/block_titles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace bpfmatrix::report {
namespace {

using spec::Buffer;
using spec::Interface;
using ::testing::ElementsAre;

spec::LogMode mode(uint32_t level, Buffer buffer, Interface interface = Interface::prog_load) {
  return {interface, level, buffer, {}};
}
Buffer bytes(int64_t size) {
  return {Buffer::Kind::fixed, size};
}

result::RunRecord programs(std::initializer_list<const char*> ids) {
  result::RunRecord run;
  for (const char* id : ids) run.programs.push_back({.id = id});
  return run;
}

std::vector<std::string> titles(const result::RunRecord& run, std::vector<TitledPair> pairs) {
  std::ranges::sort(pairs, [](const TitledPair& a, const TitledPair& b) {
    return std::tie(a.program, a.mode) < std::tie(b.program, b.mode);
  });
  std::vector<std::string> out;
  for (const auto& group : group_pairs(run, pairs)) out.push_back(group.title);
  return out;
}

TEST(BlockTitles, name_one_pair_in_full) {
  const auto run = programs({"trivial"});
  EXPECT_THAT(titles(run, {{0, mode(2, bytes(4096)), 0}}),
              ElementsAre("trivial · prog_load · level 2 (LEVEL2) · buffer 4 KiB"));
  EXPECT_THAT(titles(run, {{0, mode(0, {}), 0}}),
              ElementsAre("trivial · prog_load · level 0 · no buffer"));
  EXPECT_THAT(titles(run, {{0, mode(0, {}, Interface::object_load), 0}}),
              ElementsAre("trivial · object_load · level 0 · the library's own buffer"));
  EXPECT_THAT(titles(run, {{0, mode(0, {Buffer::Kind::null, 4096}), 0}}),
              ElementsAre("trivial · prog_load · level 0 · buffer NULL with size 4 KiB"));
  EXPECT_THAT(titles(run, {{0, mode(0, {Buffer::Kind::relative, -1}), 0}}),
              ElementsAre("trivial · prog_load · level 0 · buffer true size-1"));
  EXPECT_THAT(titles(run, {{0, mode(0, {Buffer::Kind::relative, 0}), 0}}),
              ElementsAre("trivial · prog_load · level 0 · buffer true size"));
}

TEST(BlockTitles, name_what_else_a_call_varies) {
  auto varied = mode(0, {});
  varied.extra = {{"attr_size", "140"}, {"tail_byte", "1"}};
  EXPECT_THAT(
      titles(programs({"trivial"}), {{0, varied, 0}}),
      ElementsAre("trivial · prog_load (attr_size=140, tail_byte=1) · level 0 · no buffer"));
}

TEST(BlockTitles, join_buffers_and_levels_that_look_alike) {
  const auto run = programs({"trivial"});
  EXPECT_THAT(titles(run, {{0, mode(1, bytes(127)), 0},
                           {0, mode(1, bytes(128)), 0},
                           {0, mode(1, bytes(129)), 0}}),
              ElementsAre("trivial · prog_load · level 1 (LEVEL1) · buffer 127, 128, 129"));
  EXPECT_THAT(titles(run, {{0, mode(8, bytes(4096)), 0}, {0, mode(10, bytes(4096)), 0}}),
              ElementsAre("trivial · prog_load · level 8, 10 · buffer 4 KiB"));
  EXPECT_THAT(titles(run, {{0, mode(1, {}), 0},
                           {0, mode(1, bytes(128)), 0},
                           {0, mode(2, {}), 0},
                           {0, mode(2, bytes(128)), 0}}),
              ElementsAre("trivial · prog_load · level 1, 2 · buffer none, 128"));
}

TEST(BlockTitles, never_name_a_pair_that_looks_otherwise) {
  const auto run = programs({"trivial"});
  // Level 2 with 128 bytes is another thing: the product of levels and buffers would name it.
  EXPECT_THAT(titles(run, {{0, mode(1, bytes(127)), 0},
                           {0, mode(1, bytes(128)), 0},
                           {0, mode(2, bytes(127)), 0},
                           {0, mode(2, bytes(128)), 1}}),
              ElementsAre("trivial · prog_load · level 1 (LEVEL1) · buffer 127, 128; level 2 "
                          "(LEVEL2) · buffer 127",
                          "trivial · prog_load · level 2 (LEVEL2) · buffer 128"));
}

TEST(BlockTitles, use_the_fewer_products) {
  // By level three products, by buffer two.
  EXPECT_THAT(titles(programs({"t"}), {{0, mode(1, bytes(1)), 0},
                                       {0, mode(1, bytes(2)), 0},
                                       {0, mode(2, bytes(1)), 0},
                                       {0, mode(3, bytes(2)), 0}}),
              ElementsAre("t · prog_load · level 1, 2 · buffer 1; level 1, 3 · buffer 2"));
}

TEST(BlockTitles, join_programs_whose_modes_are_the_same) {
  const auto run = programs({"trivial", "global_data", "other"});
  EXPECT_THAT(titles(run, {{0, mode(1, bytes(128)), 7},
                           {1, mode(1, bytes(128)), 7},
                           {2, mode(1, bytes(128)), 8},
                           {2, mode(1, bytes(129)), 7}}),
              ElementsAre("trivial, global_data · prog_load · level 1 (LEVEL1) · buffer 128",
                          "other · prog_load · level 1 (LEVEL1) · buffer 128",
                          "other · prog_load · level 1 (LEVEL1) · buffer 129"));
}

TEST(BlockTitles, join_interfaces_whose_levels_and_buffers_are_the_same) {
  EXPECT_THAT(titles(programs({"t"}), {{0, mode(16, bytes(64)), 0},
                                       {0, mode(16, bytes(64), Interface::btf_load), 0},
                                       {0, mode(16, {}, Interface::object_load), 0}}),
              ElementsAre("t · prog_load, btf_load · level 16 (0x10) · buffer 64",
                          "t · object_load · level 16 (0x10) · the library's own buffer"));
}

TEST(BlockTitles, every_pair_is_in_one_group_of_its_look_whatever_the_pairs_are) {
  std::mt19937 random(20261122);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  for (int round = 0; round < 300; ++round) {
    const auto run = programs({"p", "q", "r"});
    std::vector<TitledPair> pairs;
    for (uint32_t program = 0; program < 3; ++program)
      for (const auto interface : {Interface::prog_load, Interface::object_load})
        for (uint32_t level = 0; level < 4; ++level)
          for (int64_t size = 0; size < 4; ++size)
            if (below(4) != 0)
              pairs.push_back({program, mode(level, bytes(size), interface), below(3)});
    std::ranges::sort(pairs, [](const TitledPair& a, const TitledPair& b) {
      return std::tie(a.program, a.mode) < std::tie(b.program, b.mode);
    });
    std::vector<int> seen(pairs.size(), 0);
    std::set<std::string> titles;
    uint32_t last = 0;
    for (const auto& group : group_pairs(run, pairs)) {
      ASSERT_FALSE(group.members.empty());
      EXPECT_EQ(group.first, group.members[0]);
      EXPECT_GE(group.first, last);
      last = group.first;
      EXPECT_TRUE(titles.insert(group.title).second) << group.title;
      for (const auto member : group.members) {
        ++seen[member];
        EXPECT_EQ(pairs[member].rows, pairs[group.first].rows) << group.title;
      }
    }
    EXPECT_THAT(seen, ::testing::Each(1));
  }
}

}  // namespace
}  // namespace bpfmatrix::report
