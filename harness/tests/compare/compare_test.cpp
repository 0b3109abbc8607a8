#include "compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "runs.h"

namespace bpfmatrix::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTrivial = "debian-6.12/raw/trivial/prog_load:2:4096";
constexpr const char* kFault = "debian-6.12/raw/long_fault/prog_load:2:4096";

TEST(Compare, two_runs_that_are_alike_differ_in_nothing) {
  const Pair pair(small_run("a"), small_run("b"));
  const auto comparison = pair.compare();
  EXPECT_EQ(comparison.common, 8u);
  EXPECT_THAT(comparison.cells, IsEmpty());
  EXPECT_THAT(comparison.moved, IsEmpty());
  EXPECT_EQ(comparison.unexpected, 0u);
}

TEST(Compare, what_was_expected_and_is_not_any_more_has_regressed) {
  auto now = small_run("b");
  cell(now, kFault).attempt = cell(now, kTrivial).attempt;
  const Pair pair(small_run("a"), std::move(now));
  const auto comparison = pair.compare();
  ASSERT_EQ(comparison.cells.size(), 1u);
  const auto& change = comparison.cells[0];
  EXPECT_EQ(change.change, Change::regressed);
  EXPECT_EQ(change.cell, kFault);
  EXPECT_EQ(change.before_text, "PASS VERIFIER_REJECTION all, EACCES");
  EXPECT_EQ(change.after_text, "FAIL LOADED");
  EXPECT_THAT(change.why, HasSubstr("it reads a register that nothing wrote; small.yaml:7:3"));
  EXPECT_EQ(comparison.unexpected, 1u);
}

TEST(Compare, a_failure_that_was_there_before_is_not_new) {
  auto before = small_run("a"), now = small_run("b");
  for (auto* run : {&before, &now}) cell(*run, kFault).attempt = cell(*run, kTrivial).attempt;
  const Pair pair(std::move(before), std::move(now));
  const auto comparison = pair.compare();
  EXPECT_THAT(comparison.cells, IsEmpty());
  EXPECT_EQ(comparison.unexpected, 0u);
}

TEST(Compare, where_nothing_is_expected_a_load_that_is_refused_now_has_regressed) {
  auto now = small_run("b");
  refuse(cell(now, kTrivial), EACCES);
  const Pair worse(small_run("a"), now);
  const auto comparison = worse.compare();
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_EQ(comparison.cells[0].change, Change::regressed);
  EXPECT_EQ(comparison.unexpected, 1u);
  const Pair better(now, small_run("c"));
  ASSERT_EQ(better.compare().cells.size(), 1u);
  EXPECT_EQ(better.compare().cells[0].change, Change::improved);
  EXPECT_EQ(better.compare().unexpected, 0u);
}

TEST(Compare, another_errno_of_what_fails_as_before_is_a_change_and_no_regression) {
  auto now = small_run("b");
  refuse(cell(now, kFault), EINVAL);
  const Pair pair(small_run("a"), std::move(now));
  const auto comparison = pair.compare();
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_EQ(comparison.cells[0].change, Change::changed);
  EXPECT_EQ(comparison.unexpected, 0u);
}

TEST(Compare, what_was_measured_and_is_not_any_more_is_lost_and_not_regressed) {
  auto now = small_run("b");
  cell(now, kTrivial).attempt = {result::AttemptState::boot_fail, "said nothing", {}};
  const Pair pair(small_run("a"), now);
  ASSERT_EQ(pair.compare().cells.size(), 1u);
  EXPECT_EQ(pair.compare().cells[0].change, Change::lost);
  EXPECT_EQ(pair.compare().unexpected, 0u);
  const Pair back(now, small_run("c"));
  ASSERT_EQ(back.compare().cells.size(), 1u);
  EXPECT_EQ(back.compare().cells[0].change, Change::found);
}

TEST(Compare, a_new_cell_counts_only_when_it_fails) {
  auto before = small_run("a");
  std::erase_if(before.cells, [](const auto& one) { return one.program == 1; });
  const Pair fine(before, small_run("b"));
  EXPECT_EQ(fine.compare().counts.at(Change::added), 4u);
  EXPECT_EQ(fine.compare().unexpected, 0u);
  auto now = small_run("c");
  cell(now, kFault).attempt = cell(now, kTrivial).attempt;
  const Pair failing(before, std::move(now));
  EXPECT_EQ(failing.compare().unexpected, 1u);
  const Pair gone(small_run("d"), before);
  EXPECT_EQ(gone.compare().counts.at(Change::removed), 4u);
}

TEST(Compare, tells_for_each_regression_what_of_it_moved) {
  auto now = small_run("b");
  refuse(cell(now, kTrivial), EACCES);
  now.kernels[1].sha256 = std::string(64, 'f');
  now.kernels[1].upstream = "6.12.7";
  now.loaders[1].sha256 = std::string(64, 'f');  // of other cells
  const Pair pair(small_run("a"), std::move(now));
  const auto comparison = pair.compare();
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_THAT(comparison.cells[0].moved, ElementsAre("kernel debian-6.12: 6.12.1 → 6.12.7"));
  EXPECT_THAT(comparison.moved,
              ElementsAre("kernel debian-6.12: 6.12.1 → 6.12.7",
                          "library libbpf-1.1.2: another binary (bbbbbbbb → ffffffff)"));
}

TEST(Compare, an_expectation_that_was_edited_is_what_moved) {
  auto now = small_run("b");
  now.expectations[0].outcome = "LOADED";
  const Pair pair(small_run("a"), std::move(now));
  const auto comparison = pair.compare();
  ASSERT_EQ(comparison.cells.size(), 4u);
  EXPECT_THAT(comparison.cells[0].moved,
              ElementsAre("expectation: what was seen before would be FAIL now"));
}

TEST(Compare, the_same_key_with_another_answer_says_that_nothing_moved) {
  auto now = small_run("b");
  refuse(cell(now, kTrivial), EACCES);
  const Pair same_key(small_run("a"), now);
  EXPECT_THAT(same_key.compare().cells.at(0).moved,
              ElementsAre(HasSubstr("nothing: the same kernel, library, object and machine")));
  cell(now, kTrivial).key = "another";
  const Pair another(small_run("a"), std::move(now));
  EXPECT_THAT(another.compare().cells.at(0).moved,
              ElementsAre(HasSubstr("agent, loader sources or the machine's command line")));
}

TEST(Compare, more_verified_instructions_than_the_limit_allows_are_a_regression) {
  auto now = small_run("b");
  auto& seen = cell(now, kTrivial).attempt.observation;
  seen.log_head = "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 "
                  "peak_states 0 mark_read 0\n";
  const Pair pair(small_run("a"), std::move(now));
  EXPECT_THAT(pair.compare().cells, IsEmpty()) << "no limit";
  EXPECT_THAT(pair.compare({.more_instructions = 50}).cells, IsEmpty());
  const auto comparison = pair.compare({.more_instructions = 49});
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_EQ(comparison.cells[0].change, Change::regressed);
  EXPECT_EQ(comparison.cells[0].why, "verifies +50.0 % instructions: 2 → 3");
  EXPECT_EQ(comparison.unexpected, 1u);
}

TEST(Compare, a_known_failure_is_told_with_its_reason_and_does_not_count) {
  auto now = small_run("b");
  refuse(cell(now, kTrivial), EACCES);
  const Pair pair(small_run("a"), std::move(now));
  const spec::KnownFailures known = {
      {"debian-6.12/raw/*", "", "reported upstream", "2026-11-26", {"known.yaml", 2, 1}}};
  const auto comparison = pair.compare({}, known);
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_EQ(comparison.cells[0].known, "reported upstream");
  EXPECT_EQ(comparison.unexpected, 0u);
  EXPECT_THAT(comparison.notes, IsEmpty()) << "the day itself still excuses";
}

TEST(Compare, a_known_failure_that_has_expired_excuses_nothing_and_is_told) {
  auto now = small_run("b");
  refuse(cell(now, kTrivial), EACCES);
  const Pair pair(small_run("a"), std::move(now));
  const spec::KnownFailures known = {
      {"debian-6.12/raw/*", "", "reported upstream", "2026-11-25", {"known.yaml", 2, 1}},
      {"debian-7.*", "", "another one", "2027-01-01", {"known.yaml", 5, 1}}};
  const auto comparison = pair.compare({}, known);
  EXPECT_EQ(comparison.unexpected, 1u);
  EXPECT_THAT(comparison.notes,
              ElementsAre(HasSubstr("known.yaml:2 has expired on 2026-11-25"),
                          HasSubstr("known.yaml:5 was met by nothing")));
}

TEST(Compare, two_kernels_of_a_run_are_matched_by_the_rest_of_the_id) {
  auto run = small_run("a");
  refuse(cell(run, kTrivial), EACCES);
  const auto judgement = result::judge(run);
  const Side before{"debian-6.1", &run, &judgement, nullptr, "debian-6.1", ""};
  const Side after{"debian-6.12", &run, &judgement, nullptr, "debian-6.12", ""};
  const auto comparison = compare(before, after);
  EXPECT_EQ(comparison.common, 4u);
  ASSERT_EQ(comparison.cells.size(), 1u);
  EXPECT_EQ(comparison.cells[0].cell, "*/raw/trivial/prog_load:2:4096");
  EXPECT_THAT(comparison.cells[0].moved,
              ElementsAre("kernel: debian-6.1 → debian-6.12, 6.1.1-amd64 → 6.12.1-amd64"));
}

TEST(Compare, two_loaders_of_a_run_are_matched_by_the_rest_of_the_id) {
  const auto run = small_run("a");
  const auto judgement = result::judge(run);
  const Side before{"raw", &run, &judgement, nullptr, "", "raw"};
  const Side after{"libbpf-1.1.2", &run, &judgement, nullptr, "", "libbpf-1.1.2"};
  const auto comparison = compare(before, after);
  EXPECT_EQ(comparison.common, 4u);
  EXPECT_THAT(comparison.moved, ElementsAre("library: raw → libbpf-1.1.2"));
}

TEST(Compare, a_law_that_is_broken_now_counts_unless_it_is_known) {
  const auto run = small_run("a");
  const auto judgement = result::judge(run);
  spec::Law law;
  law.id = "log-rotates";
  law::Findings held, broken;
  law::Result result;
  result.law = &law;
  result.points = {{.kernel = 1, .loader = 0, .verdict = law::Verdict::holds}};
  held.results = {result};
  result.points[0].verdict = law::Verdict::broken;
  result.points[0].text = "kept: expected tail, found head";
  broken.results = {result};
  const Side before{"a", &run, &judgement, &held, "", ""};
  const Side after{"b", &run, &judgement, &broken, "", ""};
  const auto comparison = compare(before, after);
  ASSERT_EQ(comparison.laws.size(), 1u);
  EXPECT_EQ(comparison.laws[0].change, Change::regressed);
  EXPECT_EQ(comparison.laws[0].law, "log-rotates");
  EXPECT_EQ(comparison.laws[0].kernel, "debian-6.12");
  EXPECT_EQ(comparison.unexpected, 1u);
  EXPECT_EQ(compare(after, before).unexpected, 0u);
  EXPECT_EQ(compare(after, before).laws.at(0).change, Change::improved);
  const spec::KnownFailures known = {
      {"", "log-rotates/debian-6.12/*", "reported", "2027-01-01", {"known.yaml", 2, 1}}};
  EXPECT_EQ(compare(before, after, {}, known, "2026-11-26").unexpected, 0u);
}

}  // namespace
}  // namespace bpfmatrix::compare
