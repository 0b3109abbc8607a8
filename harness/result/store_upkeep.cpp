// How large the store is, and what nobody needs any more.
#include <optional>
#include <utility>

#include "result/store_schema.h"
#include "result/store_state.h"

namespace bpfmatrix::result {
namespace {

using sqlite::bind_values;
using sqlite::guarded;

// What a run leaves behind, in an order in which nothing is asked for that is gone already.
// doomed: numbers of runs.
constexpr const char* kDropRuns[] = {
    "DELETE FROM attempts WHERE run IN (SELECT number FROM doomed)",
    "DELETE FROM kernels WHERE run IN (SELECT number FROM doomed)",
    "DELETE FROM loaders WHERE run IN (SELECT number FROM doomed)",
    "DELETE FROM programs WHERE run IN (SELECT number FROM doomed)",
    "DELETE FROM runs WHERE number IN (SELECT number FROM doomed)",
    "DELETE FROM cells WHERE list NOT IN (SELECT cell_list FROM runs WHERE cell_list IS NOT NULL)",
    "DELETE FROM cell_lists WHERE number NOT IN "
    "(SELECT cell_list FROM runs WHERE cell_list IS NOT NULL)",
    "DELETE FROM modes WHERE number NOT IN (SELECT mode FROM cells)"};
constexpr const char* kDropObservations =
    "DELETE FROM observations WHERE number NOT IN (SELECT observation FROM attempts)";
constexpr const char* kDropTexts =
    "DELETE FROM texts WHERE number NOT IN ("
    "SELECT note FROM observations WHERE note IS NOT NULL UNION "
    "SELECT log_head FROM observations WHERE log_head IS NOT NULL UNION "
    "SELECT log_tail FROM observations WHERE log_tail IS NOT NULL UNION "
    "SELECT messages FROM observations WHERE messages IS NOT NULL)";

uint64_t number(SQLite::Database& database, const char* query) {
  return static_cast<uint64_t>(database.execAndGet(query).getInt64());
}

// While it lives, deleting a row does not look for rows that refer to it: for want of an index that
// would read a whole table for each. The order above sees to it.
class WithoutReferences {
 public:
  explicit WithoutReferences(SQLite::Database& database) : database_(database) {
    database_.exec("PRAGMA foreign_keys=OFF");
  }
  ~WithoutReferences() { database_.tryExec("PRAGMA foreign_keys=ON"); }
  WithoutReferences(const WithoutReferences&) = delete;
  WithoutReferences& operator=(const WithoutReferences&) = delete;

 private:
  SQLite::Database& database_;
};

std::vector<std::string> doom_runs(SQLite::Database& database, const std::string& before,
                                   const std::string& unfinished_before) {
  database.exec("CREATE TEMP TABLE IF NOT EXISTS doomed (number INTEGER PRIMARY KEY, id TEXT)");
  database.exec("DELETE FROM doomed");
  SQLite::Statement doom(
      database,
      "INSERT INTO doomed SELECT number, id FROM runs WHERE started < ?1 "
      "AND (finished <> '' OR started < ?2) "
      "AND number NOT IN (SELECT max(number) FROM runs WHERE finished <> '' GROUP BY matrix)");
  bind_values(doom, before, unfinished_before);
  doom.exec();
  std::vector<std::string> ids;
  SQLite::Statement query(database, "SELECT id FROM doomed ORDER BY number");
  while (query.executeStep()) ids.push_back(query.getColumn(0).getString());
  return ids;
}

}  // namespace

base::Result<StoreSize> Store::size() {
  return guarded(state_->database, "measure the store", [&]() -> base::Result<StoreSize> {
    auto& database = state_->database;
    SQLite::Transaction transaction(database);
    StoreSize size;
    size.runs = number(database, "SELECT count(*) FROM runs");
    size.observations = number(database, "SELECT count(*) FROM observations");
    size.answering =
        number(database, "SELECT count(*) FROM observations WHERE digest IS NOT NULL");
    size.texts = number(database, "SELECT count(*) FROM texts");
    size.text_bytes = number(database, "SELECT coalesce(sum(length(body)), 0) FROM texts");
    size.file_bytes = number(database, "PRAGMA page_count") * number(database, "PRAGMA page_size");
    return size;
  });
}

base::Result<Dropped> Store::drop_unused(const std::string& before,
                                         const std::string& unfinished_before, bool rehearse) {
  return guarded(state_->database, "drop what is not used", [&]() -> base::Result<Dropped> {
    auto& database = state_->database;
    Dropped dropped;
    {
      const WithoutReferences without(database);
      SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
      dropped.runs = doom_runs(database, before, unfinished_before);
      for (const char* statement : kDropRuns) database.exec(statement);
      dropped.observations = static_cast<uint64_t>(database.exec(kDropObservations));
      dropped.texts = static_cast<uint64_t>(database.exec(kDropTexts));
      if (rehearse) return dropped;  // the transaction is taken back
      transaction.commit();
      state_->forget();
    }
    if (number(database, "PRAGMA freelist_count") != 0) database.exec("VACUUM");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return dropped;
  });
}

}  // namespace bpfmatrix::result
