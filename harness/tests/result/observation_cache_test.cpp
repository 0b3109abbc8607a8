// What answers the key of a cell, and above all what does not.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "store_fixture.h"

namespace bpfmatrix::result {
namespace {

using ::testing::ElementsAre;

class ObservationCache : public StoreTest {
 protected:
  // A run of `cells` cells, begun in `store`.
  static RunRecord begin(Store& store, const std::string& id, uint32_t cells = 1) {
    RunRecord run = make_run(1, 1, cells);
    run.header.id = id;
    EXPECT_TRUE(store.begin_run(run));
    return run;
  }
  static void add(Store& store, const std::string& run, std::vector<CellResult> results) {
    const auto status = store.add(run, results);
    ASSERT_TRUE(status) << status.error().message;
  }
  // Is `key` answered in a new run? With what?
  std::optional<Attempt> answer(Store& store, const std::string& key) {
    const std::string id = "asking-" + std::to_string(++asked_);
    begin(store, id);
    const Question questions[] = {{0, key}};
    const auto answered = store.answer(id, questions);
    if (!answered) return std::nullopt;
    const auto back = store.read(id);
    EXPECT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->cells[0].cached, answered->front());
    EXPECT_EQ(back->cells[0].attempts, answered->front() ? 1u : 0u);
    if (!answered->front()) return std::nullopt;
    EXPECT_EQ(back->cells[0].key, key);
    return back->cells[0].attempt;
  }

 private:
  int asked_ = 0;
};

TEST_F(ObservationCache, a_clean_attempt_answers_its_key_with_all_that_was_seen) {
  Store store = open();
  begin(store, "a", 3);
  const auto x = broken(AttemptState::not_expressible, "no such call in this library");
  const auto m = broken(AttemptState::not_measurable, "the log grows");
  add(store, "a", {{0, "k", full_attempt()}, {1, "x", x}, {2, "m", m}});
  EXPECT_EQ(answer(store, "k"), full_attempt());
  EXPECT_EQ(answer(store, "x"), x);
  EXPECT_EQ(answer(store, "m"), m);
  EXPECT_EQ(answer(store, "K"), std::nullopt);
  EXPECT_EQ(answer(store, ""), std::nullopt);
}

TEST_F(ObservationCache, only_cells_whose_key_is_known_are_answered) {
  Store store = open();
  begin(store, "a", 2);
  add(store, "a", {{0, "changed", loaded()}, {1, "same", rejected()}});
  begin(store, "b", 2);
  const Question questions[] = {{0, "new"}, {1, "same"}};
  EXPECT_THAT(*store.answer("b", questions), ElementsAre(false, true));
  const auto back = store.read("b");
  EXPECT_EQ(back->cells[0].attempt.state, AttemptState::not_reached);
  EXPECT_EQ(back->cells[1].attempt, rejected());
  // What is not answered is run, and has then nothing of the cache about it.
  add(store, "b", {{0, "new", loaded()}});
  EXPECT_FALSE(store.read("b")->cells[0].cached);
}

TEST_F(ObservationCache, what_did_not_end_well_answers_nobody) {
  Store store = open();
  for (const auto state :
       {AttemptState::filtered, AttemptState::kernel_crash, AttemptState::agent_crash,
        AttemptState::timeout, AttemptState::hang, AttemptState::protocol, AttemptState::boot_fail,
        AttemptState::kernel_splat, AttemptState::guest_oom, AttemptState::reboot,
        AttemptState::accel_broken, AttemptState::no_space, AttemptState::qemu_crash, AttemptState::image_unavailable, AttemptState::bad_image,
        AttemptState::loader_unavailable, AttemptState::loader_build, AttemptState::loader_error,
        AttemptState::not_reached}) {
    const std::string key(name(state));
    begin(store, key);
    add(store, key, {{0, key, broken(state)}});
    EXPECT_EQ(answer(store, key), std::nullopt) << key;
  }
}

TEST_F(ObservationCache, a_cell_without_a_key_answers_nobody) {
  Store store = open();
  begin(store, "a");
  add(store, "a", {{0, "", broken(AttemptState::not_expressible, "RELOCATIONS")}});
  EXPECT_EQ(answer(store, ""), std::nullopt);
  EXPECT_EQ(sql("SELECT count(*) FROM observations WHERE digest IS NOT NULL"), 0);
}

TEST_F(ObservationCache, a_cell_that_was_tried_twice_answers_nobody) {
  Store store = open();
  begin(store, "a", 3);
  add(store, "a", {{0, "agree", loaded()}, {1, "first", broken(AttemptState::timeout)}});
  EXPECT_EQ(answer(store, "agree"), loaded());  // so far
  add(store, "a", {{0, "agree", loaded()}, {1, "first", loaded()}});
  EXPECT_EQ(answer(store, "agree"), std::nullopt);
  EXPECT_EQ(answer(store, "first"), std::nullopt);
  // The second try says nothing against another run's clean one.
  begin(store, "b");
  add(store, "b", {{0, "agree", rejected()}});
  EXPECT_EQ(answer(store, "agree"), rejected());
}

TEST_F(ObservationCache, a_cached_attempt_is_no_new_source) {
  Store store = open();
  begin(store, "a");
  add(store, "a", {{0, "k", loaded()}});
  EXPECT_EQ(answer(store, "k"), loaded());
  EXPECT_EQ(answer(store, "k"), loaded());
  EXPECT_EQ(sql("SELECT count(*) FROM observations"), 1);
  // One that comes as cached from elsewhere is shown, and answers nobody.
  begin(store, "b");
  add(store, "b", {{0, "foreign", loaded(), true}});
  EXPECT_TRUE(store.read("b")->cells[0].cached);
  EXPECT_EQ(answer(store, "foreign"), std::nullopt);
}

TEST_F(ObservationCache, the_newest_clean_attempt_answers) {
  Store store = open();
  begin(store, "a");
  begin(store, "b");
  add(store, "a", {{0, "k", loaded()}});
  add(store, "b", {{0, "k", rejected()}});
  EXPECT_EQ(answer(store, "k"), rejected());
}

TEST_F(ObservationCache, an_edited_expectation_shows_at_once_with_everything_cached) {
  Store store = open();
  begin(store, "a");
  add(store, "a", {{0, "k", rejected()}});
  const auto status_with = [&](const std::string& outcome) {
    RunRecord run = make_run(1, 1, 1);
    run.header.id = "expects-" + outcome;
    run.expectations = {expect_outcome(outcome)};
    EXPECT_TRUE(store.begin_run(run));
    const Question questions[] = {{0, "k"}};
    EXPECT_THAT(*store.answer(run.header.id, questions), ElementsAre(true));
    return judge(*store.read(run.header.id)).verdicts[0].status;
  };
  EXPECT_EQ(status_with("VERIFIER_REJECTION"), Status::PASS);
  EXPECT_EQ(status_with("LOADED"), Status::FAIL);
}

TEST_F(ObservationCache, a_change_of_any_column_is_a_miss_and_the_new_attempt_takes_over) {
  Store store = open();
  begin(store, "a");
  Attempt good = full_attempt();
  good.observation.messages = "good";
  add(store, "a", {{0, "k", good}});
  const char* const changes[] = {
      "key='kk'", "digest=upper(digest)", "digest=NULL", "digest=''", "state='not_measurable'",
      "state='dreamt'", "error=error+1", "kernel_errno=0", "decided_by='library'",
      "decided_by='nobody'", "return_value=-return_value", "log_true_size=NULL",
      "log_true_size=log_true_size-1", "true_size=NULL", "true_size=1", "buffer_size=0",
      "log_length=0", "kept='tail'", "kept='some'", "overrun=0", "touched=0", "verified=0",
      "btf_unreadable=1", "log_sha256=''", "log_sha256='b' || substr(log_sha256, 2)",
      "duration_ns=0", "calls=x''", "calls=x'00'",
      "calls=CAST(x'06' || substr(calls, 2) AS BLOB)", "btf_kinds=0", "needs_call=1",
      "api_true_size=NULL", "api_true_size=77", "note=NULL", "log_head=NULL", "log_tail=NULL",
      "messages=NULL", "note=messages", "log_head=log_tail", "log_head=log_tail, log_tail=log_head",
      "messages=999", "error='x'", "calls='abc'"};
  ASSERT_EQ(answer(store, "k"), good);
  sql("CREATE TABLE whole AS SELECT * FROM observations");
  for (const char* change : changes) {
    sql("PRAGMA foreign_keys=OFF; UPDATE observations SET " + std::string(change) +
        " WHERE number=1");
    const Question questions[] = {{0, "k"}};
    begin(store, change);
    const auto answered = store.answer(change, questions);
    ASSERT_TRUE(answered) << change << ": " << answered.error().message;
    EXPECT_FALSE(answered->front()) << change;
    // It is run again, and what comes out answers from then on.
    add(store, change, {{0, "k", rejected()}});
    EXPECT_EQ(answer(store, "k"), rejected()) << change;
    sql("PRAGMA foreign_keys=OFF; DELETE FROM attempts WHERE observation > 1; "
        "DELETE FROM observations; INSERT INTO observations SELECT * FROM whole");
    ASSERT_EQ(answer(store, "k"), good) << change;
  }
}

TEST_F(ObservationCache, a_change_of_a_text_is_a_miss_and_is_mended_by_the_next_of_the_same_text) {
  Store store = open();
  begin(store, "a");
  add(store, "a", {{0, "k", full_attempt()}});
  const auto texts = sql("SELECT count(*) FROM texts");
  ASSERT_EQ(texts, 4);
  for (int64_t text = 1; text <= texts; ++text) {
    const auto where = " WHERE number=" + std::to_string(text);
    for (const char* change : {"body=CAST(x'01' || substr(body, 2) AS BLOB)", "body=x''",
                               "body=CAST(body || x'00' AS BLOB)"}) {
      sql("UPDATE texts SET " + std::string(change) + where);
      EXPECT_EQ(answer(store, "k"), std::nullopt) << change << where;
      // Another process knows nothing of what this one has read.
      Store other = open();
      const std::string id = std::string(change) + where;
      begin(other, id);
      add(other, id, {{0, "k", full_attempt()}});
      EXPECT_EQ(answer(other, "k"), full_attempt()) << change << where;
      EXPECT_EQ(other.read(id)->cells[0].attempt, full_attempt());
    }
    sql("UPDATE texts SET sha256='x' || sha256" + where);
    EXPECT_EQ(answer(store, "k"), full_attempt());  // the body is what counts
    sql("UPDATE texts SET sha256=substr(sha256, 2)" + where);
  }
  EXPECT_EQ(sql("SELECT count(*) FROM texts"), texts);
}

// Every byte of the file that differs between a store with the observation and what it could be:
// each is flipped, one bit at a time.
TEST_F(ObservationCache, a_bit_that_flips_in_the_file_never_gives_another_answer) {
  Attempt good = full_attempt();
  good.observation.log_tail = "tail of a log";  // short: every byte of it is flipped below
  {
    Store store = open();
    begin(store, "a");
    add(store, "a", {{0, std::string(64, 'k'), good}});
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto whole = *base::read_file(file_);
  // Bytes that are in use: the row, its texts, its index entry, and what holds them.
  std::vector<size_t> places;
  for (size_t at = 100; at < whole.size(); ++at)
    if (whole[at] != 0) places.push_back(at);
  std::mt19937 random(1);  // NOLINT: the same flips every time
  std::shuffle(places.begin(), places.end(), random);
  places.resize(std::min<size_t>(places.size(), 100));
  const auto row = whole.find(good.observation.log_sha256);
  ASSERT_NE(row, std::string::npos);
  for (size_t at = row - 160; at < row + 160; ++at) places.push_back(at);
  size_t misses = 0, same = 0, refused = 0;
  for (const size_t at : places) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(file_.string() + suffix);
    ASSERT_TRUE(base::write_file(file_, damaged));
    auto store = Store::open(file_);
    if (!store) {
      ++refused;
      continue;
    }
    RunRecord run = make_run(1, 1, 1);
    run.header.id = "asking";
    const Question questions[] = {{0, std::string(64, 'k')}};
    if (!store->begin_run(run)) {
      ++refused;
      continue;
    }
    const auto answered = store->answer("asking", questions);
    if (!answered) {
      ++refused;
    } else if (!answered->front()) {
      ++misses;
    } else {
      const auto back = store->read("asking");
      if (!back) {  // the words of the schema are bytes of the file as well
        ++refused;
        continue;
      }
      ASSERT_EQ(back->cells[0].attempt, good) << "byte " << at;
      ASSERT_EQ(back->cells[0].id, run.cells[0].id) << "byte " << at;
      ASSERT_EQ(back->cells[0].mode, run.cells[0].mode) << "byte " << at;
      ++same;
    }
  }
  EXPECT_GT(misses, 100u);
  EXPECT_GT(same, 0u);
  EXPECT_LT(refused, places.size() / 2);
}

TEST_F(ObservationCache, runs_of_one_plan_share_its_cells_and_a_damaged_list_is_not_shared) {
  Store store = open();
  const RunRecord run = begin(store, "a", 5);
  begin(store, "b", 5);
  EXPECT_EQ(sql("SELECT count(*) FROM cells"), 5);
  begin(store, "c", 4);
  EXPECT_EQ(sql("SELECT count(*) FROM cells"), 9);
  for (const char* damage :
       {"UPDATE cells SET id='k0/l0/p9/x' WHERE list=1 AND place=2",
        "UPDATE cells SET program=0 WHERE list=(SELECT max(number) FROM cell_lists) AND place=3",
        "DELETE FROM cells WHERE list=(SELECT max(number) FROM cell_lists) AND place=4",
        "UPDATE modes SET level=2"}) {
    sql(damage);
    begin(store, damage, 5);
    const auto back = store.read(damage);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->cells.size(), 5u);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(back->cells[i].id, run.cells[i].id);
      EXPECT_EQ(back->cells[i].program, run.cells[i].program);
      EXPECT_EQ(back->cells[i].mode, run.cells[i].mode);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix::result
