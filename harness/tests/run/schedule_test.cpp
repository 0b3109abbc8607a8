#include "run/schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace bpfmatrix::run {
namespace {

constexpr uint32_t kPrograms = 3, kLoaders = 4, kModes = 5;

// Two kernels, each with every loader x program x mode, in the plan's order.
class ScheduleTest : public testing::Test {
 protected:
  ScheduleTest() {
    for (const char* id : {"old", "new"}) plan_.kernels.emplace_back().id = id;
    for (uint32_t i = 0; i < kPrograms; ++i)
      plan_.programs.emplace_back().id = "p" + std::to_string(i);
    for (uint32_t kernel = 0; kernel < 2; ++kernel)
      for (uint32_t loader = 0; loader < kLoaders; ++loader)
        for (uint32_t program = 0; program < kPrograms; ++program)
          for (uint32_t mode = 0; mode < kModes; ++mode) add(kernel, loader, program);
  }
  void add(uint32_t kernel, uint32_t loader, uint32_t program) {
    plan::Cell cell;
    cell.kernel = kernel;
    cell.loader = loader;
    cell.program = program;
    Job job;
    job.cell = static_cast<uint32_t>(plan_.cells.size());
    job.loader = "loader-" + std::to_string(loader);
    plan_.cells.push_back(cell);
    jobs_[kernel].push_back(job);
  }
  std::vector<Task> tasks(spec::Isolation isolation, uint32_t slots) {
    auto made = make_tasks(plan_, jobs_, isolation, costs_, slots);
    std::multiset<uint32_t> seen;
    for (const auto& task : made)
      for (const auto& group : task.groups)
        for (const auto& job : group) seen.insert(job.cell);
    EXPECT_EQ(seen.size(), plan_.cells.size()) << "each cell once";
    EXPECT_EQ(std::set<uint32_t>(seen.begin(), seen.end()).size(), seen.size());
    return made;
  }
  plan::Plan plan_;
  std::vector<std::deque<Job>> jobs_ = std::vector<std::deque<Job>>(2);
  Costs costs_;
};

TEST_F(ScheduleTest, a_kernel_is_one_machine_by_default) {
  const auto made = tasks(spec::Isolation::boot, 2);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].groups.size(), 1U);
}

TEST_F(ScheduleTest, the_longest_comes_first) {
  costs_.learn("new", "p1", 500, 100);
  EXPECT_EQ(tasks(spec::Isolation::boot, 1).front().kernel, 1U);
  costs_ = {};
  costs_.learn("old", "p1", 500, 100);
  EXPECT_EQ(tasks(spec::Isolation::boot, 1).front().kernel, 0U);
}

TEST_F(ScheduleTest, a_kernel_that_would_hold_up_the_run_is_cut_where_a_loader_begins) {
  for (uint32_t i = 0; i < kPrograms; ++i) {
    costs_.learn("new", "p" + std::to_string(i), 100, 100);
    costs_.learn("old", "p" + std::to_string(i), 0.1, 100);
  }
  const auto made = tasks(spec::Isolation::boot, 2);
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].kernel, 1U);
  EXPECT_EQ(made[1].kernel, 1U);
  EXPECT_EQ(made[2].kernel, 0U);
  EXPECT_NEAR(made[0].cost, made[1].cost, 1.0);
  std::set<std::string> loaders[2];
  for (int i = 0; i < 2; ++i)
    for (const auto& job : made[i].groups[0]) loaders[i].insert(job.loader);
  for (const auto& loader : loaders[0]) EXPECT_FALSE(loaders[1].contains(loader)) << loader;
}

TEST_F(ScheduleTest, one_machine_at_a_time_is_never_cut) {
  for (uint32_t i = 0; i < kPrograms; ++i) costs_.learn("new", "p" + std::to_string(i), 100, 100);
  EXPECT_EQ(tasks(spec::Isolation::boot, 1).size(), 2U);
}

TEST_F(ScheduleTest, isolation_by_program_gives_each_program_a_machine) {
  const auto made = tasks(spec::Isolation::program, 2);
  ASSERT_EQ(made.size(), 2U);
  ASSERT_EQ(made[0].groups.size(), kPrograms);
  for (const auto& group : made[0].groups) {
    EXPECT_EQ(group.size(), kLoaders * kModes);
    for (const auto& job : group)
      EXPECT_EQ(plan_.cells[job.cell].program, plan_.cells[group.front().cell].program);
  }
}

TEST_F(ScheduleTest, isolation_by_cell_gives_each_cell_a_machine) {
  size_t groups = 0;
  for (const auto& task : tasks(spec::Isolation::cell, 2)) {
    groups += task.groups.size();
    for (const auto& group : task.groups) EXPECT_EQ(group.size(), 1U);
  }
  EXPECT_EQ(groups, plan_.cells.size());
}

TEST_F(ScheduleTest, what_was_never_run_costs_what_is_like_it) {
  costs_.learn("old", "p0", 10, 10);
  EXPECT_DOUBLE_EQ(costs_.of("old", "p0"), 1.0);
  EXPECT_DOUBLE_EQ(costs_.of("new", "p0"), 1.0) << "the same program on another kernel";
  EXPECT_DOUBLE_EQ(costs_.of("old", "p1"), 1.0) << "another program on the same kernel";
  EXPECT_LT(costs_.of("new", "p1"), 0.01);
}

TEST(MachinesThatFit, cores_and_memory_are_budgets_and_one_machine_always_runs) {
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  EXPECT_EQ(machines_that_fit(256 * kMiB, 2, 20'000 * kMiB), 2U);
  EXPECT_EQ(machines_that_fit(256 * kMiB, 64, 1'100 * kMiB), 3U);
  EXPECT_EQ(machines_that_fit(256 * kMiB, 8, 100 * kMiB), 1U);
  EXPECT_EQ(machines_that_fit(256 * kMiB, 4, 0), 4U) << "memory not known";
  EXPECT_EQ(machines_that_fit(256 * kMiB, 0, 20'000 * kMiB), 1U) << "cores not known";
  EXPECT_GT(available_memory(), 16 * kMiB);
}

}  // namespace
}  // namespace bpfmatrix::run
