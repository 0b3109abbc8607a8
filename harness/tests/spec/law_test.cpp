// Law files that are good, and what is made of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"
#include "spec/law.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kFeature = R"(kind: feature
group: attributes
statement: It rotates.
cells: {loader: raw, program: trivial, modes: {level: 1, buffer: none}}
holds: {errno: 0}
)";

// A law with these lines of `then`, held against another cell.
std::string law_with(const std::string& then, const std::string& more = "") {
  return "group: truncation\nstatement: So it is.\nsources: here\n"
         "cells: {loader: raw, program: trivial, modes: {level: 2, buffer: 4KiB}}\n"
         "other: {level: 8}\ncases:\n  - then: " +
         then + "\n" + more;
}

std::vector<std::string> ids(const std::vector<Law>& laws) {
  std::vector<std::string> ids;
  for (const auto& law : laws) ids.push_back(law.id);
  return ids;
}

class Laws : public ::testing::Test {
 protected:
  std::vector<Law> read() {
    auto laws = read_laws(scratch_.path(""));
    if (!laws) {
      ADD_FAILURE() << laws.error().message;
      return {};
    }
    return std::move(*laws);
  }
  // The checks of a law with these lines.
  std::vector<Check> checks(const std::string& then) {
    scratch_.write("a.yaml", law_with(then));
    const auto laws = read();
    return laws.empty() ? std::vector<Check>() : laws[0].cases.at(0).then;
  }

  Scratch scratch_;
};

TEST_F(Laws, every_key_is_read) {
  scratch_.write("rotates.yaml", kFeature);
  scratch_.write("a.yaml", R"(axis: pair
group: truncation
statement: So it is.
why: It matters.
measured: By looking.
sources: [one, two]
note: seen otherwise
since: 6.4
cells:
  loader: [raw, "libbpf-1.*"]
  program: long_fault
  modes: [{level: [2, 10], buffer: 4KiB}]
other: {loader: raw, program: trivial, interface: btf_load, level: 8, buffer: true, extra: {attr_size: 140}}
where: {decided_by: kernel}
cases:
  - when: [rotates, "libbpf>= 1.2"]
    then: {kept: tail}
    text: the tail
  - when: "!rotates"
    then: {kept: head}
exceptions:
  - {kernel: "k*", loader: x, program: y, level: [1, 2], buffer: none, reason: so, source: there, then: {errno: E2BIG}}
)");
  const auto laws = read();
  ASSERT_THAT(ids(laws), ElementsAre("rotates", "a"));
  EXPECT_EQ(laws[0].kind, Law::Kind::feature);
  EXPECT_EQ(laws[0].axis, Law::Axis::kernel);
  EXPECT_THAT(laws[0].modes, ElementsAre(LogMode{Interface::prog_load, 1, {}, {}}));
  ASSERT_EQ(laws[0].cases.size(), 1u);
  EXPECT_EQ(laws[0].cases[0].then.at(0).text, "errno: 0");
  const Law& law = laws[1];
  EXPECT_EQ(law.kind, Law::Kind::law);
  EXPECT_EQ(law.axis, Law::Axis::pair);
  EXPECT_EQ(law.statement + law.why + law.measured + law.note + law.since,
            "So it is.It matters.By looking.seen otherwise6.4");
  EXPECT_THAT(law.sources, ElementsAre("one", "two"));
  EXPECT_THAT(law.loaders, ElementsAre("raw", "libbpf-1.*"));
  EXPECT_THAT(law.programs, ElementsAre("long_fault"));
  EXPECT_EQ(law.modes.size(), 2u);
  ASSERT_TRUE(law.other);
  EXPECT_EQ(to_text(law.other->mode_of(law.modes[0])), "btf_load:8:true:attr_size=140");
  EXPECT_EQ(law.other->loader, "raw");
  EXPECT_EQ(law.other->program, "trivial");
  EXPECT_EQ(law.where.at(0).field, Field::decided_by);
  ASSERT_EQ(law.cases.size(), 2u);
  EXPECT_EQ(law.cases[0].text, "the tail");
  const auto& when = law.cases[0].when;
  ASSERT_EQ(when.size(), 2u);
  EXPECT_EQ(when[0].feature, "rotates");
  EXPECT_FALSE(when[0].negated);
  EXPECT_EQ(when[1].kind, Requirement::Kind::version);
  EXPECT_EQ(when[1].loader_kind, "libbpf");
  EXPECT_EQ(when[1].op, Check::Op::greater_equal);
  EXPECT_EQ(when[1].version, "1.2");
  EXPECT_TRUE(law.cases[1].when.at(0).negated);
  ASSERT_EQ(law.exceptions.size(), 1u);
  const Exception& exception = law.exceptions[0];
  EXPECT_THAT(exception.kernels, ElementsAre("k*"));
  EXPECT_THAT(exception.levels, ElementsAre(1u, 2u));
  EXPECT_THAT(exception.buffers, ElementsAre(Buffer{}));
  EXPECT_EQ(exception.reason + exception.source, "sothere");
  EXPECT_EQ(exception.then.at(0).text, "errno: E2BIG");
}

TEST_F(Laws, words_of_a_list_are_alternatives_and_those_with_an_exclamation_mark_are_none) {
  const auto read = checks(R"({errno: [EINVAL, "E2*", "!EPERM"], outcome: "!LOADED"})");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].op, Check::Op::any_of);
  ASSERT_EQ(read[0].operands.size(), 2u);
  EXPECT_EQ(read[0].operands[1].text, "E2*");
  EXPECT_EQ(read[0].text, "errno: EINVAL, E2*");
  EXPECT_EQ(read[1].op, Check::Op::none_of);
  EXPECT_EQ(read[1].operands.at(0).text, "EPERM");
  EXPECT_EQ(read[2].op, Check::Op::none_of);
  EXPECT_EQ(read[2].operands.at(0).text, "LOADED");
}

TEST_F(Laws, numbers_are_compared_with_numbers_and_fields) {
  const auto read = checks(
      R"({log_length: ["> 0", "<= buffer_size - 1"], loads: [1, 2], overrun: "!= 0",
     log_true_size: "= other.log_true_size", other.true_size: ">=4KiB", return_value: -1, level: 0x8})");
  ASSERT_EQ(read.size(), 8u);
  EXPECT_EQ(read[0].op, Check::Op::greater);
  EXPECT_EQ(read[1].op, Check::Op::less_equal);
  EXPECT_EQ(read[1].operands.at(0).kind, Operand::Kind::field);
  EXPECT_EQ(read[1].operands.at(0).field, Field::buffer_size);
  EXPECT_EQ(read[1].operands.at(0).number, -1);
  EXPECT_EQ(read[2].op, Check::Op::any_of);
  EXPECT_EQ(read[2].operands.size(), 2u);
  EXPECT_EQ(read[3].op, Check::Op::not_equal);
  EXPECT_EQ(read[4].op, Check::Op::equal);
  EXPECT_TRUE(read[4].operands.at(0).of_other);
  EXPECT_FALSE(read[4].of_other);
  EXPECT_TRUE(read[5].of_other);
  EXPECT_EQ(read[5].operands.at(0).number, 4096);
  EXPECT_EQ(read[5].text, "other.true_size: >=4KiB");
  EXPECT_EQ(read[6].operands.at(0).number, -1);
  EXPECT_EQ(read[7].operands.at(0).number, 8);
}

TEST_F(Laws, texts_can_be_held_against_those_of_the_other_cell) {
  const auto read = checks(
      R"({log_sha256: "= other.log_sha256", errno: "!= other.errno", log_tail: absent, time_us: present,
     touched: "yes", log_head: "!*read_ok*"})");
  ASSERT_EQ(read.size(), 6u);
  EXPECT_EQ(read[0].op, Check::Op::equal);
  EXPECT_EQ(read[0].operands.at(0).field, Field::log_sha256);
  EXPECT_TRUE(read[0].operands.at(0).of_other);
  EXPECT_EQ(read[1].op, Check::Op::not_equal);
  EXPECT_EQ(read[2].op, Check::Op::absent);
  EXPECT_EQ(read[3].op, Check::Op::present);
  EXPECT_EQ(read[4].operands.at(0).text, "yes");
  EXPECT_EQ(read[5].op, Check::Op::none_of);
  EXPECT_EQ(read[5].operands.at(0).text, "*read_ok*");
}

TEST_F(Laws, calls_are_a_sequence_which_may_be_empty) {
  const auto read = checks(R"({calls: ["P(0,0)=E*", "...", "P+(1,{buffer_size})=ENOSPC"], probes: []})");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].op, Check::Op::sequence);
  EXPECT_EQ(read[0].operands.size(), 3u);
  EXPECT_EQ(read[1].op, Check::Op::sequence);
  EXPECT_THAT(read[1].operands, IsEmpty());
}

TEST_F(Laws, come_by_group_in_the_order_of_the_pages_and_by_id) {
  scratch_.write("b.yaml", law_with("{errno: 0}"));
  scratch_.write("a.yaml", law_with("{errno: 0}"));
  scratch_.write("z.yaml", kFeature);
  scratch_.write("README.md", "no law");
  EXPECT_THAT(ids(read()), ElementsAre("z", "a", "b"));
}

TEST_F(Laws, a_folder_that_is_not_there_is_an_error) {
  const auto laws = read_laws(scratch_.path("nowhere"));
  ASSERT_FALSE(laws);
  EXPECT_THAT(laws.error().message, HasSubstr("nowhere: No such file or directory"));
}

TEST(Other, only_what_is_written_changes) {
  LogMode mode{Interface::prog_load, 2, {Buffer::Kind::fixed, 4096}, {{"uid", "1"}}};
  EXPECT_EQ(Other{}.mode_of(mode), mode);
  Other other;
  other.or_level = 8;
  EXPECT_EQ(other.mode_of(mode).level, 10u);
  other.drop_level = 2;
  EXPECT_EQ(other.mode_of(mode).level, 8u);
  other.level = 4;
  EXPECT_EQ(other.mode_of(mode).level, 12u);
  other.extra.emplace();
  EXPECT_EQ(to_text(other.mode_of(mode)), "prog_load:12:4096");
}

class Selected : public Laws {
 protected:
  Selected() {
    scratch_.write("rotates.yaml", kFeature);
    scratch_.write("unused.yaml", kFeature);
    scratch_.write("plain.yaml", law_with("{errno: 0}"));
    scratch_.write("asks.yaml", law_with("{errno: 0}", "    when: \"!rotates\"\n"));
    scratch_.write("own/mine.yaml", law_with("{errno: 0}", "    when: rotates\n"));
  }
  std::vector<std::string> mistakes_of(const std::string& matrix) {
    const auto read = parse_matrix(scratch_.write("own/m.matrix", matrix), three_kernels(),
                                   three_loaders(), laws());
    return read ? std::vector<std::string>() : lines(read.error(), scratch_);
  }
  std::vector<Law> laws() { return read(); }
};

TEST_F(Selected, laws_bring_the_features_that_they_ask) {
  EXPECT_THAT(ids(select_laws(laws(), {"asks"})), ElementsAre("rotates", "asks"));
  EXPECT_THAT(ids(select_laws(laws(), {"p*"})), ElementsAre("plain"));
  EXPECT_THAT(ids(select_laws(laws(), {"truncation"})), ElementsAre("rotates", "asks", "plain"));
  EXPECT_THAT(ids(select_laws(laws(), {"*"})),
              ElementsAre("rotates", "unused", "asks", "plain"));
  EXPECT_THAT(select_laws(laws(), {"x"}), IsEmpty());
}

TEST_F(Selected, a_matrix_names_laws_by_glob_and_by_path_and_needs_no_programs) {
  const auto file = scratch_.write("own/m.matrix", "kernels: [debian-6.1]\nloaders: [raw]\n"
                                                   "laws: [plain, ./mine.yaml]\n");
  const auto matrix = parse_matrix(file, three_kernels(), three_loaders(), laws());
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_THAT(ids(matrix->laws), ElementsAre("rotates", "plain", "mine"));
  EXPECT_THAT(matrix->law_names, ElementsAre("plain", scratch_.path("own/mine.yaml").string()));
  EXPECT_THAT(matrix->programs, IsEmpty());
  const auto again = laws_named(matrix->law_names, laws());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(ids(*again), ElementsAre("rotates", "plain", "mine"));
}

TEST_F(Selected, a_matrix_without_programs_and_laws_is_told) {
  EXPECT_THAT(mistakes_of("kernels: [debian-6.1]\nloaders: [raw]\n"),
              ElementsAre(HasSubstr("a matrix has no \"programs\"")));
}

TEST_F(Selected, names_that_select_nothing_are_mistakes) {
  scratch_.write("own/rotates.yaml", law_with("{errno: 0}"));
  const auto told = mistakes_of(
      "kernels: [debian-6.1]\nloaders: [raw]\nlaws: [plaim, trunaction, xyz*, ./no.yaml, "
      "./rotates.yaml]\n");
  ASSERT_EQ(told.size(), 5u);
  EXPECT_EQ(told[0], "own/m.matrix:3:8: \"plaim\" matches no law: did you mean \"plain\"?");
  EXPECT_EQ(told[1],
            "own/m.matrix:3:15: \"trunaction\" matches no law: did you mean \"truncation\"?");
  EXPECT_THAT(told[2], HasSubstr("own/m.matrix:3:27: \"xyz*\" matches no law: \"bpfmatrix list "
                                 "laws\" shows them, groups are attributes, truncation"));
  EXPECT_EQ(told[3], "own/m.matrix:3:33: open own/no.yaml: No such file or directory");
  EXPECT_EQ(told[4], "own/rotates.yaml: law \"rotates\" is in rotates.yaml too: rename one of the "
                     "files");
}

}  // namespace
}  // namespace bpfmatrix::spec
