#include "result/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <functional>

#include "result/json_fields.h"
#include "store_fixture.h"

namespace bpfmatrix::result {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RunRecord full_run() {
  RunRecord run = make_run(2, 2, 1, 2);
  run.header.matrix_file = "matrices/quick.yaml";
  run.header.selection = "-k 'k*'";
  run.header.program_version = "0.1.0";
  run.header.qemu_version = "7.2.22";
  run.header.accel = "tcg";
  run.header.host = "2 cores";
  run.header.notes = {"one", "two \" \n"};
  run.kernels[0] = {"k0",  "6.1.0-50", "debian", "6.1",     "x86_64", "qemu",
                    "tcg", "debian …", "abcd",   "no boot", "6.1.176", "seccomp-only, root"};
  run.loaders[1] = {"l1", "libbpf", "1.1.2", "1234", "crate", "not there"};
  run.programs[0] = {"p0", "5678", "entry", "socket"};
  run.cells[1].mode.extra = {{"attr_size", "140"}, {"tail_byte", "1"}};
  run.cells[2].mode.interface = spec::Interface::object_load;
  run.cells[2].mode.buffer = {spec::Buffer::Kind::relative, -1};
  run.cells[3].mode.buffer = {spec::Buffer::Kind::null, 4096};
  run.required_kernels = {"k0"};
  run.laws = {"laws/*.yaml", "mine.yaml"};
  run.expectations = {expect_outcome("LOADED"), spec::Expectation{}};
  auto& second = run.expectations[1];
  second.error = "0";
  second.decided_by = "kernel";
  second.kept = "tail";
  second.selector.kernels = {"k*"};
  second.selector.loaders = {"l0", "l1"};
  second.selector.programs = {"p0"};
  second.selector.interfaces = {spec::Interface::prog_load, spec::Interface::btf_load};
  second.selector.levels = {0, UINT32_MAX};
  second.selector.buffers = {{spec::Buffer::Kind::none, 0}, {spec::Buffer::Kind::relative, 1}};
  return run;
}

void expect_same_axes(const RunRecord& a, const RunRecord& b) {
  const auto header = [](const RunHeader& h) {
    return std::tuple(h.id, h.matrix, h.started, h.finished, h.program_version, h.qemu_version,
                      h.accel, h.host, h.notes, h.matrix_file, h.selection);
  };
  EXPECT_EQ(header(a.header), header(b.header));
  const auto kernel = [](const KernelRecord& k) {
    return std::tuple(k.id, k.release, k.vendor, k.series, k.arch, k.backend, k.accel, k.source,
                      k.sha256, k.problem, k.upstream, k.isolation);
  };
  ASSERT_EQ(a.kernels.size(), b.kernels.size());
  for (size_t i = 0; i < a.kernels.size(); ++i)
    EXPECT_EQ(kernel(a.kernels[i]), kernel(b.kernels[i]));
  const auto loader = [](const LoaderRecord& l) {
    return std::tuple(l.id, l.kind, l.version, l.sha256, l.source, l.problem);
  };
  ASSERT_EQ(a.loaders.size(), b.loaders.size());
  for (size_t i = 0; i < a.loaders.size(); ++i)
    EXPECT_EQ(loader(a.loaders[i]), loader(b.loaders[i]));
  const auto program = [](const ProgramRecord& p) {
    return std::tuple(p.id, p.object_sha256, p.function, p.section);
  };
  ASSERT_EQ(a.programs.size(), b.programs.size());
  for (size_t i = 0; i < a.programs.size(); ++i)
    EXPECT_EQ(program(a.programs[i]), program(b.programs[i]));
  EXPECT_EQ(a.required_kernels, b.required_kernels);
  EXPECT_EQ(a.laws, b.laws);
  EXPECT_EQ(expectations_to_json(a.expectations), expectations_to_json(b.expectations));
}

void expect_same_cells(const RunRecord& a, const RunRecord& b) {
  ASSERT_EQ(a.cells.size(), b.cells.size());
  for (size_t i = 0; i < a.cells.size(); ++i) {
    const auto& x = a.cells[i];
    const auto& y = b.cells[i];
    EXPECT_EQ(
        std::tuple(x.id, x.key, x.kernel, x.loader, x.program, x.attempts, x.flaky, x.cached),
        std::tuple(y.id, y.key, y.kernel, y.loader, y.program, y.attempts, y.flaky, y.cached));
    EXPECT_EQ(x.mode, y.mode) << x.id;
    EXPECT_EQ(x.attempt, y.attempt) << x.id;
  }
}

TEST_F(StoreTest, a_run_comes_back_as_it_was_stored) {
  RunRecord run = full_run();
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(run));
    const CellResult results[] = {{0, "key0", full_attempt()}, {2, "key2", loaded(), true}};
    ASSERT_TRUE(store.add(run.header.id, results));
    ASSERT_TRUE(store.finish_run(run.header.id, "2026-11-22T13:16:00Z"));
  }
  Store store = open();
  const auto back = store.read(run.header.id);
  ASSERT_TRUE(back) << back.error().message;
  run.header.finished = "2026-11-22T13:16:00Z";
  run.cells[0].attempt = full_attempt();
  run.cells[0].key = "key0";
  for (auto& cell : run.cells) cell.attempts = 0;
  run.cells[0].attempts = run.cells[2].attempts = 1;
  run.cells[2].attempt = loaded();
  run.cells[2].key = "key2";
  run.cells[2].cached = true;
  expect_same_axes(*back, run);
  expect_same_cells(*back, run);
}

TEST_F(StoreTest, every_kind_of_expectation_comes_back) {
  const auto back = expectations_from_json(expectations_to_json(full_run().expectations));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0].outcome, "LOADED");
  EXPECT_EQ((*back)[0].error, std::nullopt);
  EXPECT_EQ((*back)[0].reason, "it always did");
  EXPECT_EQ((*back)[0].place.file, "quick.yaml");
  EXPECT_EQ((*back)[0].place.line, 31);
  EXPECT_EQ((*back)[0].place.column, 5);
  EXPECT_EQ((*back)[1].selector.levels, (std::vector<uint32_t>{0, UINT32_MAX}));
  EXPECT_EQ((*back)[1].selector.buffers[1], (spec::Buffer{spec::Buffer::Kind::relative, 1}));
  EXPECT_EQ((*back)[1].selector.interfaces[1], spec::Interface::btf_load);
  EXPECT_FALSE(expectations_from_json("[{\"selector\":{}}]"));
  EXPECT_FALSE(expectations_from_json("not json"));
}

TEST_F(StoreTest, a_run_that_was_never_finished_can_be_read) {
  Store store = open();
  const RunRecord run = make_run(1, 1, 2);
  ASSERT_TRUE(store.begin_run(run));
  const auto back = store.read("latest");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->header.finished, "");
  ASSERT_EQ(back->cells.size(), 2u);
  EXPECT_EQ(back->cells[0].attempt.state, AttemptState::not_reached);
  EXPECT_EQ(back->cells[0].attempts, 0u);
  EXPECT_EQ(judge(*back).exit_code, 5);
}

TEST_F(StoreTest, every_attempt_is_kept_and_the_last_counts) {
  Store store = open();
  const RunRecord run = make_run(1, 1, 3);
  ASSERT_TRUE(store.begin_run(run));
  const CellResult first[] = {{0, "a", broken(AttemptState::timeout)},
                              {1, "a", broken(AttemptState::boot_fail)},
                              {2, "a", rejected()}};
  const CellResult second[] = {{0, "b", loaded()}, {1, "", loaded()}, {2, "b", rejected()}};
  ASSERT_TRUE(store.add(run.header.id, first));
  ASSERT_TRUE(store.add(run.header.id, second));
  const auto back = store.read(run.header.id);
  ASSERT_TRUE(back);
  EXPECT_EQ(sql("SELECT count(*) FROM attempts"), 6);
  EXPECT_EQ(back->cells[0].attempts, 2u);
  EXPECT_EQ(back->cells[0].attempt.state, AttemptState::measured);
  EXPECT_EQ(back->cells[0].key, "b");
  EXPECT_TRUE(back->cells[0].flaky);
  // A machine that did not come up says nothing of the cell.
  EXPECT_FALSE(back->cells[1].flaky);
  EXPECT_EQ(back->cells[1].key, "a");
  // Two attempts that agree.
  EXPECT_FALSE(back->cells[2].flaky);
}

TEST_F(StoreTest, a_text_is_stored_once_whoever_wrote_it) {
  const RunRecord run = make_run(1, 1, 3);
  Attempt attempt = loaded();
  attempt.observation.log_head = "same";
  attempt.observation.log_tail = "same";
  attempt.observation.messages = "other";
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(run));
    const CellResult results[] = {{0, "", attempt}, {1, "", attempt}};
    ASSERT_TRUE(store.add(run.header.id, results));
  }
  Store store = open();  // one that remembers nothing
  const CellResult more[] = {{2, "", attempt}};
  ASSERT_TRUE(store.add(run.header.id, more));
  EXPECT_EQ(sql("SELECT count(*) FROM texts"), 2);
  EXPECT_EQ(store.read(run.header.id)->cells[2].attempt, attempt);
}

TEST_F(StoreTest, a_batch_with_a_wrong_cell_is_not_stored_at_all) {
  Store store = open();
  const RunRecord run = make_run(1, 1, 1);
  ASSERT_TRUE(store.begin_run(run));
  Attempt attempt = loaded();
  attempt.observation.log_head = "text";
  const CellResult wrong[] = {{0, "", attempt}, {7, "", attempt}};
  const auto status = store.add(run.header.id, wrong);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, base::ErrorKind::internal);
  EXPECT_EQ(sql("SELECT count(*) FROM attempts"), 0);
  // The store goes on, and does not believe in the text that was taken back.
  const CellResult right[] = {{0, "", attempt}};
  const auto again = store.add(run.header.id, right);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(store.read(run.header.id)->cells[0].attempt, attempt);
}

TEST_F(StoreTest, what_was_learnt_of_the_axes_is_updated) {
  Store store = open();
  RunRecord run = make_run(2, 1, 1);
  ASSERT_TRUE(store.begin_run(run));
  run.kernels[1].release = "6.12.0";
  run.kernels[1].problem = "did not boot";
  run.loaders[0].sha256 = "feed";
  run.programs[0].section = "xdp";
  run.header.notes = {"the kernel moved"};
  run.header.qemu_version = "7.2.22";
  ASSERT_TRUE(store.update_axes(run));
  for (auto& cell : run.cells) cell.attempts = 0;
  const auto back = store.read(run.header.id);
  ASSERT_TRUE(back);
  expect_same_axes(*back, run);
  expect_same_cells(*back, run);
}

TEST_F(StoreTest, runs_are_listed_newest_first_and_named_by_their_beginning) {
  Store store = open();
  RunRecord run = make_run(1, 1, 1);
  for (const char* id : {"20261122-1-quick", "20261123-1-quick", "20261123-1-quick-2"}) {
    run.header.id = id;
    ASSERT_TRUE(store.begin_run(run));
  }
  std::vector<std::string> ids;
  const auto headers = store.list();
  ASSERT_TRUE(headers);
  for (const auto& header : *headers) ids.push_back(header.id);
  EXPECT_THAT(ids, ElementsAre("20261123-1-quick-2", "20261123-1-quick", "20261122-1-quick"));

  EXPECT_EQ(store.read("latest")->header.id, "20261123-1-quick-2");
  EXPECT_EQ(store.read("20261122")->header.id, "20261122-1-quick");
  EXPECT_EQ(store.read("20261123-1-quick")->header.id, "20261123-1-quick");  // the whole id wins
  for (const char* name : {"20261123", "2026112%", "nothing", ""}) {
    const auto refused = store.read(name);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid_input);
  }
  EXPECT_THAT(store.read("20261123").error().message, HasSubstr("20261123-1-quick-2"));
}

TEST_F(StoreTest, a_run_that_is_not_there_is_refused) {
  Store store = open();
  EXPECT_THAT(store.read("latest").error().message, HasSubstr("there are no runs yet"));
  EXPECT_EQ(store.add("x", {}).error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(store.finish_run("x", "now").error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(store.update_axes(make_run(1, 1, 1)).error().kind, base::ErrorKind::invalid_input);
}

TEST_F(StoreTest, the_same_run_cannot_begin_twice) {
  Store store = open();
  const RunRecord run = make_run(1, 1, 1);
  ASSERT_TRUE(store.begin_run(run));
  const auto again = store.begin_run(run);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::invalid_input);
}

TEST_F(StoreTest, a_newer_file_is_refused_with_what_to_do) {
  open();
  sql("PRAGMA user_version=5");
  const auto error = refusal();
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(error.message, HasSubstr("newer bpfmatrix (format 5, this one knows 4)"));
}

using Sql = std::function<int64_t(const std::string&)>;

// Back to what a program of format 3 wrote.
void make_format_3(const Sql& sql) {
  sql("ALTER TABLE runs DROP COLUMN request; ALTER TABLE runs DROP COLUMN digest");
  sql("PRAGMA user_version=3");
}

// Back to what a program of format 2 wrote: cells and attempts of each run with all that is theirs.
void make_format_2(const Sql& sql) {
  make_format_3(sql);
  sql(R"sql(
PRAGMA foreign_keys=OFF;
CREATE TABLE cells_2 (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, key TEXT NOT NULL,
  kernel INTEGER NOT NULL, loader INTEGER NOT NULL, program INTEGER NOT NULL,
  interface TEXT NOT NULL, level INTEGER NOT NULL, buffer TEXT NOT NULL, extra TEXT NOT NULL,
  PRIMARY KEY (run, place),
  FOREIGN KEY (run, kernel) REFERENCES kernels(run, place),
  FOREIGN KEY (run, loader) REFERENCES loaders(run, place),
  FOREIGN KEY (run, program) REFERENCES programs(run, place)
) WITHOUT ROWID;
INSERT INTO cells_2 SELECT r.number, c.place, c.id, '', c.kernel, c.loader, c.program, m.interface,
  m.level, m.buffer, m.extra
  FROM runs r JOIN cells c ON c.list=r.cell_list JOIN modes m ON m.number=c.mode;
CREATE TABLE attempts_2 (
  run INTEGER NOT NULL, cell INTEGER NOT NULL, attempt INTEGER NOT NULL,
  key TEXT NOT NULL, cached INTEGER NOT NULL, state TEXT NOT NULL,
  error INTEGER NOT NULL, kernel_errno INTEGER NOT NULL, decided_by TEXT NOT NULL,
  return_value INTEGER NOT NULL, log_true_size INTEGER, true_size INTEGER,
  buffer_size INTEGER NOT NULL, log_length INTEGER NOT NULL, kept TEXT NOT NULL,
  overrun INTEGER NOT NULL, touched INTEGER NOT NULL, verified INTEGER NOT NULL,
  btf_unreadable INTEGER NOT NULL,
  log_sha256 TEXT NOT NULL, duration_ns INTEGER NOT NULL, calls BLOB NOT NULL,
  note INTEGER REFERENCES texts(number), log_head INTEGER REFERENCES texts(number),
  log_tail INTEGER REFERENCES texts(number), messages INTEGER REFERENCES texts(number),
  btf_kinds INTEGER NOT NULL DEFAULT 0, needs_call INTEGER NOT NULL DEFAULT 1,
  api_true_size INTEGER,
  PRIMARY KEY (run, cell, attempt), FOREIGN KEY (run, cell) REFERENCES cells_2(run, place)
) WITHOUT ROWID;
INSERT INTO attempts_2 SELECT a.run, a.cell, a.attempt, o.key, a.cached, state, error, kernel_errno,
  decided_by, return_value, log_true_size, true_size, buffer_size, log_length, kept, overrun,
  touched, verified, btf_unreadable, log_sha256, duration_ns, calls, note, log_head, log_tail,
  messages, btf_kinds, needs_call, api_true_size
  FROM attempts a JOIN observations o ON o.number=a.observation;
DROP TABLE attempts; DROP TABLE observations; DROP TABLE cells; DROP TABLE modes;
DROP TABLE cell_lists;
ALTER TABLE cells_2 RENAME TO cells;
ALTER TABLE attempts_2 RENAME TO attempts;
ALTER TABLE runs DROP COLUMN cell_list;
PRAGMA user_version=2)sql");
}

// And further back: calls of 24 bytes, and none of the newer columns.
void make_format_1(const Sql& sql) {
  make_format_2(sql);
  sql("UPDATE attempts SET calls=CAST(substr(calls, 1, 24) || substr(calls, 29, 24) AS BLOB) "
      "WHERE length(calls) > 0");
  for (const char* column : {"attempts DROP COLUMN btf_kinds", "attempts DROP COLUMN needs_call",
                             "attempts DROP COLUMN api_true_size",
                             "runs DROP COLUMN laws"})
    sql(std::string("ALTER TABLE ") + column);
  sql("PRAGMA user_version=1");
}

TEST_F(StoreTest, a_file_of_format_2_is_brought_up_in_place_and_its_attempts_answer_nobody) {
  RunRecord run = full_run();
  const CellResult results[] = {{0, "key0", full_attempt()},
                                {2, "key2", broken(AttemptState::timeout, "slow")},
                                {2, "key2", loaded()}};
  RunRecord before;
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(run));
    ASSERT_TRUE(store.add(run.header.id, results));
    before = *store.read(run.header.id);
    run.header.id += "-empty";
    run.cells.clear();
    ASSERT_TRUE(store.begin_run(run));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  make_format_2([this](const std::string& text) { return sql(text); });
  ASSERT_EQ(sql("SELECT count(*) FROM attempts WHERE state='timeout'"), 1);
  Store store = open();
  EXPECT_EQ(sql("PRAGMA user_version"), 4);
  EXPECT_EQ(sql("SELECT count(*) FROM pragma_foreign_key_check"), 0);
  const auto back = store.read(before.header.id);
  ASSERT_TRUE(back) << back.error().message;
  expect_same_axes(*back, before);
  expect_same_cells(*back, before);
  EXPECT_TRUE(store.read(run.header.id)->cells.empty());
  RunRecord next = full_run();
  next.header.id = "next";
  ASSERT_TRUE(store.begin_run(next));
  const Question questions[] = {{0, "key0"}};
  EXPECT_EQ(*store.answer("next", questions), std::vector<bool>{false});
}

TEST_F(StoreTest, a_file_of_format_3_is_brought_up_in_place_and_its_runs_are_read) {
  RunRecord run = full_run();
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(run));
    const CellResult results[] = {{0, "key0", full_attempt()}};
    ASSERT_TRUE(store.add(run.header.id, results));
    ASSERT_TRUE(store.finish_run(run.header.id, "2026-11-22T14:00:00Z"));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  make_format_3([this](const std::string& text) { return sql(text); });
  Store store = open();
  EXPECT_EQ(sql("PRAGMA user_version"), 4);
  const auto back = store.read(run.header.id);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->cells[0].attempt, full_attempt());
  EXPECT_EQ(*store.request_of(run.header.id), "");
  // Its observations still answer.
  run.header.id = "next";
  ASSERT_TRUE(store.begin_run(run));
  const Question questions[] = {{0, "key0"}};
  EXPECT_EQ(*store.answer("next", questions), std::vector<bool>{true});
}

TEST_F(StoreTest, the_latest_run_is_the_one_that_began_last_whatever_the_clock_said) {
  Store store = open();
  RunRecord run = make_run(1, 1, 1);
  for (const char* id : {"20271122-1-quick", "20251122-1-quick", "20261122-1-quick"}) {
    run.header.id = id;
    ASSERT_TRUE(store.begin_run(run));
  }
  EXPECT_EQ(store.read("latest")->header.id, "20261122-1-quick");
  std::vector<std::string> ids;
  const auto headers = store.list();
  for (const auto& header : *headers) ids.push_back(header.id);
  EXPECT_THAT(ids, ElementsAre("20261122-1-quick", "20251122-1-quick", "20271122-1-quick"));
}

TEST_F(StoreTest, cells_that_are_taken_back_are_not_reached_and_what_was_seen_stays) {
  Store store = open();
  RunRecord run = make_run(1, 1, 3);
  ASSERT_TRUE(store.begin_run(run, R"({"matrix":"quick"})"));
  const CellResult results[] = {{0, "k0", loaded()}, {1, "k1", loaded()}, {2, "k2", rejected()}};
  ASSERT_TRUE(store.add(run.header.id, results));
  const uint32_t cells[] = {0, 2};
  ASSERT_TRUE(store.take_back(run.header.id, cells));
  const auto back = store.read(run.header.id);
  EXPECT_EQ(*store.request_of(run.header.id), R"({"matrix":"quick"})");
  EXPECT_EQ(back->cells[0].attempts, 0u);
  EXPECT_EQ(back->cells[1].attempts, 1u);
  EXPECT_EQ(back->cells[2].attempt.state, AttemptState::not_reached);
  EXPECT_TRUE(back->cells[2].key.empty());
  // A new attempt is the first, so that it can answer later runs; the old one still does.
  const Question questions[] = {{0, "k0"}};
  EXPECT_EQ(*store.answer(run.header.id, questions), std::vector<bool>{true});
}

TEST_F(StoreTest, a_finished_run_that_is_not_what_was_written_is_refused) {
  Store store = open();
  RunRecord run = full_run();
  ASSERT_TRUE(store.begin_run(run));
  const CellResult results[] = {{0, "key0", full_attempt()}, {1, "key1", loaded()}};
  ASSERT_TRUE(store.add(run.header.id, results));
  ASSERT_TRUE(store.finish_run(run.header.id, "2026-11-22T14:00:00Z"));
  ASSERT_TRUE(store.read("latest"));
  const std::pair<const char*, const char*> damages[] = {
      {"observations SET error=error+1", "observations SET error=error-1"},
      {"observations SET duration_ns=duration_ns+4", "observations SET duration_ns=duration_ns-4"},
      {"attempts SET observation=3-observation", "attempts SET observation=3-observation"},
      {"attempts SET cached=1-cached", "attempts SET cached=1-cached"},
      {"cells SET loader=1-loader WHERE place=0", "cells SET loader=1-loader WHERE place=0"},
      {"kernels SET release=release || 'x'", "kernels SET release=substr(release, 1, length(release)-1)"},
      {"runs SET accel='kvm'", "runs SET accel='tcg'"},
  };
  for (const auto& [damage, mend] : damages) {
    sql(std::string("UPDATE ") + damage);
    const auto refused = store.read("latest");
    ASSERT_FALSE(refused) << damage;
    EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid_input);
    EXPECT_THAT(refused.error().message, HasSubstr("is not what was stored when it ended"));
    sql(std::string("UPDATE ") + mend);
    EXPECT_TRUE(store.read("latest")) << mend;
  }
}

TEST_F(StoreTest, a_file_of_format_1_is_brought_up_in_place) {
  RunRecord run = full_run();
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(run));
    const CellResult results[] = {{0, "key0", full_attempt()}, {2, "key2", loaded()}};
    ASSERT_TRUE(store.add(run.header.id, results));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  make_format_1([this](const std::string& text) { return sql(text); });
  EXPECT_EQ(sql("SELECT sum(length(calls)) FROM attempts"), 48);
  {
    Store store = open();
    const auto back = store.read(run.header.id);
    ASSERT_TRUE(back) << back.error().message;
    Attempt attempt = full_attempt();
    for (auto& call : attempt.observation.calls) call.length = 0;  // format 1 did not know it
    attempt.observation.btf_kinds = 0;
    attempt.observation.needs_call = true;
    attempt.observation.api_true_size.reset();
    EXPECT_EQ(back->cells[0].attempt, attempt);
    EXPECT_EQ(back->cells[2].attempt, loaded());
    EXPECT_TRUE(back->laws.empty());
    // What is added now has everything.
    const CellResult more[] = {{1, "key1", full_attempt()}};
    ASSERT_TRUE(store.add(run.header.id, more));
  }
  EXPECT_EQ(sql("PRAGMA user_version"), 4);
  EXPECT_EQ(open().read(run.header.id)->cells[1].attempt, full_attempt());
}

TEST_F(StoreTest, a_file_of_format_1_with_a_damaged_list_of_calls_is_left_as_it_is) {
  {
    Store store = open();
    const RunRecord run = make_run(1, 1, 1);
    ASSERT_TRUE(store.begin_run(run));
    const CellResult results[] = {{0, "", full_attempt()}};
    ASSERT_TRUE(store.add(run.header.id, results));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  make_format_1([this](const std::string& text) { return sql(text); });
  sql("UPDATE attempts SET calls=x'0102'");
  EXPECT_THAT(refusal().message, HasSubstr("list of calls: 2 bytes"));
  EXPECT_EQ(sql("PRAGMA user_version"), 1);
  EXPECT_EQ(sql("SELECT count(*) FROM pragma_table_info('runs') WHERE name='laws'"), 0);
}

TEST_F(StoreTest, a_file_that_is_no_database_is_refused_and_left_alone) {
  const std::string garbage(8192, 'g');
  ASSERT_TRUE(base::write_file(file_, garbage));
  const auto error = refusal();
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(error.message, HasSubstr("not a results database"));
  EXPECT_EQ(*base::read_file(file_), garbage);
}

TEST_F(StoreTest, another_programs_database_is_refused) {
  fs::create_directories(file_.parent_path());
  sql("CREATE TABLE mine (x)");
  const auto error = refusal();
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(error.message, HasSubstr("another program"));
  EXPECT_EQ(sql("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(StoreTest, a_damaged_file_is_refused) {
  {
    Store store = open();
    ASSERT_TRUE(store.begin_run(make_run(4, 4, 4, 4)));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto size = fs::file_size(file_);
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (uintmax_t page = 2; page < size / 4096; ++page) {
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << std::string(64, '\x7f');
    }
  }
  const auto error = refusal();
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(error.message, HasSubstr("damaged"));
}

TEST_F(StoreTest, words_that_are_not_ours_are_told_when_read) {
  Store store = open();
  const RunRecord run = make_run(1, 1, 1);
  ASSERT_TRUE(store.begin_run(run));
  const CellResult results[] = {{0, "", loaded()}};
  ASSERT_TRUE(store.add(run.header.id, results));
  sql("UPDATE observations SET state='dreamt'");
  const auto refused = store.read(run.header.id);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("state \"dreamt\""));
}

// Lets every connection opened from now on grow its file to `pages` pages and no further.
// SQLite answers as it does when the disk is full.
int limit_pages(sqlite3* database, char**, const struct sqlite3_api_routines*) {
  return sqlite3_exec(database, "PRAGMA max_page_count=40", nullptr, nullptr, nullptr);
}

TEST_F(StoreTest, a_full_disk_is_told_as_such_and_loses_nothing) {
  const RunRecord run = make_run(1, 1, 2);
  Attempt large = loaded();
  std::string text;
  for (int i = 0; i < 4096; ++i) text += static_cast<char>('a' + i % 26);
  large.observation.log_tail = text;
  {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(limit_pages));
    Store store = open();
    sqlite3_reset_auto_extension();
    ASSERT_TRUE(store.begin_run(run));
    const CellResult first[] = {{0, "", large}};
    ASSERT_TRUE(store.add(run.header.id, first));
    std::vector<CellResult> many;
    for (int i = 0; i < 100; ++i) {
      text[0] = static_cast<char>(i);
      large.observation.log_tail = text;
      many.push_back({1, "", large});
    }
    const auto status = store.add(run.header.id, many);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, base::ErrorKind::no_space);
  }
  const auto back = open().read(run.header.id);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->cells[0].attempts, 1u);
  EXPECT_EQ(back->cells[1].attempts, 0u);
}

TEST_F(StoreTest, a_path_that_cannot_be_made_is_an_io_error) {
  ASSERT_TRUE(base::write_file(folder_.path() / "file", "x"));
  const auto store = Store::open(folder_.path() / "file" / "results.sqlite");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, base::ErrorKind::io);
}

}  // namespace
}  // namespace bpfmatrix::result
