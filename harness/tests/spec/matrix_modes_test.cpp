// mode_sets: and modes: of a matrix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string programs_with(const std::string& sets_and_modes) {
  return "kernels: debian-6.1\nloaders: raw\nprograms: [trivial]\n" + sets_and_modes;
}

std::vector<std::string> modes_of(const std::string& sets_and_modes) {
  std::vector<std::string> texts;
  const Matrix matrix = parsed(programs_with(sets_and_modes));
  if (matrix.programs.empty()) return texts;
  for (const auto& mode : matrix.programs[0].modes) texts.push_back(to_text(mode));
  return texts;
}

TEST(MatrixModes, lists_of_a_mode_are_crossed) {
  EXPECT_THAT(
      modes_of(
          "modes: [{interface: [prog_load, btf_load], level: [1, 0x8], buffer: [none, true-1]}]\n"),
      ElementsAre("prog_load:1:none", "prog_load:1:true-1", "prog_load:8:none",
                  "prog_load:8:true-1", "btf_load:1:none", "btf_load:1:true-1", "btf_load:8:none",
                  "btf_load:8:true-1"));
}

TEST(MatrixModes, a_mode_without_interface_is_a_program_load) {
  EXPECT_THAT(modes_of("modes: {level: 1<<31, buffer: \"null:4KiB\"}\n"),
              ElementsAre("prog_load:2147483648:null:4096"));
}

TEST(MatrixModes, true_is_the_true_size_with_and_without_quotes) {
  EXPECT_THAT(modes_of("modes: {level: 1, buffer: [true, \"true\", true+1]}\n"),
              ElementsAre("prog_load:1:true", "prog_load:1:true+1"));
}

TEST(MatrixModes, extra_is_part_of_the_mode) {
  EXPECT_THAT(
      modes_of("modes: {level: 1, buffer: none, extra: {tail_byte: 1, attr_size: \"140\"}}\n"),
      ElementsAre("prog_load:1:none:attr_size=140,tail_byte=1"));
}

TEST(MatrixModes, lists_of_extra_are_crossed_too_each_value_once) {
  EXPECT_THAT(
      modes_of("modes: {level: [1, 2], buffer: 4KiB, extra: {tail_byte: [112, 144, 112], uid: "
               "0}}\n"),
      ElementsAre("prog_load:1:4096:tail_byte=112,uid=0", "prog_load:1:4096:tail_byte=144,uid=0",
                  "prog_load:2:4096:tail_byte=112,uid=0", "prog_load:2:4096:tail_byte=144,uid=0"));
}

TEST(MatrixModes, capabilities_have_one_order) {
  EXPECT_THAT(modes_of("modes: {level: 0, buffer: none, extra: {caps: [perfmon+bpf, none, "
                       "bpf+perfmon, net_admin+sys_admin]}}\n"),
              ElementsAre("prog_load:0:none:caps=bpf+perfmon", "prog_load:0:none:caps=none",
                          "prog_load:0:none:caps=net_admin+sys_admin"));
}

TEST(MatrixModes, maps_and_the_kernels_btf_have_interfaces_of_their_own) {
  EXPECT_THAT(modes_of("modes: [{interface: map_create, level: 1, buffer: 4KiB, extra: {map_type: "
                       "999}}, {interface: kernel_btf, level: 0, buffer: none}]\n"),
              ElementsAre("map_create:1:4096:map_type=999", "kernel_btf:0:none"));
}

TEST(MatrixModes, values_of_extra_that_no_load_can_have_are_refused) {
  EXPECT_THAT(
      mistakes(programs_with("modes:\n"
                             "  - level: 1\n"
                             "    buffer: 4KiB\n"
                             "    extra:\n"
                             "      attr_size: [0, 8193, 0140]\n"
                             "      tail_byte: 8192\n"
                             "      true_size_in: 0\n"
                             "      buffer: mapped\n"
                             "      insn_cnt: -1\n"
                             "      uid: 4294967295\n"
                             "      caps: [bpf+bpf, root, bpf+]\n"
                             "      kernel_btf: gone\n"
                             "      process: new\n"
                             "      common: bare\n"
                             "      strategy: triple\n")),
      ElementsAre(
          "m.yaml:8:19: \"attr_size\" is \"0\": must be a size from 1 to 8192",
          "m.yaml:8:22: \"attr_size\" is \"8193\": must be a size from 1 to 8192",
          "m.yaml:8:28: \"attr_size\" is \"0140\": must be a size from 1 to 8192",
          "m.yaml:9:18: \"tail_byte\" is \"8192\": must be an offset from 0 to 8191",
          "m.yaml:10:21: \"true_size_in\" is \"0\": must be a number from 1 to 4294967295",
          "m.yaml:11:15: \"buffer\" is \"mapped\": must be unmapped",
          "m.yaml:12:17: \"insn_cnt\" is \"-1\": must be a number of instructions of 32 bits",
          "m.yaml:13:12: \"uid\" is \"4294967295\": must be a user id from 0 to 4294967294",
          HasSubstr("m.yaml:14:14: \"caps\" is \"bpf+bpf\": must be none, or names out of bpf"),
          HasSubstr("m.yaml:14:23: \"caps\" is \"root\""),
          HasSubstr("m.yaml:14:29: \"caps\" is \"bpf+\""),
          "m.yaml:15:19: \"kernel_btf\" is \"gone\": must be hidden",
          "m.yaml:16:16: \"process\" is \"new\": must be fresh",
          "m.yaml:17:15: \"common\" is \"bare\": must be one of only, same, different, null, "
          "size0, pad",
          "m.yaml:18:17: \"strategy\" is \"triple\": must be one of double, exact, fixed-first, "
          "query"));
}

TEST(MatrixModes, an_extra_that_says_nothing_to_an_interface_or_buffer_is_refused) {
  EXPECT_THAT(
      mistakes(programs_with(
          "modes:\n"
          "  - {interface: [prog_load, btf_load], level: 1, buffer: 4KiB, extra: {insn_cnt: 0}}\n"
          "  - {level: 1, buffer: 4KiB, extra: {map_type: 2}}\n"
          "  - {level: 1, buffer: [4KiB, true], extra: {strategy: exact}}\n"
          "  - {level: 1, buffer: none, extra: {buffer: unmapped}}\n"
          "  - {interface: object_load, level: 0, buffer: none, extra: {tail_byte: 9, uid: 1}}\n"
          "  - {interface: kernel_btf, level: 1, buffer: none}\n")),
      ElementsAre("m.yaml:5:72: \"insn_cnt\" says nothing to btf_load",
                  "m.yaml:6:38: \"map_type\" says nothing to prog_load",
                  "m.yaml:7:46: \"strategy\" needs a buffer with a size of its own, not true",
                  "m.yaml:8:38: \"buffer\" needs a buffer with a size, not none",
                  "m.yaml:9:62: \"tail_byte\" says nothing to object_load",
                  "m.yaml:10:5: kernel_btf has no log: its level must be 0 and its buffer none"));
}

TEST(MatrixModes, sets_name_other_sets_in_any_order) {
  EXPECT_THAT(modes_of("mode_sets:\n"
                       "  outer: [inner, {level: 3, buffer: none}, last]\n"
                       "  inner: [{level: 2, buffer: none}]\n"
                       "  last: {level: 4, buffer: none}\n"
                       "modes: [outer]\n"),
              ElementsAre("prog_load:2:none", "prog_load:3:none", "prog_load:4:none"));
}

TEST(MatrixModes, each_mode_is_there_once) {
  EXPECT_THAT(modes_of("mode_sets: {a: [{level: [1, 1, 2], buffer: [4KiB, 4096]}]}\n"
                       "modes: [a, {level: 2, buffer: 4KiB}, a]\n"),
              ElementsAre("prog_load:1:4096", "prog_load:2:4096"));
}

TEST(MatrixModes, an_unknown_set_is_a_mistake_with_a_suggestion) {
  EXPECT_THAT(mistakes(programs_with(
                  "mode_sets: {plain: [{level: 0, buffer: none}]}\nmodes: [plan, other]\n")),
              ElementsAre("m.yaml:5:9: there is no mode set \"plan\": did you mean \"plain\"?",
                          "m.yaml:5:15: there is no mode set \"other\": there are plain"));
  EXPECT_THAT(mistakes(programs_with("modes: [plane]\n")),
              ElementsAre("m.yaml:4:9: there is no mode set \"plane\""));
}

TEST(MatrixModes, a_set_that_contains_itself_is_refused_once) {
  EXPECT_THAT(
      mistakes(programs_with("mode_sets:\n  a: [b]\n  b: [c]\n  c: [a, {level: 1, buffer: none}]\n"
                             "modes: [a, b, c]\n")),
      ElementsAre("m.yaml:7:7: mode set \"a\" contains itself"));
  EXPECT_THAT(mistakes(programs_with("mode_sets:\n  a: [a]\nmodes: [a]\n")),
              ElementsAre("m.yaml:5:7: mode set \"a\" contains itself"));
}

TEST(MatrixModes, one_set_named_from_two_others_is_no_circle) {
  EXPECT_THAT(
      modes_of(
          "mode_sets:\n  a: [c]\n  b: [c, a]\n  c: [{level: 1, buffer: none}]\nmodes: [a, b]\n"),
      ElementsAre("prog_load:1:none"));
}

TEST(MatrixModes, sets_that_nobody_uses_are_checked_too) {
  EXPECT_THAT(
      mistakes(programs_with("mode_sets:\n  unused: [{level: two, buffer: none}]\n"
                             "modes: {level: 0, buffer: none}\n")),
      ElementsAre(
          "m.yaml:5:20: \"level\" is \"two\": must be a log level of 32 bits such as 2, 0x8 or "
          "1<<31"));
}

TEST(MatrixModes, a_mode_needs_level_and_buffer) {
  EXPECT_THAT(
      mistakes(programs_with("modes: [{level: 1}, {buffer: none}, {}]\n")),
      ElementsAre("m.yaml:4:9: a mode has no \"buffer\"", "m.yaml:4:21: a mode has no \"level\"",
                  "m.yaml:4:37: a mode has no \"level\"", "m.yaml:4:37: a mode has no \"buffer\""));
}

TEST(MatrixModes, wrong_values_of_a_mode_are_told_each) {
  EXPECT_THAT(
      mistakes(programs_with("modes:\n"
                             "  - interface: [prog-load, map_creat]\n"
                             "    level: [-1, 1<<32]\n"
                             "    buffer: [4k, null, none]\n"
                             "    extra: {attr_sise: 1, uid: a/b, caps: }\n"
                             "    levels: 1\n")),
      ElementsAre(
          "m.yaml:5:17: interface \"prog-load\" is not known: did you mean \"prog_load\"?",
          "m.yaml:5:28: interface \"map_creat\" is not known: did you mean \"map_create\"?",
          "m.yaml:6:13: \"level\" is \"-1\": must be a log level of 32 bits such as 2, 0x8 or "
          "1<<31",
          "m.yaml:6:17: \"level\" is \"1<<32\": must be a log level of 32 bits such as 2, 0x8 or "
          "1<<31",
          "m.yaml:7:14: \"buffer\" is \"4k\": must be a buffer: none, null:4KiB, a size such as 0, "
          "100, "
          "4KiB or 1GiB-1, true, true-1, true+2",
          "m.yaml:7:18: \"buffer\" must be text, not empty",
          "m.yaml:8:13: unknown key \"attr_sise\" in \"extra\": did you mean \"attr_size\"?",
          "m.yaml:8:32: \"uid\" is \"a/b\": must be a user id from 0 to 4294967294",
          "m.yaml:8:37: \"caps\" must be text or a list, not empty",
          "m.yaml:9:5: unknown key \"levels\" in a mode: did you mean \"level\"?"));
}

TEST(MatrixModes, empty_lists_are_mistakes) {
  EXPECT_THAT(mistakes(programs_with("mode_sets: {a: []}\nmodes: [{level: [], buffer: none}]\n")),
              ElementsAre("m.yaml:4:16: mode set \"a\" is an empty list",
                          "m.yaml:5:17: \"level\" is an empty list"));
}

TEST(MatrixModes, names_of_sets_are_ids) {
  EXPECT_THAT(
      mistakes(programs_with("mode_sets: {A b: [{level: 0, buffer: none}]}\nmodes: [A b]\n")),
      ElementsAre(
          "m.yaml:4:13: name of a mode set is \"A b\": must be an id of at most 64 characters "
          "out of a-z 0-9 . _ -, a letter or digit first"));
}

TEST(MatrixModes, more_than_a_million_modes_are_refused_before_they_are_spelt_out) {
  std::string levels;
  for (int i = 0; i < 1001; ++i) levels += std::to_string(i) + ", ";
  const std::string text = "modes: {level: [" + levels + "0], buffer: [" + levels + "0]}\n";
  EXPECT_THAT(mistakes(programs_with(text)),
              ElementsAre("m.yaml:4:8: the matrix spells out more than 1000000 modes"));
}

TEST(MatrixModes, sets_that_double_each_other_stay_small) {
  std::string text = "mode_sets:\n  s0: [{level: 1, buffer: none}]\n";
  for (int i = 1; i < 30; ++i)
    text += fmt::format("  s{}: [s{}, s{}, s{}]\n", i, i - 1, i - 1, i - 1);
  EXPECT_THAT(modes_of(text + "modes: [s29]\n"), ElementsAre("prog_load:1:none"));
}

TEST(MatrixModes, sets_nested_too_deep_are_refused) {
  // In this order each set is met before the one that it names.
  std::string text = "mode_sets:\n";
  for (int i = 100; i < 140; ++i) text += fmt::format("  s{}: [s{}]\n", i, i + 1);
  text += "  s140: [{level: 1, buffer: none}]\n";
  const auto lines = mistakes(programs_with(text + "modes: [s139]\n"));
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines[0], HasSubstr("mode sets nested deeper than 32"));
}

}  // namespace
}  // namespace bpfmatrix::spec
