#include "run/resume.h"

#include <gmock/gmock.h>

namespace bpfmatrix::run {
namespace {

using result::AttemptState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// Cells c0, c1 …, none of them tried.
result::RunRecord run_of(int cells) {
  result::RunRecord run;
  run.header.matrix_file = "mine.yaml";
  run.header.selection = "-k 'x*'";
  for (int i = 0; i < cells; ++i) {
    auto& cell = run.cells.emplace_back();
    cell.id = "c" + std::to_string(i);
    cell.attempts = 0;
  }
  return run;
}

void came_to(result::CellRecord& cell, AttemptState state, const std::string& key) {
  cell.attempts = 1;
  cell.attempt.state = state;
  cell.key = key;
}

std::vector<result::Question> questions(int cells) {
  std::vector<result::Question> all;
  for (int i = 0; i < cells; ++i)
    all.push_back({static_cast<uint32_t>(i), "key" + std::to_string(i)});
  return all;
}

result::CellResult settled(uint32_t cell, AttemptState state) {
  result::CellResult one;
  one.cell = cell;
  one.attempt.state = state;
  return one;
}

TEST(Rest, what_came_to_an_end_under_the_key_of_now_is_kept_whatever_it_was) {
  auto run = run_of(5);
  came_to(run.cells[0], AttemptState::measured, "key0");
  came_to(run.cells[1], AttemptState::kernel_crash, "key1");
  came_to(run.cells[2], AttemptState::timeout, "key2");
  came_to(run.cells[3], AttemptState::boot_fail, "key3");
  const auto rest = rest_of(run, questions(5), {}, 0);
  EXPECT_THAT(rest.kept, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rest.take_back, IsEmpty());
  EXPECT_EQ(rest.stale, 0u);
}

TEST(Rest, a_cell_that_took_its_machine_with_it_is_tried_again_until_it_had_its_retries) {
  auto run = run_of(6);
  came_to(run.cells[0], AttemptState::kernel_crash, "key0");
  came_to(run.cells[1], AttemptState::kernel_crash, "key1");
  run.cells[1].attempts = 2;
  came_to(run.cells[2], AttemptState::kernel_splat, "key2");
  came_to(run.cells[3], AttemptState::agent_crash, "key3");  // its machine lived on
  came_to(run.cells[4], AttemptState::hang, "key4");
  came_to(run.cells[5], AttemptState::kernel_crash, "old");
  const auto rest = rest_of(run, questions(6), {}, 1);
  EXPECT_THAT(rest.again, ElementsAre(Pair(0, 1), Pair(2, 1), Pair(4, 1)));
  EXPECT_THAT(rest.kept, ElementsAre(1, 3));
  EXPECT_THAT(rest.take_back, ElementsAre(5));
  EXPECT_THAT(rest_of(run, questions(6), {}, 2).again, ::testing::Contains(Pair(1, 2)));
}

TEST(Rest, cells_of_another_key_are_stale) {
  auto run = run_of(2);
  came_to(run.cells[0], AttemptState::measured, "old");
  came_to(run.cells[1], AttemptState::timeout, "key1");
  const auto rest = rest_of(run, questions(2), {}, 1);
  EXPECT_THAT(rest.kept, ElementsAre(1));
  EXPECT_THAT(rest.take_back, ElementsAre(0));
  EXPECT_EQ(rest.stale, 1u);
}

TEST(Rest, what_was_put_off_runs_and_is_not_called_stale) {
  auto run = run_of(3);
  came_to(run.cells[0], AttemptState::no_space, "");
  came_to(run.cells[1], AttemptState::image_unavailable, "");
  came_to(run.cells[2], AttemptState::no_space, "key2");
  const auto rest = rest_of(run, questions(3), {}, 1);
  EXPECT_THAT(rest.take_back, ElementsAre(0, 1, 2));
  EXPECT_THAT(rest.kept, IsEmpty());
  EXPECT_EQ(rest.stale, 0u);
}

TEST(Rest, what_cannot_run_now_is_settled_once) {
  auto run = run_of(4);
  came_to(run.cells[0], AttemptState::image_unavailable, "");
  came_to(run.cells[1], AttemptState::no_space, "");
  came_to(run.cells[2], AttemptState::filtered, "");
  auto rest = rest_of(run, {},
                      {settled(0, AttemptState::image_unavailable),
                       settled(1, AttemptState::image_unavailable),
                       settled(2, AttemptState::filtered), settled(3, AttemptState::filtered)},
                      1);
  EXPECT_THAT(rest.take_back, ElementsAre(1));
  ASSERT_EQ(rest.settle.size(), 2u);
  EXPECT_EQ(rest.settle[0].cell, 1u);
  EXPECT_EQ(rest.settle[1].cell, 3u);
}

TEST(Rest, what_was_measured_of_a_kernel_that_cannot_be_had_now_stays) {
  auto run = run_of(1);
  came_to(run.cells[0], AttemptState::measured, "key of then");
  const auto rest = rest_of(run, {}, {settled(0, AttemptState::image_unavailable)}, 1);
  EXPECT_THAT(rest.take_back, IsEmpty());
  EXPECT_THAT(rest.settle, IsEmpty());
}

TEST(SameCells, a_plan_of_other_cells_is_refused_with_what_differs) {
  const auto stored = run_of(3);
  EXPECT_TRUE(same_cells(stored, run_of(3)));
  auto planned = run_of(3);
  planned.cells[1].id = "new";
  auto refused = same_cells(stored, planned);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().message, HasSubstr("1 cell is not planned any more (first: c1), "
                                                 "1 cell is new (first: new)"));
  EXPECT_THAT(refused.error().message, HasSubstr("bpfmatrix run mine.yaml -k 'x*'"));
  planned = run_of(3);
  std::swap(planned.cells[0], planned.cells[1]);
  EXPECT_THAT(same_cells(stored, planned).error().message, HasSubstr("in another order"));
}

}  // namespace
}  // namespace bpfmatrix::run
