#include "store_fixture.h"

namespace bpfmatrix::result {
namespace {

class StoreHistory : public StoreTest {};

Attempt took(int64_t nanoseconds) {
  Attempt attempt = loaded();
  attempt.observation.duration = std::chrono::nanoseconds(nanoseconds);
  return attempt;
}

TEST_F(StoreHistory, times_are_summed_by_kernel_and_program) {
  Store store = open();
  ASSERT_TRUE(store.begin_run(make_run(1, 2, 2)));
  const CellResult results[] = {{0, "a", took(5)},
                                {1, "b", took(7)},
                                {2, "c", took(11)},
                                {3, "d", broken(AttemptState::timeout)}};
  ASSERT_TRUE(store.add("20261122-131500-quick", results));
  const auto times = store.load_times();
  ASSERT_TRUE(times) << times.error().message;
  ASSERT_EQ(times->size(), 2U);
  EXPECT_EQ((*times)[0].kernel, "k0");
  EXPECT_EQ((*times)[0].program, "p0");
  EXPECT_EQ((*times)[0].sum.count(), 16);
  EXPECT_EQ((*times)[0].loads, 2U);
  EXPECT_EQ((*times)[1].loads, 1U) << "what timed out measured nothing";
}

TEST_F(StoreHistory, an_answer_from_an_earlier_run_took_no_time) {
  Store store = open();
  RunRecord run = make_run(1, 1, 1);
  ASSERT_TRUE(store.begin_run(run));
  const CellResult results[] = {{0, "a", took(5)}};
  ASSERT_TRUE(store.add(run.header.id, results));
  run.header.id = "later";
  ASSERT_TRUE(store.begin_run(run));
  const Question questions[] = {{0, "a"}};
  ASSERT_TRUE(store.answer("later", questions));
  EXPECT_EQ(store.load_times()->at(0).loads, 1U);
}

TEST_F(StoreHistory, an_empty_store_knows_no_times) {
  Store store = open();
  EXPECT_TRUE(store.load_times()->empty());
}

}  // namespace
}  // namespace bpfmatrix::result
