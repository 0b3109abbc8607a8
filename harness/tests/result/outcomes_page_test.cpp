#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "small_run.h"

namespace bpfmatrix::result {
namespace {

using ::testing::HasSubstr;

// `word` in backquotes, as the page writes every name.
std::string code(std::string_view word) {
  return fmt::format("`{}`", word);
}

TEST(OutcomesPage, names_every_outcome_status_reason_and_attempt_state) {
  const auto page = base::read_file(BPFM_SOURCE "/harness/docs/outcomes.md");
  ASSERT_TRUE(page) << page.error().message;
  for (const auto outcome : all_outcomes()) EXPECT_THAT(*page, HasSubstr(code(name(outcome))));
  for (const auto status : all_statuses()) EXPECT_THAT(*page, HasSubstr(code(name(status))));
  for (int i = 0; i <= static_cast<int>(AttemptState::not_reached); ++i) {
    const auto state = static_cast<AttemptState>(i);
    EXPECT_THAT(*page, HasSubstr(code(name(state))));
    RunRecord run = make_run(1, 1, 1);
    run.cells[0].attempt.state = state;
    EXPECT_THAT(*page, HasSubstr(code(judge(run).verdicts[0].reason)));
  }
  EXPECT_THAT(*page, HasSubstr(code("OK")));
}

}  // namespace
}  // namespace bpfmatrix::result
