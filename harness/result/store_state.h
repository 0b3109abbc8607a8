// What an open store holds. Only the store's own files include this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "result/observation_row.h"
#include "result/sqlite.h"
#include "result/store.h"

namespace bpfmatrix::result {

struct Store::State {
  // No mutex: one thread, as the store says of itself.
  explicit State(const std::filesystem::path& file)
      : database(file.string(),
                 SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX) {}

  // The prepared statement of `sql`, made once.
  SQLite::Statement& statement(const char* sql) {
    auto& slot = statements[sql];
    if (!slot) slot = std::make_unique<SQLite::Statement>(database, sql);
    slot->tryReset();  // reset() would throw the error of a use before
    return *slot;
  }
  // Numbers that were given out in a transaction that was taken back were taken back with it.
  void forget() {
    runs.clear();
    text_numbers.clear();
    text_digests.clear();
    keyless.clear();
  }

  // Writing: store.cpp, inside of a writing transaction.
  base::Result<int64_t> number_of(const std::string& run);
  base::Status check_cell(int64_t run, uint32_t cell);
  void write_axes(int64_t number, const RunRecord& run);
  void write_attempt(int64_t number, const CellResult& result);
  // The number of a text and its digest; nothing and "" for an empty one.
  std::pair<std::optional<int64_t>, std::string> keep_text(const std::string& body);
  int64_t keep_observation(const CellResult& result, bool clean);

  // Lists of cells: cell_list.cpp. A list that is there already and whole is not written again.
  std::optional<int64_t> keep_cells(const RunRecord& run);
  std::map<int64_t, spec::LogMode> read_modes();
  base::Status read_cells(int64_t number, RunRecord& run);

  // Reading: store_read.cpp.
  base::Result<std::string> resolve(const std::string& run);
  base::Result<RunRecord> read_run(int64_t number);
  base::Status check_digest(int64_t number, const RunRecord& run);
  base::Status read_axes(int64_t number, RunRecord& run);
  base::Status read_attempts(int64_t number, RunRecord& run);

  // What answers a key: observation_cache.cpp.
  bool answers(const std::string& key, sqlite::Row& row);
  std::optional<int64_t> find_answer(const std::string& key);
  std::vector<int64_t> answers_of_run_before(int64_t run, std::span<const Question> questions);
  const std::string* digest_of_text(int64_t number);

  SQLite::Database database;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements;
  std::unordered_map<std::string, int64_t> runs;           // numbers by id
  std::unordered_map<int64_t, int64_t> cell_counts;        // by the number of the run
  std::unordered_map<std::string, int64_t> text_numbers;  // by digest
  std::unordered_map<int64_t, std::string> text_digests;  // of bodies read; "": none there
  std::unordered_map<std::string, int64_t> keyless;       // observations without a key, by digest
};

}  // namespace bpfmatrix::result
