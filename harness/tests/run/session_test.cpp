#include "run/session.h"

#include <gtest/gtest.h>

#include "wire/frame.h"

namespace bpfmatrix::run {
namespace {

using result::AttemptState;

// The agent's side of a session, written down by hand.
class Agent {
 public:
  std::string hello(uint8_t nonce = 7) {
    wire::Hello hello;
    hello.nonce.fill(nonce);
    hello.release = "6.1.0";
    return frames_.frame(BPFM_HELLO, wire::encode(hello));
  }
  std::string begin(uint32_t run, uint32_t cell) {
    return frames_.frame(BPFM_BEGIN, two(run, cell));
  }
  std::string result(uint32_t run, uint32_t cell) {
    wire::CellDone done;
    done.run = run;
    done.cell = cell;
    done.observation.decided_by = BPFM_BY_KERNEL;
    return frames_.frame(BPFM_RESULT, wire::encode(done));
  }
  std::string run_done(uint32_t run) {
    return frames_.frame(BPFM_RUN_DONE, two(run, 0).substr(0, 4));
  }
  std::string gone(uint32_t run, uint32_t cell, uint8_t reason, int number) {
    std::string payload = two(run, cell);
    payload += static_cast<char>(reason);
    payload += two(static_cast<uint32_t>(number), 0).substr(0, 4);
    return frames_.frame(BPFM_LOADER_GONE, payload);
  }

 private:
  static std::string two(uint32_t a, uint32_t b) {
    std::string out(8, '\0');
    bpfm_put32(reinterpret_cast<uint8_t*>(out.data()), a);
    bpfm_put32(reinterpret_cast<uint8_t*>(out.data()) + 4, b);
    return out;
  }
  wire::FrameWriter frames_;
};

// Frames in the order written; the operands of + have none.
std::string in_order(std::initializer_list<std::string> frames) {
  std::string bytes;
  for (const auto& frame : frames) bytes += frame;
  return bytes;
}

class SessionTest : public testing::Test {
 protected:
  // Cells 100, 101 … with limits of 1000, 1001 … ms; the last by another loader where one is given.
  // The first `announced` ask for it.
  Session make(uint32_t cells, const std::string& second_loader = "", uint32_t announced = 0) {
    std::array<uint8_t, 16> nonce{};
    nonce.fill(7);
    return Session(nonce, files_, jobs(cells, second_loader, announced));
  }
  std::deque<Job> jobs(uint32_t cells, const std::string& second_loader = "",
                       uint32_t announced = 0) {
    files_["raw"] = GuestFile{&binary_, true};
    files_["p.parts"] = GuestFile{&parts_, false};
    std::deque<Job> jobs;
    for (uint32_t i = 0; i < cells; ++i) {
      Job job;
      job.cell = 100 + i;
      job.loader = !second_loader.empty() && i + 1 == cells ? second_loader : "raw";
      job.request.file = "p.parts";
      job.request.limit_ms = 1000 + i;
      job.announce = i < announced;
      jobs.push_back(job);
    }
    return jobs;
  }
  // Of the RUN that the session sends now: its flags and its number of cells.
  struct SentRun {
    uint32_t flags = 99, cells = 0;
    bool operator==(const SentRun&) const = default;
  };
  SentRun sent_run(Session& session) {
    driver_.feed(session.to_send());
    SentRun run;
    for (auto frame = driver_.next(); frame && *frame; frame = driver_.next()) {
      const auto* raw = reinterpret_cast<const uint8_t*>((*frame)->payload.data());
      if ((*frame)->type == BPFM_RUN)
        run = {bpfm_get32(raw + 4), bpfm_get32(raw + 10 + bpfm_get16(raw + 8))};
    }
    return run;
  }
  // Types of the frames that the session sends now.
  std::vector<int> sent(Session& session) {
    driver_.feed(session.to_send());
    std::vector<int> types;
    for (auto frame = driver_.next(); frame && *frame; frame = driver_.next())
      types.push_back((*frame)->type);
    return types;
  }
  std::string binary_ = "ELF", parts_ = "parts";
  FileSet files_;
  wire::FrameReader driver_;
  Agent agent_;
};

TEST_F(SessionTest, a_restored_machine_is_woken_first_and_must_know_the_new_nonce) {
  wire::Wake wake;
  wake.nonce.fill(9);
  Session session(wake, files_, jobs(1));
  EXPECT_EQ(sent(session).front(), BPFM_WAKE);
  EXPECT_FALSE(session.take(agent_.hello(7)).has_value()) << "the nonce of the boot";
  Session other(wake, files_, jobs(1));
  Agent fresh;
  EXPECT_TRUE(other.take(fresh.hello(9)).has_value());
  EXPECT_TRUE(other.hello().has_value());
}

TEST_F(SessionTest, a_restored_machine_gets_its_first_cells_behind_the_wake_and_no_second_time) {
  wire::Wake wake;
  wake.nonce.fill(9);
  Session session(wake, files_, jobs(2));
  EXPECT_EQ(sent(session), (std::vector<int>{BPFM_WAKE, BPFM_FILE, BPFM_FILE, BPFM_RUN}));
  EXPECT_FALSE(session.take(Agent().begin(1, 100)).has_value()) << "nothing counts before the hello";
  Session other(wake, files_, jobs(2));
  (void)sent(other);
  Agent fresh;
  ASSERT_TRUE(other.take(fresh.hello(9)).has_value());
  EXPECT_TRUE(sent(other).empty());
  ASSERT_TRUE(other.take(fresh.begin(1, 100)).has_value());
  EXPECT_EQ(other.in_doubt(), 2U);
}

TEST_F(SessionTest, cells_of_a_restored_machine_that_never_said_hello_are_left_as_they_were) {
  wire::Wake wake;
  Session session(wake, files_, jobs(2));
  (void)sent(session);
  EXPECT_EQ(session.in_doubt(), 0U);
  const auto left = session.take_unfinished();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_FALSE(left.front().announce);
}

TEST_F(SessionTest, the_last_run_is_the_one_behind_which_nothing_waits) {
  Session session = make(300);
  EXPECT_FALSE(session.last_run());
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  EXPECT_FALSE(session.last_run()) << "256 cells of 300 are under way";
  Session small = make(3);
  Agent fresh;
  ASSERT_TRUE(small.take(fresh.hello()).has_value());
  EXPECT_TRUE(small.last_run());
}

TEST_F(SessionTest, sends_files_and_cells_after_the_hello_and_shuts_down_at_the_end) {
  Session session = make(2);
  EXPECT_TRUE(sent(session).empty());
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  EXPECT_EQ(sent(session), (std::vector<int>{BPFM_FILE, BPFM_FILE, BPFM_RUN}));
  ASSERT_TRUE(session.take(agent_.begin(1, 100)).has_value());
  ASSERT_TRUE(session.take(in_order({agent_.result(1, 100), agent_.begin(1, 101)})).has_value());
  ASSERT_TRUE(session.take(in_order({agent_.result(1, 101), agent_.run_done(1)})).has_value());
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(finished[1].cell, 101U);
  EXPECT_EQ(finished[0].attempt.state, AttemptState::measured);
  EXPECT_EQ(sent(session), std::vector<int>{BPFM_SHUTDOWN});
  EXPECT_TRUE(session.done());
}

TEST_F(SessionTest, a_hello_of_another_boot_is_refused) {
  Session session = make(1);
  EXPECT_FALSE(session.take(agent_.hello(8)).has_value());
}

TEST_F(SessionTest, a_result_for_a_cell_that_was_not_begun_is_refused) {
  Session session = make(2);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  ASSERT_TRUE(session.take(agent_.begin(1, 100)).has_value());
  const auto status = session.take(agent_.result(1, 101));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, base::ErrorKind::protocol);
  EXPECT_TRUE(session.take_finished().empty());
}

TEST_F(SessionTest, nothing_is_taken_behind_a_mistake_though_it_came_with_it) {
  Session session = make(2);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100)})).has_value());
  const auto mistake = session.take(in_order({agent_.result(1, 101), agent_.result(1, 100)}));
  ASSERT_FALSE(mistake.has_value());
  const auto after = session.take(agent_.begin(1, 101));
  ASSERT_FALSE(after.has_value());
  EXPECT_EQ(after.error().message, mistake.error().message);
  EXPECT_TRUE(session.take_finished().empty());
}

TEST_F(SessionTest, cells_must_begin_in_the_order_given) {
  Session session = make(2);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  EXPECT_FALSE(session.take(agent_.begin(1, 101)).has_value());
}

TEST_F(SessionTest, a_run_is_not_done_before_its_last_cell) {
  Session session = make(2);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100)}))
                  .has_value());
  EXPECT_FALSE(session.take(agent_.run_done(1)).has_value());
}

TEST_F(SessionTest, a_loader_that_dies_loses_only_its_cell) {
  Session session = make(3);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  (void)sent(session);
  ASSERT_TRUE(
      session.take(in_order({agent_.begin(1, 100), agent_.result(1, 100), agent_.begin(1, 101)}))
          .has_value());
  ASSERT_TRUE(session.take(agent_.gone(1, 101, BPFM_GONE_SIGNAL, 11)).has_value());
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(finished[1].cell, 101U);
  EXPECT_EQ(finished[1].attempt.state, AttemptState::agent_crash);
  EXPECT_NE(finished[1].attempt.note.find("signal 11"), std::string::npos);
  EXPECT_EQ(sent(session), std::vector<int>{BPFM_RUN});
  ASSERT_TRUE(
      session.take(in_order({agent_.begin(2, 102), agent_.result(2, 102), agent_.run_done(2)}))
          .has_value());
  EXPECT_EQ(session.take_finished().size(), 1U);
}

TEST_F(SessionTest, a_cell_over_its_limit_is_a_timeout) {
  Session session = make(1);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100)})).has_value());
  ASSERT_TRUE(session.take(agent_.gone(1, 100, BPFM_GONE_TIMEOUT, 9)).has_value());
  EXPECT_EQ(session.take_finished()[0].attempt.state, AttemptState::timeout);
}

TEST_F(SessionTest, a_loader_that_never_starts_fails_its_cells_and_not_those_of_others) {
  Session session = make(3, "other");
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  (void)sent(session);
  ASSERT_TRUE(session.take(agent_.gone(1, BPFM_NO_CELL, BPFM_GONE_NO_START, 8)).has_value());
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(finished[0].attempt.state, AttemptState::loader_error);
  EXPECT_EQ(sent(session), std::vector<int>{BPFM_RUN});
}

TEST_F(SessionTest, a_loader_that_ends_again_and_again_before_its_first_cell_is_given_up) {
  Session session = make(2);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  for (uint32_t run = 1; run <= 3; ++run)
    ASSERT_TRUE(session.take(agent_.gone(run, BPFM_NO_CELL, BPFM_GONE_EXIT, 4)).has_value());
  EXPECT_EQ(session.take_finished().size(), 2U);
}

TEST_F(SessionTest, a_loader_given_up_costs_the_next_one_nothing) {
  Session session = make(3, "other");
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  for (uint32_t run = 1; run <= 3; ++run)
    ASSERT_TRUE(session.take(agent_.gone(run, BPFM_NO_CELL, BPFM_GONE_EXIT, 4)).has_value());
  EXPECT_EQ(session.take_finished().size(), 2U);
  // One stumble of the other loader is not the third of the first.
  ASSERT_TRUE(session.take(agent_.gone(4, BPFM_NO_CELL, BPFM_GONE_EXIT, 4)).has_value());
  EXPECT_TRUE(session.take_finished().empty());
}

TEST_F(SessionTest, only_finished_cells_count_as_fruit_of_a_machine) {
  Session session = make(2);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  EXPECT_EQ(session.cells_finished(), 0U);
  ASSERT_TRUE(session.take(in_order({agent_.begin(1, 100), agent_.result(1, 100)})).has_value());
  EXPECT_EQ(session.cells_finished(), 1U);
}

TEST_F(SessionTest, what_is_left_after_a_crash_is_the_blamed_cell_and_those_behind_it) {
  Session session = make(4, "", 4);
  ASSERT_TRUE(session
                  .take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100),
                                  agent_.run_done(1)}))
                  .has_value());
  ASSERT_TRUE(session.take(agent_.begin(2, 101)).has_value());
  EXPECT_EQ(session.to_blame(), 101U);
  EXPECT_EQ(session.in_doubt(), 0U);
  const auto left = session.take_unfinished();
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0].cell, 101U);
  EXPECT_EQ(left[1].cell, 102U);
  EXPECT_EQ(left[2].cell, 103U);
}

TEST_F(SessionTest, a_dense_run_blames_nobody_and_asks_to_announce_what_had_no_result) {
  Session session = make(600);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100)}))
                  .has_value());
  ASSERT_TRUE(session.take(agent_.begin(1, 101)).has_value());
  EXPECT_FALSE(session.to_blame().has_value());
  EXPECT_EQ(session.in_doubt(), 255U);
  const auto left = session.take_unfinished();
  ASSERT_EQ(left.size(), 599U);
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].cell, 101U + i);
    EXPECT_EQ(left[i].announce, i < 255) << i;
  }
}

TEST_F(SessionTest, a_run_that_never_began_leaves_no_cell_in_doubt) {
  Session session = make(3);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  EXPECT_EQ(session.in_doubt(), 0U);
  for (const auto& job : session.take_unfinished()) EXPECT_FALSE(job.announce);
}

TEST_F(SessionTest, only_cells_that_ask_for_it_are_announced_each_in_a_run_of_its_own) {
  Session session = make(5, "", 2);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  for (uint32_t run = 1; run < 3; ++run) {
    EXPECT_EQ(sent_run(session), (SentRun{BPFM_RUN_ANNOUNCE, 1}));
    ASSERT_TRUE(session
                    .take(in_order({agent_.begin(run, 99 + run), agent_.result(run, 99 + run),
                                    agent_.run_done(run)}))
                    .has_value());
  }
  EXPECT_EQ(sent_run(session), (SentRun{0, 3}));
}

TEST_F(SessionTest, results_are_settled_when_the_next_bytes_were_taken) {
  Session session = make(3);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100)}))
                  .has_value());
  EXPECT_TRUE(session.take_settled().empty());
  ASSERT_TRUE(session.take(in_order({agent_.begin(1, 101), agent_.result(1, 101)})).has_value());
  const auto settled = session.take_settled();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(settled[0].cell, 100U);
  EXPECT_EQ(session.take_finished().size(), 1U);
}

TEST_F(SessionTest, results_that_were_withdrawn_run_again_before_all_others_one_by_one) {
  Session session = make(5);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100)}))
                  .has_value());
  ASSERT_TRUE(session.take(in_order({agent_.begin(1, 101), agent_.result(1, 101),
                                     agent_.begin(1, 102)}))
                  .has_value());
  EXPECT_EQ(session.take_settled().size(), 1U) << "told, and no longer to be withdrawn";
  session.withdraw_results();
  EXPECT_TRUE(session.take_finished().empty());
  EXPECT_FALSE(session.to_blame().has_value());
  EXPECT_EQ(session.in_doubt(), 4U);
  EXPECT_EQ(session.cells_finished(), 1U);
  const auto left = session.take_unfinished();
  ASSERT_EQ(left.size(), 4U);
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].cell, 101U + i);
    EXPECT_TRUE(left[i].announce);
  }
}

TEST_F(SessionTest, an_announced_cell_is_to_blame_for_what_comes_after_its_result) {
  Session session = make(3, "", 2);
  ASSERT_TRUE(session
                  .take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100),
                                  agent_.run_done(1)}))
                  .has_value());
  session.withdraw_results();
  EXPECT_EQ(session.to_blame(), 100U);
  EXPECT_EQ(session.in_doubt(), 0U);
  EXPECT_EQ(session.take_unfinished().size(), 3U);

  Session died = make(3, "", 2);  // before it could say that the RUN is done
  Agent fresh;
  ASSERT_TRUE(
      died.take(in_order({fresh.hello(), fresh.begin(1, 100), fresh.result(1, 100)})).has_value());
  died.withdraw_results();
  EXPECT_EQ(died.to_blame(), 100U);
  EXPECT_EQ(died.take_unfinished().size(), 3U);
}

TEST_F(SessionTest, a_run_that_has_begun_takes_the_blame_from_the_results_of_the_one_before) {
  Session session = make(3, "", 2);
  ASSERT_TRUE(session
                  .take(in_order({agent_.hello(), agent_.begin(1, 100), agent_.result(1, 100),
                                  agent_.run_done(1), agent_.begin(2, 101)}))
                  .has_value());
  session.withdraw_results();
  EXPECT_EQ(session.to_blame(), 101U);
  EXPECT_EQ(session.take_finished().size(), 1U);

  // Whole in one piece, which a busy host may well read it in.
  Session quick = make(3, "", 2);
  Agent fresh;
  ASSERT_TRUE(quick
                  .take(in_order({fresh.hello(), fresh.begin(1, 100), fresh.result(1, 100),
                                  fresh.run_done(1), fresh.begin(2, 101), fresh.result(2, 101),
                                  fresh.run_done(2)}))
                  .has_value());
  quick.withdraw_results();
  EXPECT_EQ(quick.to_blame(), 101U);
  EXPECT_EQ(quick.take_finished().size(), 1U);
}

TEST_F(SessionTest, the_silence_that_is_allowed_is_that_of_the_announced_cell_or_of_the_longest) {
  Session announced = make(3, "", 3);
  ASSERT_TRUE(announced.take(in_order({agent_.hello(), agent_.begin(1, 100)})).has_value());
  EXPECT_EQ(announced.limit_ms(), 1000U);
  agent_ = Agent();
  // A dense machine may be silent in a cell behind the one whose begin came last.
  Session dense = make(3);
  ASSERT_TRUE(dense.take(in_order({agent_.hello(), agent_.begin(1, 100)})).has_value());
  EXPECT_EQ(dense.limit_ms(), 1002U);
}

TEST_F(SessionTest, a_timeout_tells_the_limit_of_its_own_cell) {
  Session session = make(3);
  ASSERT_TRUE(session.take(in_order({agent_.hello(), agent_.begin(1, 100)})).has_value());
  ASSERT_TRUE(session.take(agent_.gone(1, 100, BPFM_GONE_TIMEOUT, 9)).has_value());
  EXPECT_NE(session.take_finished()[0].attempt.note.find("1000 ms"), std::string::npos);
}

TEST_F(SessionTest, a_loader_that_dies_in_a_dense_run_is_blamed_for_its_cell_alone) {
  Session session = make(3);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  (void)sent(session);
  ASSERT_TRUE(session
                  .take(in_order({agent_.begin(1, 100), agent_.result(1, 100), agent_.begin(1, 101),
                                  agent_.gone(1, 101, BPFM_GONE_SIGNAL, 11)}))
                  .has_value());
  EXPECT_EQ(session.take_finished()[1].attempt.state, AttemptState::agent_crash);
  EXPECT_EQ(sent_run(session), (SentRun{0, 1}));
}

TEST_F(SessionTest, more_cells_than_a_run_holds_go_out_in_several) {
  Session session = make(600);
  ASSERT_TRUE(session.take(agent_.hello()).has_value());
  uint32_t run = 1, cell = 100;
  size_t finished = 0;
  while (!session.done() && run < 10) {
    for (int i = 0; i < 256 && cell < 700; ++i, ++cell)
      ASSERT_TRUE(
          session.take(in_order({agent_.begin(run, cell), agent_.result(run, cell)})).has_value());
    ASSERT_TRUE(session.take(agent_.run_done(run)).has_value());
    ++run;
    finished += session.take_finished().size();
  }
  EXPECT_EQ(finished, 600U);
  EXPECT_EQ(run, 4U);
}

}  // namespace
}  // namespace bpfmatrix::run
