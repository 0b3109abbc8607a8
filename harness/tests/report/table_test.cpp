#include "report/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::report {
namespace {

using result::AttemptState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A run of raw and libbpf 0.3, 1.1.2, 1.4.6, 1.7.0 on two kernels, one program, one mode: all load.
result::RunRecord plain_run() {
  result::RunRecord run;
  run.header.matrix = "quick";
  run.header.finished = "2026-11-22T13:16:40Z";
  run.kernels = {{.id = "debian-5.10", .upstream = "5.10.262"},
                 {.id = "debian-6.1", .upstream = "6.1.192"}};
  run.loaders = {{.id = "raw", .kind = "raw"},
                 {.id = "libbpf-0.3", .kind = "libbpf"},
                 {.id = "libbpf-1.1.2", .kind = "libbpf"},
                 {.id = "libbpf-1.4.6", .kind = "libbpf"},
                 {.id = "libbpf-1.7.0", .kind = "libbpf"}};
  run.programs = {{.id = "trivial"}};
  for (uint32_t kernel = 0; kernel < 2; ++kernel)
    for (uint32_t loader = 0; loader < 5; ++loader) {
      result::CellRecord cell;
      cell.kernel = kernel;
      cell.loader = loader;
      cell.mode.level = 1;
      cell.mode.buffer = {spec::Buffer::Kind::fixed, 4096};
      cell.attempt.state = AttemptState::measured;
      cell.attempt.observation.decided_by = result::DecidedBy::kernel;
      run.cells.push_back(cell);
    }
  return run;
}

result::CellRecord& cell(result::RunRecord& run, uint32_t kernel, uint32_t loader) {
  return run.cells[kernel * 5 + loader];
}
void reject(result::CellRecord& cell) {
  auto& seen = cell.attempt.observation;
  seen.error = seen.kernel_errno = 13;
  seen.verified = true;
}
Table table_of(const result::RunRecord& run) {
  return make_table(run, judge(run));
}

std::vector<std::string> labels(const result::RunRecord& run) {
  std::vector<std::string> out;
  const auto table = table_of(run);
  for (const auto& row : table.blocks.at(0).rows) out.push_back(row.loaders);
  return out;
}

TEST(TableTitle, it_says_how_qemu_was_shut_in) {
  auto run = plain_run();
  run.header.accel = "tcg";
  EXPECT_THAT(table_of(run).title, HasSubstr("quick · TCG"));
  EXPECT_THAT(table_of(run).title, Not(HasSubstr("("))) << "not known of older runs";
  for (auto& kernel : run.kernels) kernel.isolation = "seccomp-only, root";
  EXPECT_THAT(table_of(run).title, HasSubstr("quick · TCG (seccomp-only, root)"));
  run.kernels[1].isolation = "bwrap+seccomp";
  EXPECT_THAT(table_of(run).title, HasSubstr("(seccomp-only, root; bwrap+seccomp)"));
}

TEST(TableRows, loaders_that_are_alike_share_one) {
  EXPECT_THAT(labels(plain_run()), ElementsAre("raw", "libbpf 0.3 … 1.7.0"));
}

TEST(TableRows, a_loader_that_differs_on_one_kernel_has_its_own) {
  auto run = plain_run();
  reject(cell(run, 1, 2));
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3, 1.4.6, 1.7.0", "libbpf 1.1.2"));
  reject(cell(run, 0, 4));
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3, 1.4.6", "libbpf 1.1.2", "libbpf 1.7.0"));
}

TEST(TableRows, a_range_needs_three_neighbours) {
  auto run = plain_run();
  reject(cell(run, 0, 1));
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3", "libbpf 1.1.2 … 1.7.0"));
  reject(cell(run, 0, 2));
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3, 1.1.2", "libbpf 1.4.6, 1.7.0"));
}

TEST(TableRows, a_range_and_a_single_one_stand_side_by_side) {
  auto run = plain_run();
  run.loaders.push_back({.id = "libbpf-1.8", .kind = "libbpf"});
  auto more = cell(run, 0, 4);
  more.loader = 5;
  run.cells.push_back(more);
  more.kernel = 1;
  run.cells.push_back(more);
  reject(cell(run, 0, 4));
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3 … 1.4.6, 1.8", "libbpf 1.7.0"));
}

TEST(TableRows, a_loader_that_is_not_known_breaks_the_range) {
  auto run = plain_run();
  for (uint32_t kernel = 0; kernel < 2; ++kernel)
    cell(run, kernel, 2).attempt = {.state = AttemptState::loader_build, .note = "make: error"};
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3, 1.4.6, 1.7.0", "libbpf 1.1.2"));
}

TEST(TableRows, notes_and_marks_keep_loaders_apart) {
  auto run = plain_run();
  cell(run, 0, 3).flaky = true;
  EXPECT_THAT(labels(run), ElementsAre("raw", "libbpf 0.3, 1.1.2, 1.7.0", "libbpf 1.4.6"));
  cell(run, 0, 3).flaky = false;
  run.expectations.resize(1);
  run.expectations[0].selector.loaders = {"libbpf-1.4.6"};
  run.expectations[0].outcome = "VERIFIER_REJECTION";
  const auto table = table_of(run);
  EXPECT_EQ(table.blocks[0].rows[2].loaders, "libbpf 1.4.6");
  EXPECT_TRUE(table.blocks[0].rows[2].cells[0].unexpected);
  EXPECT_FALSE(table.blocks[0].rows[1].cells[0].unexpected);
  EXPECT_THAT(table.legend, Contains("! = not as expected"));
}

TEST(TableRows, a_cell_that_was_not_planned_is_blank_and_a_loader_without_any_is_left_out) {
  auto run = plain_run();
  std::erase_if(run.cells,
                [](const auto& c) { return c.loader == 0 || (c.loader == 1 && c.kernel == 0); });
  const auto table = table_of(run);
  EXPECT_THAT(labels(run), ElementsAre("libbpf 0.3", "libbpf 1.1.2 … 1.7.0"));
  EXPECT_EQ(table.blocks[0].rows[0].cells[0].letter, ' ');
  EXPECT_EQ(table.blocks[0].rows[0].cells[0].cell, kNoCell);
  EXPECT_EQ(table.blocks[0].rows[0].cells[1].letter, 'L');
  EXPECT_THAT(table.legend, ElementsAre("L = loaded"));
}

TEST(TableCells, link_to_the_first_cell_they_stand_for) {
  const auto table = table_of(plain_run());
  EXPECT_EQ(table.blocks[0].rows[0].cells[0].cell, 0u);
  EXPECT_EQ(table.blocks[0].rows[1].cells[0].cell, 1u);
  EXPECT_EQ(table.blocks[0].rows[1].cells[1].cell, 6u);
}

TEST(TableBlocks, are_joined_only_while_all_their_rows_are_alike) {
  auto run = plain_run();
  const size_t one_mode = run.cells.size();
  for (size_t i = 0; i < one_mode; ++i) {
    auto more = run.cells[i];
    more.mode.buffer.value = 8192;
    run.cells.push_back(more);
  }
  auto table = table_of(run);
  ASSERT_EQ(table.blocks.size(), 1u);
  EXPECT_EQ(table.blocks[0].title, "trivial · prog_load · level 1 (LEVEL1) · buffer 4 KiB, 8 KiB");
  reject(run.cells.back());
  table = table_of(run);
  ASSERT_EQ(table.blocks.size(), 2u);
  EXPECT_EQ(table.blocks[0].rows.size(), 2u);
  EXPECT_EQ(table.blocks[1].title, "trivial · prog_load · level 1 (LEVEL1) · buffer 8 KiB");
  EXPECT_EQ(table.blocks[1].rows.back().cells[1].letter, 'R');
}

TEST(TableFootnotes, are_numbered_as_they_appear_and_written_once) {
  auto run = plain_run();
  const auto refuse = [](result::CellRecord& c, int error, result::DecidedBy who) {
    c.attempt.observation.error = error;
    c.attempt.observation.kernel_errno = who == result::DecidedBy::kernel ? error : 0;
    c.attempt.observation.decided_by = who;
  };
  refuse(cell(run, 1, 0), 22, result::DecidedBy::kernel);
  refuse(cell(run, 0, 1), 22, result::DecidedBy::library);
  refuse(cell(run, 0, 4), 22, result::DecidedBy::kernel);
  const auto table = table_of(run);
  EXPECT_THAT(table.footnotes, ElementsAre("EINVAL from bpf()", "EINVAL, no bpf() call was made"));
  EXPECT_THAT(table.blocks[0].rows[0].cells[1].notes, ElementsAre(1));
  EXPECT_THAT(table.blocks[0].rows[1].cells[0].notes, ElementsAre(2));
  EXPECT_THAT(table.blocks[0].rows[3].cells[0].notes, ElementsAre(1));
}

TEST(TableColumns, are_titled_by_the_upstream_version_where_it_is_known) {
  auto run = plain_run();
  run.kernels = {{.id = "a", .release = "6.1.0-50-cloud-amd64", .upstream = "6.1.176"},
                 {.id = "b", .release = "6.12.117+deb13-cloud-amd64"},
                 {.id = "c", .release = "6.1.0-50-cloud-amd64"},
                 {.id = "d"},
                 {.id = "e", .release = "6.18.0"},
                 {.id = "f", .release = "7.0.0-rc3"}};
  EXPECT_THAT(table_of(run).columns,
              ElementsAre("6.1.176", "6.12.117", "c", "d", "6.18.0", "7.0.0"));
}

TEST(TableColumns, two_builds_of_one_version_go_by_their_ids) {
  auto run = plain_run();
  run.kernels[1].upstream = run.kernels[0].upstream;
  EXPECT_THAT(table_of(run).columns, ElementsAre("debian-5.10", "debian-6.1"));
}

TEST(TableColumns, a_kernel_that_did_not_boot_is_unknown_with_the_reason) {
  auto run = plain_run();
  for (auto& c : run.cells)
    if (c.kernel == 1) c.attempt = {.state = AttemptState::boot_fail};
  run.kernels[1].problem = "no hello within 20 s";
  const auto table = table_of(run);
  for (const auto& row : table.blocks[0].rows) {
    EXPECT_EQ(row.cells[1].letter, '?');
    EXPECT_THAT(row.cells[1].notes, ElementsAre(1));
  }
  EXPECT_THAT(table.footnotes, ElementsAre("the kernel did not boot: no hello within 20 s"));
  EXPECT_THAT(table.summary, Contains("MISS BOOT_FAIL debian-6.1, 5 cells: no hello within 20 s"));
}

TEST(TableSummary, counts_and_shows_twenty_failures_at_most) {
  auto run = plain_run();
  for (int copy = 0; copy < 4; ++copy)
    for (size_t i = 0; i < 10; ++i) {
      auto more = run.cells[i];
      more.mode.level = 2 + static_cast<uint32_t>(copy);
      run.cells.push_back(more);
    }
  run.expectations.resize(1);
  run.expectations[0].selector.levels = {1, 2, 3};
  run.expectations[0].outcome = "LOG_TRUNCATED";
  const auto table = table_of(run);
  EXPECT_EQ(table.summary[0], "50 cells: 30 FAIL, 20 DONE");
  EXPECT_EQ(std::ranges::count_if(table.summary,
                                  [](const auto& line) { return line.starts_with("FAIL "); }),
            20);
  EXPECT_THAT(table.summary, Contains("… and 10 more FAIL"));
}

TEST(TableSummary, tells_that_a_run_has_not_finished_or_was_a_selection) {
  auto run = plain_run();
  EXPECT_THAT(table_of(run).summary, ElementsAre("10 cells: 10 DONE"));
  run.header.finished.clear();
  run.header.selection = "-k debian-*";
  EXPECT_THAT(table_of(run).summary, Contains(HasSubstr("has not finished")));
  EXPECT_THAT(table_of(run).summary, Contains(HasSubstr("selected: -k debian-*")));
}

TEST(Table, of_an_empty_run_is_empty) {
  const auto table = table_of({});
  EXPECT_THAT(table.blocks, IsEmpty());
  EXPECT_THAT(table.legend, IsEmpty());
  EXPECT_EQ(table.summary[0], "0 cells:");
}

TEST(Table, of_the_same_run_is_the_same) {
  const auto run = fixture_run();
  const auto a = table_of(run), b = table_of(run);
  EXPECT_EQ(a.footnotes, b.footnotes);
  EXPECT_EQ(a.summary, b.summary);
  ASSERT_EQ(a.blocks.size(), b.blocks.size());
  for (size_t i = 0; i < a.blocks.size(); ++i) EXPECT_EQ(a.blocks[i].title, b.blocks[i].title);
}

}  // namespace
}  // namespace bpfmatrix::report
