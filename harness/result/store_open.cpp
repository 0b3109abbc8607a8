#include "result/store_open.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <string>
#include <string_view>

#include "result/call_blob.h"
#include "result/sqlite.h"
#include "result/store_schema.h"

namespace bpfmatrix::result {
namespace {

using base::ErrorKind;
using base::fail;

constexpr int kBusyMilliseconds = 10'000;
// Checking reads the whole file; above this size it would be felt at every start.
constexpr uintmax_t kCheckedSize = 32 << 20;

int pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

base::Status check_whose_it_is(SQLite::Database& database) {
  const int application = pragma(database, "application_id");
  const int version = pragma(database, "user_version");
  if (application != kStoreApplication)
    return fail(ErrorKind::invalid_input, "this is the database of another program");
  if (version > kStoreVersion)
    return fail(ErrorKind::invalid_input,
                "it was written by a newer bpfmatrix (format {}, this one knows {}): use that "
                "version, or another workspace",
                version, kStoreVersion);
  return {};
}

base::Status check_pages(SQLite::Database& database) {
  const std::string answer = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (answer == "ok") return {};
  // What could not be read is not damaged for that.
  if (const int number = sqlite::host_errno(database); number != 0)
    return base::io_error(number, kUnreadable);
  return fail(ErrorKind::invalid_input, "{}: {}", kDamaged, answer);
}

void calls_from_format_1_function(sqlite3_context* context, int, sqlite3_value** values) {
  const std::string_view blob(static_cast<const char*>(sqlite3_value_blob(values[0])),
                              static_cast<size_t>(sqlite3_value_bytes(values[0])));
  const auto calls = calls_from_format_1(blob);
  if (!calls) return sqlite3_result_error(context, calls.error().message.c_str(), -1);
  sqlite3_result_blob(context, calls->data(), static_cast<int>(calls->size()), SQLITE_TRANSIENT);
}

// Brings a file of an older format up to this one, in place: all of it or nothing.
void upgrade(SQLite::Database& database) {
  if (pragma(database, "user_version") == kStoreVersion) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const int version = pragma(database, "user_version");  // another process may have been faster
  if (version == 1) {
    database.createFunction("calls_from_format_1", 1, true, nullptr, calls_from_format_1_function);
    database.exec(kUpgradeFrom1);
  }
  if (version <= 2) {
    database.exec(kUpgradeFrom2Before);
    database.exec(kCellTables);
    database.exec(kUpgradeFrom2);
  }
  if (version <= 3) database.exec(kUpgradeFrom3);
  database.exec(fmt::format("PRAGMA user_version={}", kStoreVersion));
  transaction.commit();
}

}  // namespace

base::Status prepare_database(SQLite::Database& database, uintmax_t size, Check check) {
  database.setBusyTimeout(kBusyMilliseconds);
  // Reads the header, and so refuses what is no database before anything is written.
  const bool fresh = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0 &&
                     pragma(database, "application_id") == 0;
  if (!fresh) BPFM_CHECK(check_whose_it_is(database));
  if (!fresh && (check == Check::whole || size <= kCheckedSize)) BPFM_CHECK(check_pages(database));
  database.exec("PRAGMA journal_mode=WAL");
  database.exec("PRAGMA synchronous=FULL");
  database.exec("PRAGMA foreign_keys=ON");
  // Digests fall all over the index of texts: with the default of 2 MiB its pages come and go.
  database.exec("PRAGMA cache_size=-32768");        // KiB, when negative
  database.exec("PRAGMA wal_autocheckpoint=4000");  // pages; fewer, larger copies into the file
  if (fresh) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    // Another process may have been faster.
    if (database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0) {
      database.exec(kStoreSchema);
      database.exec(kCellTables);
      database.exec(fmt::format("PRAGMA application_id={}", kStoreApplication));
      database.exec(fmt::format("PRAGMA user_version={}", kStoreVersion));
    }
    transaction.commit();
  }
  BPFM_CHECK(check_whose_it_is(database));
  upgrade(database);
  return {};
}

}  // namespace bpfmatrix::result
