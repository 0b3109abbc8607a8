// Every operator of a check, met and not met.
#include "law/check.h"

#include <gtest/gtest.h>

#include "law/field.h"
#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::CellRecord;
using result::DecidedBy;
using spec::Field;
using Op = spec::Check::Op;

// Rejected with EACCES, the log's tail kept, true size told.
CellRecord rejected() {
  CellRecord cell;
  cell.mode = mode_of_level(2);
  cell.attempt.state = result::AttemptState::measured;
  auto& seen = cell.attempt.observation;
  seen.error = seen.kernel_errno = 13;
  seen.decided_by = DecidedBy::kernel;
  seen.kept = result::Kept::tail;
  seen.verified = seen.touched = true;
  seen.buffer_size = 4096;
  seen.log_length = 4095;
  seen.log_true_size = 9371;
  seen.log_head = "0: R1=ctx() R10=fp0\n";
  seen.log_tail =
      "R1 !read_ok\nverification time 117 usec\nstack depth 8+16\nprocessed 2 insns (limit 1000000) "
      "max_states_per_insn 0 total_states 3 peak_states 4 mark_read 0\n";
  seen.calls = {{.cmd = 18, .error = 22, .probe = true},
                {.cmd = 5, .level = 0, .size = 0, .attr_size = 144, .error = 13, .measured = true},
                {.cmd = 5,
                 .level = 1,
                 .size = 4096,
                 .attr_size = 148,
                 .error = 28,
                 .measured = true,
                 .length = 4095}};
  return cell;
}

bool met(Field of, Op op, std::vector<spec::Operand> operands = {}) {
  return meets(check(of, op, std::move(operands)), rejected(), nullptr);
}

TEST(Check, a_word_is_one_of_the_words) {
  EXPECT_TRUE(met(Field::error, Op::any_of, {text("EINVAL"), text("EACCES")}));
  EXPECT_TRUE(met(Field::error, Op::any_of, {text("EA*")}));
  EXPECT_FALSE(met(Field::error, Op::any_of, {text("EINVAL"), text("0")}));
  EXPECT_FALSE(met(Field::error, Op::any_of, {number(0)}));
  EXPECT_TRUE(met(Field::outcome, Op::any_of, {text("VERIFIER_REJECTION")}));
  EXPECT_FALSE(met(Field::outcome, Op::any_of, {text("LOADED")}));
  EXPECT_TRUE(met(Field::kept, Op::any_of, {text("tail")}));
  EXPECT_TRUE(met(Field::decided_by, Op::any_of, {text("kernel")}));
  EXPECT_TRUE(met(Field::log_tail, Op::any_of, {text("*!read_ok*")}));
  EXPECT_FALSE(met(Field::log_head, Op::any_of, {text("*!read_ok*")}));
  EXPECT_TRUE(met(Field::log_tail, Op::any_of, {text("*R1*stack*")}));
  EXPECT_FALSE(met(Field::log_tail, Op::any_of, {text("*stack*R1*")}));
  EXPECT_TRUE(met(Field::log_tail, Op::any_of, {text("**")}));
  EXPECT_TRUE(met(Field::log_tail, Op::any_of, {text("*")}));
  EXPECT_FALSE(met(Field::log_tail, Op::any_of, {text("")}));
}

TEST(Check, a_word_is_none_of_the_words) {
  EXPECT_TRUE(met(Field::error, Op::none_of, {text("EINVAL")}));
  EXPECT_FALSE(met(Field::error, Op::none_of, {text("EINVAL"), text("EACCES")}));
  EXPECT_FALSE(met(Field::log_tail, Op::none_of, {text("*!read_ok*")}));
  EXPECT_TRUE(met(Field::messages, Op::none_of, {text("*error*")}));  // an empty text has none
}

TEST(Check, yes_and_no) {
  EXPECT_TRUE(met(Field::verified, Op::any_of, {text("yes")}));
  EXPECT_FALSE(met(Field::verified, Op::any_of, {text("no")}));
  EXPECT_TRUE(met(Field::btf_unreadable, Op::any_of, {text("no")}));
  EXPECT_TRUE(met(Field::touched, Op::none_of, {text("no")}));
}

TEST(Check, numbers_are_compared) {
  EXPECT_TRUE(met(Field::log_length, Op::less, {number(4096)}));
  EXPECT_FALSE(met(Field::log_length, Op::less, {number(4095)}));
  EXPECT_TRUE(met(Field::log_length, Op::less_equal, {number(4095)}));
  EXPECT_FALSE(met(Field::log_length, Op::less_equal, {number(4094)}));
  EXPECT_TRUE(met(Field::log_length, Op::greater, {number(4094)}));
  EXPECT_FALSE(met(Field::log_length, Op::greater, {number(4095)}));
  EXPECT_TRUE(met(Field::log_length, Op::greater_equal, {number(4095)}));
  EXPECT_FALSE(met(Field::log_length, Op::greater_equal, {number(4096)}));
  EXPECT_TRUE(met(Field::log_length, Op::equal, {number(4095)}));
  EXPECT_FALSE(met(Field::log_length, Op::equal, {number(1)}));
  EXPECT_TRUE(met(Field::log_length, Op::not_equal, {number(1)}));
  EXPECT_FALSE(met(Field::log_length, Op::not_equal, {number(4095)}));
  EXPECT_TRUE(met(Field::log_length, Op::any_of, {number(1), number(4095)}));
  EXPECT_FALSE(met(Field::log_length, Op::any_of, {number(1), number(2)}));
}

TEST(Check, a_number_is_held_against_a_field) {
  EXPECT_TRUE(met(Field::log_length, Op::equal, {field(Field::buffer_size, -1)}));
  EXPECT_FALSE(met(Field::log_length, Op::equal, {field(Field::buffer_size)}));
  EXPECT_TRUE(met(Field::log_true_size, Op::greater, {field(Field::buffer_size)}));
}

TEST(Check, a_comparison_with_what_is_absent_is_not_met_whichever_way) {
  for (const Op op : {Op::less, Op::less_equal, Op::greater, Op::greater_equal, Op::equal,
                      Op::not_equal, Op::any_of, Op::none_of}) {
    EXPECT_FALSE(met(Field::true_size, op, {number(1)}));
    EXPECT_FALSE(met(Field::log_length, op, {field(Field::true_size)}));
  }
  EXPECT_TRUE(met(Field::true_size, Op::absent));
  EXPECT_FALSE(met(Field::true_size, Op::present));
  EXPECT_TRUE(met(Field::log_true_size, Op::present));
  EXPECT_FALSE(met(Field::log_true_size, Op::absent));
  EXPECT_TRUE(met(Field::messages, Op::absent));
  EXPECT_TRUE(met(Field::log_head, Op::present));
  EXPECT_FALSE(met(Field::log_head, Op::absent));
}

TEST(Check, the_errno_of_the_kernel_is_absent_unless_the_kernel_decided) {
  auto cell = rejected();
  EXPECT_TRUE(met(Field::kernel_errno, Op::any_of, {text("EACCES")}));
  cell.attempt.observation.decided_by = DecidedBy::library;
  EXPECT_FALSE(meets(check(Field::kernel_errno, Op::any_of, {text("EACCES")}), cell, nullptr));
  EXPECT_FALSE(meets(check(Field::kernel_errno, Op::none_of, {text("0")}), cell, nullptr));
  EXPECT_TRUE(meets(check(Field::kernel_errno, Op::absent), cell, nullptr));
}

TEST(Check, the_verifiers_statistics_are_read_from_the_log) {
  EXPECT_TRUE(met(Field::insns, Op::equal, {number(2)}));
  EXPECT_TRUE(met(Field::states, Op::equal, {number(3)}));
  EXPECT_TRUE(met(Field::peak_states, Op::equal, {number(4)}));
  EXPECT_TRUE(met(Field::stack, Op::equal, {number(24)}));
  EXPECT_TRUE(met(Field::time_us, Op::equal, {number(117)}));
  auto cell = rejected();
  cell.attempt.observation.log_tail = "cut off";
  EXPECT_TRUE(meets(check(Field::insns, Op::absent), cell, nullptr));
}

TEST(Check, measured_calls_are_counted_and_unknown_where_calls_are) {
  EXPECT_TRUE(met(Field::loads, Op::equal, {number(2)}));
  EXPECT_TRUE(met(Field::moved, Op::equal, {number(4095)}));
  EXPECT_TRUE(met(Field::attr_size, Op::equal, {number(148)}));
  EXPECT_TRUE(met(Field::level, Op::equal, {number(2)}));
  auto cell = rejected();
  cell.attempt.observation.decided_by = DecidedBy::unknown;
  for (const auto of : {Field::loads, Field::moved, Field::attr_size, Field::calls, Field::probes})
    EXPECT_TRUE(meets(check(of, Op::absent), cell, nullptr)) << name(of);
  EXPECT_FALSE(meets(check(Field::calls, Op::sequence, {text("...")}), cell, nullptr));
}

TEST(Check, calls_follow_a_sequence) {
  const auto follow = [](std::vector<spec::Operand> patterns) {
    return met(Field::calls, Op::sequence, std::move(patterns));
  };
  EXPECT_TRUE(follow({text("P(0,0)=EACCES"), text("P(1,4096)=ENOSPC")}));
  EXPECT_TRUE(follow({text("P(0,*"), text("P(1,{buffer_size})=E*")}));
  EXPECT_FALSE(follow({text("P(0,0)=EACCES")}));
  EXPECT_FALSE(follow({text("P(1,4096)=ENOSPC"), text("P(0,0)=EACCES")}));
  EXPECT_FALSE(follow({text("P*"), text("P*"), text("P*")}));
  EXPECT_TRUE(follow({text("..."), text("P(1,4096)=ENOSPC")}));
  EXPECT_TRUE(follow({text("..."), text("P(0,0)=EACCES"), text("...")}));
  EXPECT_TRUE(follow({text("..."), text("P*"), text("..."), text("P*"), text("...")}));
  EXPECT_FALSE(follow({text("..."), text("P(0,0)=EACCES")}));
  EXPECT_FALSE(follow({}));
  EXPECT_TRUE(met(Field::probes, Op::sequence, {text("B(0,0)=EINVAL")}));
  EXPECT_FALSE(met(Field::probes, Op::sequence, {text("P*")}));
}

TEST(Check, many_gaps_over_many_calls_are_matched_at_once) {
  auto cell = rejected();
  auto one = cell.attempt.observation.calls.front();
  one.cmd = 5;  // PROG_LOAD
  one.probe = false;
  cell.attempt.observation.calls.assign(128, one);
  std::vector<spec::Operand> patterns;
  for (int i = 0; i < 20; ++i) {
    patterns.push_back(text("..."));
    patterns.push_back(text("P*"));
  }
  patterns.push_back(text("Z"));  // never there: every way would have to be tried
  EXPECT_FALSE(meets(check(Field::calls, Op::sequence, patterns), cell, nullptr));
  patterns.back() = text("...");
  EXPECT_TRUE(meets(check(Field::calls, Op::sequence, patterns), cell, nullptr));
}

TEST(Check, two_missing_texts_are_not_equal) {
  auto cell = rejected();
  cell.attempt.observation.log_sha256.clear();
  const auto same = check(Field::log_sha256, Op::equal, {other(Field::log_sha256)});
  EXPECT_FALSE(meets(same, cell, &cell));
  cell.attempt.observation.log_sha256 = "ab";
  EXPECT_TRUE(meets(same, cell, &cell));
}

TEST(Check, kinds_of_btf_are_sorted_names) {
  auto cell = rejected();
  EXPECT_TRUE(meets(check(Field::btf_kinds, Op::absent), cell, nullptr));
  cell.attempt.observation.btf_kinds = 1U << 1 | 1U << 3 | 1U << 19;
  EXPECT_TRUE(
      meets(check(Field::btf_kinds, Op::any_of, {text("ARRAY,ENUM64,INT")}), cell, nullptr));
  EXPECT_FALSE(meets(check(Field::btf_kinds, Op::any_of, {text("INT")}), cell, nullptr));
}

TEST(Check, the_other_cell_is_asked) {
  const auto cell = rejected();
  auto beside = rejected();
  beside.attempt.observation.log_true_size = 9372;
  beside.attempt.observation.log_sha256 = "a[b]";
  auto check_of_other = check(Field::log_true_size, Op::equal, {number(9372)});
  check_of_other.of_other = true;
  EXPECT_TRUE(meets(check_of_other, cell, &beside));
  EXPECT_FALSE(meets(check_of_other, beside, &cell));
  EXPECT_FALSE(meets(check_of_other, cell, nullptr));
  const auto plus_one = check(Field::log_true_size, Op::equal, {other(Field::log_true_size, -1)});
  EXPECT_TRUE(meets(plus_one, cell, &beside));
  EXPECT_FALSE(meets(plus_one, beside, &cell));
  EXPECT_FALSE(meets(plus_one, cell, nullptr));
  const auto same_text = check(Field::log_sha256, Op::equal, {other(Field::log_sha256)});
  EXPECT_TRUE(meets(same_text, beside, &beside));  // not taken for a glob
  EXPECT_FALSE(meets(same_text, cell, &beside));
}

TEST(Check, a_contradiction_is_told_with_what_was_found) {
  const auto cell = rejected();
  EXPECT_EQ(contradiction({errno_is("EACCES")}, cell, nullptr), std::nullopt);
  EXPECT_EQ(contradiction({errno_is("EACCES"), errno_is("EINVAL")}, cell, nullptr),
            "errno: expected EINVAL, found EACCES");
  EXPECT_EQ(contradiction({check(Field::log_length, Op::greater, {field(Field::log_true_size)},
                                 "> log_true_size")},
                          cell, nullptr),
            "log_length: expected > log_true_size, found 4095 (log_true_size is 9371)");
  EXPECT_EQ(contradiction({check(Field::true_size, Op::present, {}, "present")}, cell, nullptr),
            "true_size: expected present, found absent");
}

TEST(Check, long_and_hostile_texts_are_cut_in_messages) {
  auto cell = rejected();
  cell.attempt.observation.log_head = std::string(500, 'x') + "\x1b[2J";
  EXPECT_LE(field_text(cell, Field::log_head).size(), 110u);
  cell.attempt.observation.messages = "\x1b[2J" + std::string(500, 'x');
  EXPECT_EQ(field_text(cell, Field::messages).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace bpfmatrix::law
