#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"
#include "law/evaluate.h"

namespace bpfmatrix::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TellingLine, is_the_last_one_that_is_no_statistic) {
  EXPECT_EQ(telling_line("0: R1=ctx\nR9 !read_ok\nverification time 3 usec\nstack depth 0\n"
                         "processed 1 insns (limit 1000000)\n\n"),
            "R9 !read_ok");
  EXPECT_EQ(telling_line("processed 1 insns\n"), "");
  EXPECT_EQ(telling_line(""), "");
  EXPECT_EQ(telling_line("cut off in the middle"), "cut off in the middle");
}

TEST(Explain, every_cell_of_the_fixture_has_what_was_asked_what_came_and_a_command) {
  const auto run = fixture_run();
  const auto judgement = result::judge(run);
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    const auto text = explain(run, judgement, findings, i);
    EXPECT_THAT(text, HasSubstr("asked        "));
    EXPECT_THAT(text, HasSubstr(std::string(name(judgement.verdicts[i].outcome)) + ": "));
    EXPECT_THAT(text, HasSubstr("  bpfmatrix run "));
    EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << run.cells[i].id;
    EXPECT_THAT(text, Not(HasSubstr("\xff")));
  }
}

TEST(Explain, names_the_law_that_a_cell_breaks) {
  const auto run = fixture_run();
  const auto judgement = result::judge(run);
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  bool found = false;
  for (const auto& result : findings.results)
    for (const auto& point : result.points) {
      if (point.verdict != law::Verdict::broken || point.cell == law::kNoCell) continue;
      found = true;
      EXPECT_THAT(explain(run, judgement, findings, point.cell),
                  HasSubstr(result.law->id + " broken: "));
    }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace bpfmatrix::report
