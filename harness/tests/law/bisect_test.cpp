#include "law/bisect.h"

#include <gtest/gtest.h>

#include <bit>

namespace bpfmatrix::law {
namespace {

// Answers: 'n' no, 'y' yes, '?' unknown, 'm' mixed; counts the questions.
struct Told {
  Bisection bisection;
  size_t questions = 0;
};
Told search(const std::string& answers) {
  Told told;
  const auto found = bisect(answers.size(), [&](size_t point) -> base::Result<Answer> {
    ++told.questions;
    const char answer = answers.at(point);
    return answer == 'n'   ? Answer::no
           : answer == 'y' ? Answer::yes
           : answer == 'm' ? Answer::mixed
                           : Answer::unknown;
  });
  EXPECT_TRUE(found);
  told.bisection = *found;
  return told;
}

TEST(Bisect, finds_every_boundary_in_two_questions_more_than_the_logarithm) {
  for (size_t points = 2; points <= 130; ++points)
    for (size_t boundary = 1; boundary < points; ++boundary)
      for (const char low : {'n', 'y'}) {
        const char high = low == 'n' ? 'y' : 'n';
        const auto told = search(std::string(boundary, low) + std::string(points - boundary, high));
        ASSERT_TRUE(told.bisection.change) << points << " " << boundary;
        EXPECT_EQ(told.bisection.change->below, boundary - 1);
        EXPECT_EQ(told.bisection.change->above, boundary);
        EXPECT_LE(told.questions, static_cast<size_t>(std::bit_width(points - 1)) + 2);  // ⌈log2 n⌉
        EXPECT_EQ(told.questions, told.bisection.asked.size());
      }
}

TEST(Bisect, asks_two_questions_when_the_ends_agree) {
  const auto told = search("nnnyynnn");  // there is a change, and it does not see it
  EXPECT_FALSE(told.bisection.change);
  EXPECT_EQ(told.questions, 2u);
  EXPECT_EQ(told.bisection.answer(0), Answer::no);
  EXPECT_EQ(told.bisection.answer(7), Answer::no);
  EXPECT_EQ(told.bisection.answer(3), Answer::unknown);
}

TEST(Bisect, finds_some_true_change_where_there_are_several) {
  const std::string answers = "nnyynnyy";
  const auto told = search(answers);
  ASSERT_TRUE(told.bisection.change);
  EXPECT_EQ(told.bisection.change->above, told.bisection.change->below + 1);
  EXPECT_NE(answers[told.bisection.change->below], answers[told.bisection.change->above]);
}

TEST(Bisect, asks_the_neighbour_of_a_point_without_an_answer) {
  for (const char useless : {'?', 'm'}) {
    for (size_t points = 3; points <= 40; ++points)
      for (size_t boundary = 1; boundary < points; ++boundary)
        for (size_t hole = 0; hole < points; ++hole) {
          std::string answers = std::string(boundary, 'n') + std::string(points - boundary, 'y');
          answers[hole] = useless;
          const auto first_yes = answers.find('y'), last_no = answers.rfind('n');
          const auto told = search(answers);
          if (first_yes == std::string::npos || last_no == std::string::npos) {
            EXPECT_FALSE(told.bisection.change);
            continue;
          }
          ASSERT_TRUE(told.bisection.change) << answers;
          EXPECT_EQ(told.bisection.change->below, last_no) << answers;
          EXPECT_EQ(told.bisection.change->above, first_yes) << answers;
          // One question for nothing, and halves that are no longer equal.
          EXPECT_LE(told.questions, static_cast<size_t>(std::bit_width(points - 1)) + 4);
        }
  }
}

TEST(Bisect, never_asks_twice) {
  const auto told = search("n?????m??y");
  EXPECT_EQ(told.questions, 10u);
  EXPECT_EQ(told.bisection.change->below, 0u);
  EXPECT_EQ(told.bisection.change->above, 9u);
}

TEST(Bisect, says_nothing_of_fewer_than_two_answers) {
  EXPECT_FALSE(search("").bisection.change);
  EXPECT_FALSE(search("y").bisection.change);
  EXPECT_FALSE(search("??y??").bisection.change);
  EXPECT_FALSE(search("???").bisection.change);
}

TEST(Bisect, ends_with_the_first_error_of_the_oracle) {
  size_t questions = 0;
  const auto found = bisect(8, [&](size_t) -> base::Result<Answer> {
    if (++questions == 2) return base::fail(base::ErrorKind::io, "no disk");
    return Answer::no;
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "no disk");
  EXPECT_EQ(questions, 2u);
}

}  // namespace
}  // namespace bpfmatrix::law
