// One kernel's cells over machines that die: the fake machine plays what a real one would do.
#include "run/boot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <map>
#include <optional>

#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;
using result::AttemptState;

struct Outcome {
  std::map<uint32_t, AttemptState> states;
  std::map<uint32_t, std::string> notes;
  std::map<uint32_t, std::vector<AttemptState>> attempts;
  uint32_t doubled = 0;  // cells told more than once that were not said to run again
  BootReport report;
  std::vector<std::string> told;
  std::optional<size_t> drained_after;  // cells told when draining was
};

class BootTest : public testing::Test {
 protected:
  // Runs cells 0 … count-1 on a machine that plays `scenario`.
  Outcome play(const std::string& scenario, uint32_t count) {
    return run(request(scenario, count));
  }

  // The same with saved machines, which last for the test: the state is `key`'s.
  Outcome play_saved(const std::string& scenario, uint32_t count, const std::string& key = "") {
    auto saved = request(scenario, count);
    saved.states = &states_;
    saved.state.line = key;
    return run(std::move(saved));
  }
  void allow(const std::string& title) { rules_.allowed.push_back(title); }
  std::chrono::milliseconds patience_ = 1000ms;  // with a boot
  // What a boot leaves to whoever asked for it.
  Outcome play_returning(const std::string& scenario, uint32_t count) {
    auto returning = request(scenario, count);
    returning.return_given_up = true;
    return run(std::move(returning));
  }
  // The console that a note names.
  static std::string evidence_in(const std::string& note) {
    const auto at = note.find("(console: ");
    if (at == std::string::npos) return {};
    const auto from = at + std::string("(console: ").size();
    return base::read_file(note.substr(from, note.rfind(')') - from)).value_or("");
  }
  // As in a new run: digests are checked again.
  void forget_what_is_intact() { states_ = vm::SavedStates(folder_.path() / "states"); }
  // The only file of a state that there is.
  std::filesystem::path state_file() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "states"))
      return entry.path() / "state";
    return {};
  }

  BootRequest request(const std::string& scenario, uint32_t count) {
    const auto kernel = folder_.path() / fmt::format("kernel-{}", ++kernels_);
    EXPECT_TRUE(base::write_file(kernel, "FAKE " + scenario + "\n").has_value());
    EXPECT_TRUE(base::write_file(folder_.path() / "initramfs", "none").has_value());
    BootRequest request;
    request.kernel = "fake";
    request.machine.qemu = BPFM_BUILD "/tests/fake_qemu";
    request.machine.kernel = kernel.string();
    request.machine.initramfs = (folder_.path() / "initramfs").string();
    request.files = &files_;
    request.jobs = jobs(count);
    request.boot_limit = patience_;
    request.console = rules_;
    request.qemu_limit = 2000ms;
    request.hello_limit = 300ms;
    request.evidence = folder_.path() / "evidence";
    return request;
  }
  std::deque<Job> jobs(uint32_t count) {
    files_["raw"] = GuestFile{&binary_, true};
    files_["p.parts"] = GuestFile{&binary_, false};
    std::deque<Job> jobs;
    for (uint32_t i = 0; i < count; ++i) {
      Job job;
      job.cell = i;
      job.loader = "raw";
      job.request.file = "p.parts";
      job.request.limit_ms = 1;
      jobs.push_back(job);
    }
    return jobs;
  }
  Outcome run(BootRequest request) {
    Outcome outcome;
    BootEvents events;
    events.finished = [&](std::vector<Finished> finished) {
      for (const auto& one : finished) {
        outcome.doubled += outcome.states.contains(one.cell) != one.again ? 1 : 0;
        outcome.attempts[one.cell].push_back(one.attempt.state);
        outcome.states[one.cell] = one.attempt.state;
        outcome.notes[one.cell] = one.attempt.note;
      }
    };
    events.note = [&](const std::string& text) { outcome.told.push_back(text); };
    events.draining = [&] {
      EXPECT_FALSE(outcome.drained_after.has_value());
      outcome.drained_after = outcome.states.size();
    };
    boost::asio::io_context io;
    boost::asio::co_spawn(io, run_boot(io, std::move(request), events),
                          [&](std::exception_ptr error, BootReport report) {
                            EXPECT_FALSE(error);
                            outcome.report = std::move(report);
                          });
    io.run();
    return outcome;
  }

 private:
  ConsoleRules rules_;
  std::string binary_ = "ELF";
  FileSet files_;
  int kernels_ = 0;
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "boot-test-");
  vm::SavedStates states_{folder_.path() / "states"};
};

// How many cells have `state`.
size_t count(const Outcome& outcome, AttemptState state) {
  size_t n = 0;
  for (const auto& [cell, one] : outcome.states) n += one == state ? 1 : 0;
  return n;
}

TEST_F(BootTest, one_boot_serves_every_cell_of_a_kernel) {
  const auto outcome = play("ok", 600);
  EXPECT_EQ(count(outcome, AttemptState::measured), 600U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 1U);
  EXPECT_TRUE(outcome.report.problem.empty());
  EXPECT_FALSE(outcome.report.given_up.has_value());
  EXPECT_TRUE(outcome.told.empty());
}

TEST_F(BootTest, a_panic_blames_exactly_its_cell_and_the_rest_runs_in_a_fresh_machine) {
  const auto outcome = play("panic_at 7 twice", 20);
  EXPECT_EQ(outcome.states.at(7), AttemptState::kernel_crash);
  EXPECT_NE(outcome.notes.at(7).find("panic"), std::string::npos);
  EXPECT_EQ(count(outcome, AttemptState::measured), 19U);
  EXPECT_EQ(outcome.doubled, 0U);
  // Dense, announced, and the cells behind it.
  EXPECT_EQ(outcome.report.machines, 3U);
}

TEST_F(BootTest, a_crash_is_confirmed_once_in_a_fresh_machine_when_all_others_have_run) {
  auto poisoned = request("panic_at 7", 20);
  poisoned.retries = 1;
  const auto outcome = run(std::move(poisoned));
  EXPECT_EQ(outcome.attempts.at(7),
            (std::vector{AttemptState::kernel_crash, AttemptState::kernel_crash}));
  EXPECT_EQ(count(outcome, AttemptState::measured), 19U);
  EXPECT_EQ(outcome.doubled, 0U);
  // Dense, announced, and the cells behind it with the cell once more at their end.
  EXPECT_EQ(outcome.report.machines, 3U);
}

TEST_F(BootTest, whichever_cell_panics_it_alone_is_blamed_twice_and_no_result_is_lost) {
  const uint32_t runs = std::getenv("BPFM_SOAK") != nullptr ? 1000 : 30;
  for (uint32_t i = 0; i < runs; ++i) {
    const uint32_t cells = 5 + i * 7 % 40, poison = i * 13 % cells;
    auto poisoned = request(fmt::format("panic_at {}", poison), cells);
    poisoned.retries = 1;
    poisoned.qemu_limit = poisoned.boot_limit = poisoned.hello_limit = 60s;  // on any host
    const auto outcome = run(std::move(poisoned));
    ASSERT_EQ(outcome.attempts.at(poison),
              (std::vector{AttemptState::kernel_crash, AttemptState::kernel_crash}))
        << i << outcome.report.problem << fmt::format("{}", fmt::join(outcome.told, "\n"));
    ASSERT_EQ(count(outcome, AttemptState::measured), cells - 1) << i;
    ASSERT_EQ(outcome.doubled, 0U) << i;
  }
}

TEST_F(BootTest, a_crash_that_is_not_repeated_leaves_both_attempts) {
  auto flaky = request("panic_at 7 twice", 20);
  flaky.retries = 1;
  const auto outcome = run(std::move(flaky));
  EXPECT_EQ(outcome.attempts.at(7),
            (std::vector{AttemptState::kernel_crash, AttemptState::measured}));
  EXPECT_EQ(count(outcome, AttemptState::measured), 20U);
  EXPECT_EQ(outcome.doubled, 0U);
}

TEST_F(BootTest, a_cell_that_kills_every_machine_is_tried_as_often_as_allowed_and_no_more) {
  for (const uint32_t retries : {0U, 2U}) {
    auto poisoned = request("die_at 3", 6);
    poisoned.retries = retries;
    const auto outcome = run(std::move(poisoned));
    EXPECT_EQ(outcome.attempts.at(3), std::vector(retries + 1, AttemptState::qemu_crash));
    EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  }
}

TEST_F(BootTest, qemu_that_dies_under_a_cell_is_not_the_kernels_fault) {
  const auto outcome = play("die_at 3 twice", 10);
  EXPECT_EQ(outcome.states.at(3), AttemptState::qemu_crash);
  EXPECT_EQ(count(outcome, AttemptState::measured), 9U);
}

TEST_F(BootTest, what_harmed_a_dense_machine_once_is_told_and_costs_no_cell) {
  const auto outcome = play("panic_at 300 once", 600);
  EXPECT_EQ(count(outcome, AttemptState::measured), 600U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_TRUE(outcome.report.problem.empty());
  ASSERT_EQ(outcome.told.size(), 2U);
  // The second RUN of 256: the first had its results.
  EXPECT_NE(outcome.told[0].find("256 cells were under way"), std::string::npos) << outcome.told[0];
  EXPECT_NE(outcome.told[1].find("what it died of is not known"), std::string::npos);
  EXPECT_NE(outcome.told[1].find("fake-1.console.txt"), std::string::npos) << outcome.told[1];
}

TEST_F(BootTest, a_machine_that_dies_only_when_dense_is_given_announced_cells_after_the_second_time) {
  const auto outcome = play("panic_dense", 2000);
  EXPECT_EQ(count(outcome, AttemptState::measured), 2000U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 3U);
  EXPECT_TRUE(outcome.report.problem.empty());
}

TEST_F(BootTest, a_machine_that_dies_at_each_cell_blames_each_and_ends) {
  const auto outcome = play("panic_each", 6);
  EXPECT_EQ(count(outcome, AttemptState::kernel_crash), 6U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 7U);  // the first was dense
}

TEST_F(BootTest, a_machine_that_dies_before_any_cell_begins_is_given_up_with_a_reason) {
  const auto outcome = play("die_at_run", 3);
  EXPECT_EQ(count(outcome, AttemptState::qemu_crash), 3U);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_NE(outcome.report.problem.find("QEMU ended"), std::string::npos) << outcome.report.problem;
}

TEST_F(BootTest, a_crash_that_was_found_is_not_called_unexplained) {
  const auto outcome = play("panic_at 7 twice", 20);
  for (const auto& text : outcome.told)
    EXPECT_EQ(text.find("is not known"), std::string::npos) << text;
}

TEST_F(BootTest, a_loader_that_dies_in_a_dense_run_loses_no_result_before_it) {
  const auto outcome = play("loader_gone_at 200", 256);
  EXPECT_EQ(outcome.states.at(200), AttemptState::agent_crash);
  EXPECT_EQ(count(outcome, AttemptState::measured), 255U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 1U);
}

TEST_F(BootTest, garbage_ends_the_machine_and_nothing_is_told_as_measured) {
  const auto outcome = play("garbage", 5);
  EXPECT_EQ(count(outcome, AttemptState::measured), 0U);
  EXPECT_EQ(outcome.states.size(), 5U);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_FALSE(outcome.report.problem.empty());
}

TEST_F(BootTest, a_hello_of_another_machine_is_refused) {
  const auto outcome = play("wrong_nonce", 2);
  EXPECT_EQ(count(outcome, AttemptState::protocol), 2U);
}

TEST_F(BootTest, results_of_foreign_cells_are_never_taken) {
  const auto outcome = play("foreign_cell", 5);
  EXPECT_EQ(count(outcome, AttemptState::measured), 0U);
  for (const auto& [cell, state] : outcome.states) EXPECT_LT(cell, 5U);
}

TEST_F(BootTest, a_kernel_that_says_nothing_did_not_boot_and_is_tried_twice) {
  const auto outcome = play("silent", 3);
  EXPECT_EQ(count(outcome, AttemptState::boot_fail), 3U);
  EXPECT_EQ(outcome.report.given_up, AttemptState::boot_fail);
  EXPECT_EQ(outcome.report.machines, 2U);
}

TEST_F(BootTest, a_guest_that_cannot_store_a_file_is_given_up_after_two_machines) {
  const auto outcome = play("no_space", 3);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_EQ(count(outcome, AttemptState::loader_error), 3U);
  EXPECT_NE(outcome.report.problem.find("cannot store"), std::string::npos) << outcome.report.problem;
}

TEST_F(BootTest, qemu_that_does_not_start_is_told_with_its_own_words) {
  const auto outcome = play("exit1", 3);
  EXPECT_EQ(count(outcome, AttemptState::qemu_crash), 3U);
  EXPECT_NE(outcome.report.problem.find("fake failure"), std::string::npos)
      << outcome.report.problem;
}

TEST_F(BootTest, a_loader_that_dies_costs_its_cell_and_no_machine) {
  const auto outcome = play("loader_gone_at 4", 10);
  EXPECT_EQ(outcome.states.at(4), AttemptState::agent_crash);
  EXPECT_EQ(count(outcome, AttemptState::measured), 9U);
  EXPECT_EQ(outcome.report.machines, 1U);
}

TEST_F(BootTest, a_console_of_a_mebibyte_disturbs_nothing) {
  EXPECT_EQ(count(play("flood", 10), AttemptState::measured), 10U);
}

TEST_F(BootTest, a_machine_that_goes_silent_under_a_cell_is_a_hang_of_that_cell) {
  const auto outcome = play("hang_at 2 twice", 6);
  EXPECT_EQ(outcome.states.at(2), AttemptState::hang);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  // It was sent an interrupt. What it said to that is evidence, and no crash of its own.
  ASSERT_GE(outcome.told.size(), 2U);
  const auto console = evidence_in(outcome.told[1]);
  const auto title = console.find("VM DIAGNOSIS:");
  ASSERT_NE(title, std::string::npos) << outcome.told[1] << "\n" << console;
  EXPECT_NE(console.find("it was sent an NMI", title), std::string::npos);
  EXPECT_NE(console.find("Kernel panic - not syncing: NMI", title), std::string::npos);
}

TEST_F(BootTest, a_guest_that_does_not_even_take_an_interrupt_is_a_hang_too) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = play("hang_deaf_at 2 once", 4);
  // The cell's limit, 15 s, and the second machine: a bound, not a measurement.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 17s);
  EXPECT_EQ(count(outcome, AttemptState::measured), 4U);
  ASSERT_FALSE(outcome.told.empty());
  EXPECT_NE(outcome.told[0].find("no sign of life"), std::string::npos) << outcome.told[0];
  EXPECT_NE(evidence_in(outcome.told[0]).find("said nothing to it"), std::string::npos);
}

TEST_F(BootTest, a_qemu_that_stands_still_is_killed_and_is_not_the_guests_hang) {
  const auto outcome = play("stop_at 2 once", 4);
  EXPECT_EQ(count(outcome, AttemptState::measured), 4U);
  ASSERT_FALSE(outcome.told.empty());
  EXPECT_NE(outcome.told[0].find("its monitor gave no answer"), std::string::npos)
      << outcome.told[0];
}

TEST_F(BootTest, a_qemu_that_never_answers_is_given_up_as_such) {
  const auto outcome = play("mute", 3);
  EXPECT_EQ(count(outcome, AttemptState::qemu_crash), 3U);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_NE(outcome.report.problem.find("QEMU did not answer within 2000 ms"), std::string::npos)
      << outcome.report.problem;
}

TEST_F(BootTest, a_kernel_whose_agent_says_no_hello_is_told_apart_from_one_that_does_not_come_up) {
  const auto agent = play("no_hello", 2);
  EXPECT_EQ(count(agent, AttemptState::boot_fail), 2U);
  EXPECT_NE(agent.report.problem.find("the kernel came up, but its agent said no hello"),
            std::string::npos)
      << agent.report.problem;
  const auto kernel = play("silent", 2);
  EXPECT_NE(kernel.report.problem.find("the kernel did not come up"), std::string::npos)
      << kernel.report.problem;
}

TEST_F(BootTest, qemu_that_ends_at_its_start_is_tried_twice_and_not_more) {
  const auto outcome = play("exit1", 3);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_EQ(play("exit1 once", 3).report.machines, 2U) << "and a second one that works is used";
  EXPECT_EQ(count(play("exit1 once", 3), AttemptState::measured), 3U);
}

TEST_F(BootTest, a_splat_blames_exactly_its_cell_although_it_was_measured) {
  const auto outcome = play("splat_at 7", 20);
  EXPECT_EQ(outcome.states.at(7), AttemptState::kernel_splat);
  EXPECT_EQ(outcome.notes.at(7), "WARNING at kernel/bpf/verifier.c:LINE in do_check");
  EXPECT_EQ(count(outcome, AttemptState::measured), 19U);
  EXPECT_EQ(outcome.doubled, 0U);
  // Dense, announced, and the cells behind it: a kernel that complained is asked nothing more.
  EXPECT_EQ(outcome.report.machines, 3U);
}

TEST_F(BootTest, a_splat_that_came_once_costs_no_cell_and_is_told) {
  const auto outcome = play("splat_at 300 once", 600);
  EXPECT_EQ(count(outcome, AttemptState::measured), 600U);
  EXPECT_EQ(outcome.doubled, 0U);
  EXPECT_EQ(outcome.report.machines, 2U);
  ASSERT_EQ(outcome.told.size(), 2U);
  EXPECT_NE(outcome.told[0].find("WARNING at kernel/bpf/verifier.c:LINE"), std::string::npos);
}

TEST_F(BootTest, a_splat_while_no_cell_runs_is_the_machines_own_and_is_told_once) {
  const auto outcome = play("splat_idle", 600);
  EXPECT_EQ(count(outcome, AttemptState::measured), 600U);
  EXPECT_EQ(outcome.report.machines, 1U);
  ASSERT_EQ(outcome.told.size(), 1U);
  EXPECT_NE(outcome.told[0].find("complained while no cell ran: WARNING at"), std::string::npos)
      << outcome.told[0];
  EXPECT_NE(outcome.told[0].find("fake-1.console.txt"), std::string::npos) << outcome.told[0];
}

TEST_F(BootTest, an_allowed_splat_costs_nothing_and_is_told) {
  allow("WARNING at kernel/bpf/*");
  const auto outcome = play("splat_at 7", 20);
  EXPECT_EQ(count(outcome, AttemptState::measured), 20U);
  EXPECT_EQ(outcome.report.machines, 1U);
  ASSERT_EQ(outcome.told.size(), 1U);
  EXPECT_NE(outcome.told[0].find("allowed: WARNING at"), std::string::npos) << outcome.told[0];
}

TEST_F(BootTest, a_splat_after_the_last_result_is_not_lost) {
  const auto outcome = play("late_splat once", 5);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  EXPECT_EQ(outcome.report.machines, 2U);
  EXPECT_EQ(outcome.told.size(), 2U) << "five cells in doubt, which then ran without harm";
  const auto again = play("late_splat", 5);
  EXPECT_EQ(again.states.at(4), AttemptState::kernel_splat);
  EXPECT_EQ(count(again, AttemptState::measured), 4U);
  EXPECT_EQ(again.doubled, 0U);
}

// The result and the oops that belongs to it travel on two channels, and the machine's end on a third.
TEST_F(BootTest, an_oops_wins_over_the_result_that_came_with_it_however_they_interleave) {
  // Every tenth of them by default: all take two minutes.
  const uint32_t step = std::getenv("BPFM_SOAK") != nullptr ? 1 : 10;
  for (uint32_t i = 0; i < 500; i += step) {
    const uint32_t delay = i < 100 ? i : (i - 99) * 7;
    const auto outcome =
        play(fmt::format("{} 1 {}", i / step % 2 == 0 ? "oops_after" : "oops_before", delay), 2);
    ASSERT_EQ(outcome.states.at(1), AttemptState::kernel_crash) << i;
    ASSERT_EQ(outcome.notes.at(1), "BUG: kernel NULL pointer dereference in bpf_prog_put") << i;
    ASSERT_EQ(outcome.states.at(0), AttemptState::measured) << i;
  }
}

TEST_F(BootTest, a_loader_that_the_oom_killer_took_is_a_guest_out_of_memory) {
  const auto outcome = play("oom_at 4", 10);
  EXPECT_EQ(outcome.states.at(4), AttemptState::guest_oom);
  EXPECT_NE(outcome.notes.at(4).find("Out of memory"), std::string::npos) << outcome.notes.at(4);
  EXPECT_EQ(count(outcome, AttemptState::measured), 9U);
  EXPECT_EQ(outcome.report.machines, 1U);
}

TEST_F(BootTest, a_panic_for_want_of_memory_is_no_crash_of_the_kernel) {
  const auto outcome = play("oom_panic_at 4", 10);
  EXPECT_EQ(outcome.states.at(4), AttemptState::guest_oom);
  EXPECT_EQ(count(outcome, AttemptState::measured), 9U);
}

TEST_F(BootTest, a_machine_that_chatters_and_makes_no_progress_hangs) {
  const auto outcome = play("chatter_at 2 twice", 4);
  EXPECT_EQ(outcome.states.at(2), AttemptState::hang);
  EXPECT_EQ(count(outcome, AttemptState::measured), 3U);
}

TEST_F(BootTest, a_machine_that_restarts_under_a_cell_is_a_reboot_of_that_cell) {
  for (const char* scenario : {"reboot_at 2", "reset_at 2"}) {
    const auto outcome = play(scenario, 6);
    EXPECT_EQ(outcome.states.at(2), AttemptState::reboot) << scenario;
    EXPECT_EQ(count(outcome, AttemptState::measured), 5U) << scenario;
    EXPECT_EQ(outcome.doubled, 0U) << scenario;
  }
}

TEST_F(BootTest, a_kernel_that_boots_again_and_again_is_given_up_before_its_time_is_over) {
  patience_ = 1h;
  const auto outcome = play("reboot_loop", 3);
  EXPECT_EQ(count(outcome, AttemptState::boot_fail), 3U);
  EXPECT_NE(outcome.report.problem.find("restarted"), std::string::npos) << outcome.report.problem;
}

TEST_F(BootTest, cells_that_were_given_up_are_handed_back_where_that_is_asked_for) {
  const auto outcome = play_returning("silent", 3);
  EXPECT_TRUE(outcome.states.empty());
  EXPECT_EQ(outcome.report.left.size(), 3U);
  EXPECT_EQ(outcome.report.given_up, AttemptState::boot_fail);
}

TEST_F(BootTest, a_machine_that_was_booted_once_is_restored_the_next_time) {
  const auto cold = play_saved("ok", 20);
  EXPECT_EQ(cold.report.machines, 1U);
  EXPECT_EQ(cold.report.restored, 0U);
  EXPECT_EQ(count(cold, AttemptState::measured), 20U);
  const auto warm = play_saved("ok", 20);
  EXPECT_EQ(warm.report.machines, 1U);
  EXPECT_EQ(warm.report.restored, 1U);
  EXPECT_EQ(count(warm, AttemptState::measured), 20U);
  EXPECT_EQ(warm.report.hello->release, "6.99.0-fake");
  EXPECT_TRUE(warm.told.empty());
}

TEST_F(BootTest, a_splat_under_the_first_cell_of_a_restored_machine_is_that_cells) {
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(play_saved("splat_at 0", 3).states.at(0), AttemptState::kernel_splat) << i;
}

TEST_F(BootTest, a_state_of_another_machine_is_not_restored) {
  play_saved("ok", 1, "-m 256M");
  EXPECT_EQ(play_saved("ok", 1, "-m 512M").report.restored, 0U);
  EXPECT_EQ(play_saved("ok", 1, "-m 256M").report.restored, 1U);
}

TEST_F(BootTest, after_a_panic_the_rest_runs_in_a_restored_machine) {
  const auto outcome = play_saved("panic_at 7", 20);
  EXPECT_EQ(outcome.states.at(7), AttemptState::kernel_crash);
  EXPECT_EQ(count(outcome, AttemptState::measured), 19U);
  EXPECT_EQ(outcome.report.machines, outcome.report.restored + 1);
}

TEST_F(BootTest, a_flipped_bit_in_a_saved_machine_is_found_before_the_machine_goes_on) {
  play_saved("ok", 1);
  const auto file = state_file();
  auto bytes = *base::read_file(file);
  bytes[3] = static_cast<char>(bytes[3] ^ 1);
  ASSERT_TRUE(base::write_file(file, bytes));
  forget_what_is_intact();
  const auto outcome = play_saved("ok", 5);
  EXPECT_EQ(outcome.report.restored, 0U);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  ASSERT_EQ(outcome.told.size(), 1U);
  EXPECT_NE(outcome.told[0].find("does not come back"), std::string::npos);
  EXPECT_EQ(play_saved("ok", 5).report.restored, 1U) << "it was saved anew";
}

TEST_F(BootTest, a_state_that_qemu_refuses_is_dropped_and_booted_anew_once_with_a_note) {
  play_saved("ok", 1);
  const auto note = state_file().parent_path() / "state.json";
  ASSERT_TRUE(base::write_file(state_file(), "other"));
  ASSERT_TRUE(base::write_file(
      note, fmt::format(R"({{"format": 1, "sha256": "{}"}})", base::sha256_hex("other"))));
  const auto outcome = play_saved("ok", 5);
  EXPECT_EQ(outcome.report.restored, 0U);
  EXPECT_EQ(outcome.report.machines, 1U);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  EXPECT_EQ(outcome.told.size(), 1U);
}

TEST_F(BootTest, a_restored_machine_that_stays_silent_is_booted_anew) {
  play_saved("ok", 1);
  const auto outcome = play_saved("sleeper", 5);
  EXPECT_EQ(outcome.report.restored, 0U);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  EXPECT_EQ(outcome.told.size(), 1U);
}

TEST_F(BootTest, a_machine_that_cannot_be_saved_serves_its_cells_all_the_same) {
  const auto outcome = play_saved("unsaveable", 5);
  EXPECT_EQ(count(outcome, AttemptState::measured), 5U);
  ASSERT_EQ(outcome.told.size(), 1U);
  EXPECT_NE(outcome.told[0].find("no room for the state"), std::string::npos) << outcome.told[0];
  EXPECT_EQ(play_saved("ok", 1).report.restored, 0U);
}

TEST_F(BootTest, a_state_that_was_only_half_written_is_none) {
  play_saved("ok", 1);
  std::filesystem::remove(state_file().parent_path() / "state.json");
  EXPECT_EQ(play_saved("ok", 1).report.restored, 0U);
}

TEST_F(BootTest, draining_is_told_once_when_every_cell_was_handed_over) {
  // Two RUNs of 256 came before the last; results of the second wait for the console's say.
  const auto drained = play("ok", 600).drained_after;
  ASSERT_TRUE(drained.has_value());
  EXPECT_GE(*drained, 256U);
  EXPECT_LE(*drained, 512U);
  EXPECT_EQ(play("panic_at 7 once", 20).drained_after, 0U);
}

TEST_F(BootTest, no_qemu_at_all_is_a_problem_and_not_a_result) {
  auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "boot-test-");
  ASSERT_TRUE(folder.has_value());
  Outcome outcome;
  BootRequest request;
  FileSet files;
  request.machine.qemu = "/nonexistent/qemu";
  request.files = &files;
  request.evidence = folder->path();
  Job job;
  job.loader = "raw";
  request.jobs.push_back(job);
  BootEvents events;
  events.finished = [&](std::vector<Finished> finished) {
    for (const auto& one : finished) outcome.states[one.cell] = one.attempt.state;
  };
  events.note = [](const std::string&) {};
  boost::asio::io_context io;
  boost::asio::co_spawn(
      io, run_boot(io, std::move(request), events),
      [&](std::exception_ptr, BootReport report) { outcome.report = std::move(report); });
  io.run();
  EXPECT_EQ(count(outcome, AttemptState::qemu_crash), 1U);
  EXPECT_NE(outcome.report.problem.find("/nonexistent/qemu"), std::string::npos);
}

}  // namespace
}  // namespace bpfmatrix::run
