// What is dropped from the store, and what is not.
#include <gmock/gmock.h>

#include "store_fixture.h"

namespace bpfmatrix::result {
namespace {

using ::testing::ElementsAre;

constexpr const char* kBefore = "2026-11-01T00:00:00Z";
constexpr const char* kUnfinishedBefore = "2026-10-25T00:00:00Z";

class StoreUpkeep : public StoreTest {
 protected:
  // A run of one cell that saw `text`, begun on that day ("2026-10-05").
  static void run(Store& store, const std::string& day, const std::string& matrix,
                  const std::string& text, bool finished = true) {
    RunRecord run = make_run(1, 1, 1);
    run.header.id = day + "-" + matrix;
    run.header.matrix = matrix;
    run.header.started = day + "T12:00:00Z";
    // Another mode for each matrix: another list of cells.
    run.cells[0].mode.level = static_cast<uint32_t>(matrix.size());
    run.cells[0].id += matrix;
    ASSERT_TRUE(store.begin_run(run));
    const Question questions[] = {{0, text}};
    Attempt attempt = loaded();
    attempt.observation.log_tail = text;
    const CellResult results[] = {{0, text, attempt}};
    if (!store.answer(run.header.id, questions)->front()) {
      ASSERT_TRUE(store.add(run.header.id, results));
    }
    if (finished) {
      ASSERT_TRUE(store.finish_run(run.header.id, run.header.started));
    }
  }
  static std::vector<std::string> ids(Store& store) {
    std::vector<std::string> ids;
    const auto headers = store.list();
    for (const auto& header : *headers) ids.push_back(header.id);
    return ids;
  }
  static std::string tail(Store& store, const std::string& run) {
    const auto back = store.read(run);
    return back ? back->cells[0].attempt.observation.log_tail.str() : back.error().message;
  }
};

TEST_F(StoreUpkeep, old_runs_go_but_for_the_newest_finished_one_of_each_matrix) {
  Store store = open();
  run(store, "2026-10-05", "quick", "a");
  run(store, "2026-10-06", "quick", "b");
  run(store, "2026-10-07", "quick", "c", false);
  run(store, "2026-10-30", "quick", "d", false);  // may be going on
  run(store, "2026-10-05", "nightly", "e");
  run(store, "2026-11-05", "nightly", "f");
  const auto rehearsed = store.drop_unused(kBefore, kUnfinishedBefore, true);
  ASSERT_TRUE(rehearsed) << rehearsed.error().message;
  EXPECT_EQ(ids(store).size(), 6u);
  const auto dropped = store.drop_unused(kBefore, kUnfinishedBefore, false);
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_THAT(dropped->runs,
              ElementsAre("2026-10-05-quick", "2026-10-07-quick", "2026-10-05-nightly"));
  EXPECT_EQ(dropped->runs, rehearsed->runs);
  EXPECT_EQ(dropped->observations, rehearsed->observations);
  EXPECT_EQ(dropped->observations, 3u);
  EXPECT_EQ(dropped->texts, 3u);
  EXPECT_THAT(ids(store), ElementsAre("2026-11-05-nightly", "2026-10-30-quick", "2026-10-06-quick"));
  EXPECT_EQ(tail(store, "2026-10-06-quick"), "b");
  EXPECT_EQ(tail(store, "2026-11-05-nightly"), "f");
  EXPECT_EQ(sql("SELECT count(*) FROM cells"), 2);
  EXPECT_EQ(sql("SELECT count(*) FROM modes"), 2);
  EXPECT_EQ(sql("SELECT count(*) FROM kernels"), 3);
  EXPECT_EQ(sql("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

TEST_F(StoreUpkeep, the_newest_run_of_a_matrix_is_the_one_that_began_last_whatever_its_date) {
  Store store = open();
  run(store, "2026-10-09", "quick", "a");  // before a clock went back
  run(store, "2026-10-02", "quick", "b");
  ASSERT_TRUE(store.drop_unused(kBefore, kUnfinishedBefore, false));
  EXPECT_THAT(ids(store), ElementsAre("2026-10-02-quick"));
}

TEST_F(StoreUpkeep, what_a_run_that_stays_was_answered_with_stays) {
  Store store = open();
  run(store, "2026-10-05", "quick", "same");
  run(store, "2026-11-05", "quick", "same");  // answered by the first
  ASSERT_EQ(sql("SELECT count(*) FROM observations"), 1);
  const auto dropped = store.drop_unused(kBefore, kUnfinishedBefore, false);
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_THAT(dropped->runs, ElementsAre("2026-10-05-quick"));
  EXPECT_EQ(dropped->observations, 0u);
  EXPECT_EQ(tail(store, "2026-11-05-quick"), "same");
  run(store, "2026-11-06", "quick", "same");
  EXPECT_TRUE(store.read("2026-11-06-quick")->cells[0].cached);
}

TEST_F(StoreUpkeep, the_file_shrinks_and_the_store_goes_on) {
  Store store = open();
  run(store, "2026-10-05", "quick", std::string(1 << 20, 'x'));
  run(store, "2026-11-05", "quick", "y");
  const auto before = store.size();
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->runs, 2u);
  EXPECT_EQ(before->observations, 2u);
  EXPECT_EQ(before->answering, 2u);
  EXPECT_EQ(before->texts, 2u);
  EXPECT_EQ(before->text_bytes, (1u << 20) + 1);
  ASSERT_TRUE(store.drop_unused(kBefore, kUnfinishedBefore, false));
  EXPECT_EQ(store.size()->text_bytes, 1u);
  EXPECT_EQ(store.size()->file_bytes, fs::file_size(file_));
  EXPECT_LT(fs::file_size(file_), 1u << 20);
  // It remembers no number of what is gone.
  run(store, "2026-11-06", "quick", std::string(1 << 20, 'x'));
  EXPECT_EQ(tail(store, "2026-11-06-quick").size(), size_t{1} << 20);
}

}  // namespace
}  // namespace bpfmatrix::result
