#include "compare/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "runs.h"

namespace bpfmatrix::compare {
namespace {

constexpr const char* kTrivial = "debian-6.12/raw/trivial/prog_load:2:4096";

CellHistory of(const History& history, const std::string& id) {
  for (auto& cell : history.cells())
    if (cell.cell == id) return cell;
  ADD_FAILURE() << id;
  return {};
}

TEST(History, has_a_letter_for_each_run_and_a_gap_where_the_cell_was_not_planned) {
  History history({});
  auto first = small_run("a"), second = small_run("b"), third = small_run("c");
  std::erase_if(second.cells, [](const auto& one) { return one.id == kTrivial; });
  refuse(cell(third, kTrivial), EACCES);
  for (const auto* run : {&first, &second, &third}) history.add(*run, result::judge(*run));
  EXPECT_EQ(of(history, kTrivial).letters, "L R");
  EXPECT_EQ(history.cells().size(), 8u);
  EXPECT_EQ(history.runs().size(), 3u);
  EXPECT_EQ(history.runs()[2].id, "c");
}

TEST(History, a_cell_that_comes_later_has_gaps_before_it) {
  History history({});
  auto first = small_run("a");
  const auto second = small_run("b");
  std::erase_if(first.cells, [](const auto& one) { return one.id == kTrivial; });
  history.add(first, result::judge(first));
  history.add(second, result::judge(second));
  EXPECT_EQ(of(history, kTrivial).letters, " L");
}

TEST(History, only_cells_that_a_glob_matches_are_kept) {
  History history({"debian-6.1/*"});
  const auto run = small_run("a");
  history.add(run, result::judge(run));
  EXPECT_EQ(history.cells().size(), 4u);
}

TEST(History, another_answer_of_the_same_key_is_flaky_and_one_of_another_key_is_not) {
  History history({});
  auto first = small_run("a"), second = small_run("b"), third = small_run("c");
  refuse(cell(second, kTrivial), EACCES);
  refuse(cell(third, kTrivial), EACCES);
  cell(third, kTrivial).key = "another kernel's";
  for (const auto* run : {&first, &second, &third}) history.add(*run, result::judge(*run));
  const auto seen = of(history, kTrivial);
  EXPECT_EQ(seen.measured, 3u);
  EXPECT_EQ(seen.flaky, 1u);
  EXPECT_DOUBLE_EQ(seen.flake_rate(), 1.0 / 3);
}

TEST(History, attempts_that_disagree_are_flaky_and_cached_answers_are_no_measurement) {
  History history({});
  auto first = small_run("a"), second = small_run("b");
  cell(first, kTrivial).flaky = true;
  cell(second, kTrivial).cached = true;
  for (const auto* run : {&first, &second}) history.add(*run, result::judge(*run));
  EXPECT_EQ(of(history, kTrivial).measured, 1u);
  EXPECT_EQ(of(history, kTrivial).flaky, 1u);
}

}  // namespace
}  // namespace bpfmatrix::compare
