// A wall clock that jumps: between runs, within one, forwards and back.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver_fixture.h"
#include "result/store.h"

namespace bpfmatrix::tests {
namespace {

using result::AttemptState;

class WallClock : public DriverTest {
 protected:
  void set(const std::string& seconds) {
    ASSERT_TRUE(base::write_file(folder_.path() / "clock", seconds));
  }
  Variables jumping() const {
    return {{"LD_PRELOAD", BPFM_BUILD "/tests/libfail_call.so"},
            {"BPFM_CLOCK", (folder_.path() / "clock").string()}};
  }
};

constexpr const char* kYear = "31536000";
constexpr const char* kYearBack = "-31536000";

TEST_F(WallClock, runs_are_ordered_by_when_they_began_and_not_by_their_dates) {
  make_matrix({"ok"}, 1, 3);
  std::vector<std::string> ids;
  for (const char* offset : {"0", kYear, kYearBack}) {
    set(offset);
    ASSERT_EQ(run(jumping()).code(), 0);
    ids.push_back(record().header.id);
  }
  EXPECT_LT(ids[2], ids[0]);  // the last has the oldest date
  EXPECT_LT(ids[0], ids[1]);
  auto store = result::Store::open(workspace_ / "results.sqlite");
  const auto runs = store->list();
  ASSERT_EQ(runs->size(), 3u);
  EXPECT_EQ((*runs)[0].id, ids[2]);
  EXPECT_EQ((*runs)[1].id, ids[1]);
  const auto listed = call({"list", "runs"}).out;
  EXPECT_LT(listed.find(ids[2]), listed.find(ids[1]));
}

TEST_F(WallClock, a_jump_within_a_run_ends_no_cell_and_makes_no_duration_negative) {
  make_matrix({"slow 30"}, 2, 20, "limits: {cell: 1s, boot: 1s}\n");
  for (const auto& [before, after] : {std::pair("0", kYear), std::pair(kYear, kYearBack)}) {
    new_workspace();
    set(before);
    const pid_t driver = start(run_words(), jumping());
    wait_for_cells(driver, 1);
    set(after);
    const auto ended = wait(driver);
    EXPECT_EQ(ended.code(), 0) << ended.err;
    for (const auto& cell : record().cells) {
      EXPECT_EQ(cell.attempt.state, AttemptState::measured);
      EXPECT_GE(cell.attempt.observation.duration.count(), 0);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix::tests
