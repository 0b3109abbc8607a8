#include "result/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "base/digest.h"
#include "result/call_blob.h"
#include "result/json_fields.h"
#include "result/store_schema.h"

namespace bpfmatrix::result {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

constexpr int kBusyMilliseconds = 10'000;
// Checking reads the whole file; above this size it would be felt at every start.
constexpr uintmax_t kCheckedSize = 32 << 20;
// Texts whose number is remembered; beyond it the memory is given back and built up anew.
constexpr size_t kRemembered = 100'000;

base::Error error_of(const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
      return {ErrorKind::no_space, "the disk is full"};
    case SQLITE_NOTADB:
      return {ErrorKind::invalid_input, "this is not a results database"};
    case SQLITE_CORRUPT:
      return {ErrorKind::invalid_input, fmt::format("the database is damaged: {}", error.what())};
    case SQLITE_BUSY:
      return {ErrorKind::io, "another process is writing to it"};
    case SQLITE_CONSTRAINT:
      return {ErrorKind::internal, fmt::format("it refuses the rows: {}", error.what())};
    default:
      return {ErrorKind::io, error.what()};
  }
}

// Calls `body`, a library exception becoming an Error.
template <typename Body>
auto guarded(std::string_view what, Body body) -> decltype(body()) {
  try {
    return std::move(body()).in(what);
  } catch (const SQLite::Exception& error) {
    return error_of(error).in(what);
  }
}

// -- binding ---------------------------------------------------------------------------------

void bind_one(SQLite::Statement& to, int at, const std::string& text) {
  to.bindNoCopy(at, text);
}
void bind_one(SQLite::Statement& to, int at, std::string_view text) {
  to.bind(at, std::string(text));
}
void bind_one(SQLite::Statement& to, int at, int64_t number) {
  to.bind(at, number);
}
void bind_one(SQLite::Statement& to, int at, const std::optional<int64_t>& number) {
  if (number) {
    to.bind(at, *number);
  } else {
    to.bind(at);
  }
}

// Binds all values in order; texts must live until the statement is reset.
template <typename... Values>
void bind_values(SQLite::Statement& to, const Values&... values) {
  to.tryReset();  // reset() would throw the error of a run before
  int at = 0;
  (bind_one(to, ++at, values), ...);
}

template <typename... Values>
void execute(SQLite::Statement& statement, const Values&... values) {
  bind_values(statement, values...);
  statement.exec();
  statement.reset();
}

// SQLite has no unsigned numbers: the same 64 bits, there and back.
int64_t stored(uint64_t number) {
  return static_cast<int64_t>(number);
}
std::optional<int64_t> stored(const std::optional<uint64_t>& number) {
  return number ? std::optional(static_cast<int64_t>(*number)) : std::nullopt;
}

// The columns of the current row, one after the other.
class Row {
 public:
  explicit Row(SQLite::Statement& of) : of_(of) {}
  std::string text() { return of_.getColumn(at_++).getString(); }
  std::string_view bytes() {  // valid until the next step
    const auto column = of_.getColumn(at_++);
    return {static_cast<const char*>(column.getBlob()), static_cast<size_t>(column.getBytes())};
  }
  int64_t number() { return of_.getColumn(at_++).getInt64(); }
  uint64_t size() { return static_cast<uint64_t>(number()); }
  std::optional<uint64_t> maybe_size() {
    const auto column = of_.getColumn(at_++);
    if (column.isNull()) return std::nullopt;
    return static_cast<uint64_t>(column.getInt64());
  }

 private:
  SQLite::Statement& of_;
  int at_ = 0;
};

// A word of the database that must be one of ours.
template <typename T>
base::Result<T> known(std::optional<T> value, const char* what, std::string_view word) {
  if (value) return *value;
  return fail(ErrorKind::invalid_input, "the database is damaged: {} \"{}\"", what, word);
}

// -- opening ---------------------------------------------------------------------------------

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
  return fail(ErrorKind::invalid_input, "the database is damaged: {}", answer);
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
  if (pragma(database, "user_version") == 1) {  // unless another process was faster
    database.createFunction("calls_from_format_1", 1, true, nullptr, calls_from_format_1_function);
    database.exec(kUpgradeFrom1);
    database.exec(fmt::format("PRAGMA user_version={}", kStoreVersion));
  }
  transaction.commit();
}

base::Status prepare(SQLite::Database& database, uintmax_t size) {
  database.setBusyTimeout(kBusyMilliseconds);
  // Reads the header, and so refuses what is no database before anything is written.
  const bool fresh = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0 &&
                     pragma(database, "application_id") == 0;
  if (!fresh) BPFM_CHECK(check_whose_it_is(database));
  if (!fresh && size <= kCheckedSize) BPFM_CHECK(check_pages(database));
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
      database.exec(fmt::format("PRAGMA application_id={}", kStoreApplication));
      database.exec(fmt::format("PRAGMA user_version={}", kStoreVersion));
    }
    transaction.commit();
  }
  BPFM_CHECK(check_whose_it_is(database));
  upgrade(database);
  return {};
}

// -- reading ---------------------------------------------------------------------------------

base::Result<RunHeader> read_header(Row& row) {
  RunHeader header;
  for (auto* field : {&header.id, &header.matrix, &header.started, &header.finished,
                      &header.program_version, &header.qemu_version, &header.accel, &header.host})
    *field = row.text();
  BPFM_TRY(header.notes, strings_from_json(row.text()));
  header.matrix_file = row.text();
  header.selection = row.text();
  return header;
}

base::Result<Attempt> read_attempt(Row& row) {
  Attempt attempt;
  auto& seen = attempt.observation;
  const std::string state = row.text();
  BPFM_TRY(attempt.state, known(parse_attempt_state(state), "state", state));
  seen.error = static_cast<int>(row.number());
  seen.kernel_errno = static_cast<int>(row.number());
  const std::string decided_by = row.text();
  BPFM_TRY(seen.decided_by, known(parse_decided_by(decided_by), "decided_by", decided_by));
  seen.return_value = row.number();
  seen.log_true_size = row.maybe_size();
  seen.true_size = row.maybe_size();
  seen.buffer_size = row.size();
  seen.log_length = row.size();
  const std::string kept = row.text();
  BPFM_TRY(seen.kept, known(parse_kept(kept), "kept", kept));
  seen.overrun = static_cast<uint32_t>(row.number());
  seen.touched = row.number() != 0;
  seen.verified = row.number() != 0;
  seen.btf_unreadable = row.number() != 0;
  seen.log_sha256 = row.text();
  seen.duration = std::chrono::nanoseconds(row.number());
  BPFM_TRY(seen.calls, decode_calls(row.bytes()));
  seen.btf_kinds = static_cast<uint32_t>(row.number());
  seen.needs_call = row.number() != 0;
  seen.api_true_size = row.maybe_size();
  attempt.note = row.bytes();
  seen.log_head = row.bytes();
  seen.log_tail = row.bytes();
  seen.messages = row.bytes();
  return attempt;
}

}  // namespace

struct Store::State {
  explicit State(const fs::path& file)
      : database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {}

  // The prepared statement of `sql`, made once.
  SQLite::Statement& statement(const char* sql) {
    auto& slot = statements[sql];
    if (!slot) slot = std::make_unique<SQLite::Statement>(database, sql);
    slot->tryReset();  // reset() would throw the error of a use before
    return *slot;
  }

  base::Result<int64_t> number_of(const std::string& run);
  std::optional<int64_t> number_of_text(const std::string& body);
  void write_axes(int64_t number, const RunRecord& run);
  void write_cells(int64_t number, const RunRecord& run);
  void write_attempt(int64_t number, const CellResult& result);
  base::Result<std::string> resolve(const std::string& run);
  base::Status read_axes(int64_t number, RunRecord& run);
  base::Status read_cells(int64_t number, RunRecord& run);
  base::Status read_attempts(int64_t number, RunRecord& run);

  SQLite::Database database;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements;
  std::unordered_map<std::string, int64_t> run_numbers;
  std::unordered_map<std::string, int64_t> text_numbers;  // by digest
};

base::Result<int64_t> Store::State::number_of(const std::string& run) {
  if (const auto at = run_numbers.find(run); at != run_numbers.end()) return at->second;
  auto& query = statement("SELECT number FROM runs WHERE id=?");
  bind_values(query, run);
  if (!query.executeStep()) return fail(ErrorKind::invalid_input, "there is no run \"{}\"", run);
  const int64_t number = query.getColumn(0).getInt64();
  query.reset();
  run_numbers.emplace(run, number);
  return number;
}

// Nothing for an empty text. Call inside of a writing transaction.
std::optional<int64_t> Store::State::number_of_text(const std::string& body) {
  if (body.empty()) return std::nullopt;
  const std::string digest = base::sha256_hex(body);
  if (const auto at = text_numbers.find(digest); at != text_numbers.end()) return at->second;
  if (text_numbers.size() >= kRemembered) text_numbers.clear();
  int64_t number = 0;
  auto& query = statement("SELECT number FROM texts WHERE sha256=?");
  bind_values(query, digest);
  if (query.executeStep()) {
    number = query.getColumn(0).getInt64();
  } else {
    auto& insert = statement("INSERT INTO texts (sha256, body) VALUES (?, ?)");
    insert.bindNoCopy(1, digest);
    insert.bindNoCopy(2, body.data(), static_cast<int>(body.size()));
    insert.exec();
    number = database.getLastInsertRowid();
  }
  query.reset();
  text_numbers.emplace(digest, number);
  return number;
}

void Store::State::write_axes(int64_t number, const RunRecord& run) {
  int64_t place = 0;
  for (const auto& k : run.kernels)
    execute(statement(kUpsertKernel), number, place++, k.id, k.release, k.vendor, k.series, k.arch,
            k.backend, k.accel, k.source, k.sha256, k.upstream, k.problem);
  place = 0;
  for (const auto& l : run.loaders)
    execute(statement(kUpsertLoader), number, place++, l.id, l.kind, l.version, l.sha256, l.source,
            l.problem);
  place = 0;
  for (const auto& p : run.programs)
    execute(statement(kUpsertProgram), number, place++, p.id, p.object_sha256, p.function,
            p.section);
}

void Store::State::write_cells(int64_t number, const RunRecord& run) {
  auto& insert = statement("INSERT INTO cells VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  int64_t place = 0;
  for (const auto& cell : run.cells)
    execute(insert, number, place++, cell.id, cell.key, int64_t{cell.kernel}, int64_t{cell.loader},
            int64_t{cell.program}, spec::name(cell.mode.interface), int64_t{cell.mode.level},
            std::string_view(spec::to_text(cell.mode.buffer)),
            std::string_view(map_to_json(cell.mode.extra)));
}

void Store::State::write_attempt(int64_t number, const CellResult& result) {
  const auto& seen = result.attempt.observation;
  const auto note = number_of_text(result.attempt.note);
  const auto head = number_of_text(seen.log_head.str());
  const auto tail = number_of_text(seen.log_tail.str());
  const auto messages = number_of_text(seen.messages.str());
  const std::string calls = encode_calls(seen.calls);
  auto& insert = statement(kInsertAttempt);
  bind_values(insert, number, int64_t{result.cell}, result.key, int64_t{result.cached},
              name(result.attempt.state), int64_t{seen.error}, int64_t{seen.kernel_errno},
              name(seen.decided_by), seen.return_value, stored(seen.log_true_size),
              stored(seen.true_size), stored(seen.buffer_size), stored(seen.log_length),
              name(seen.kept), int64_t{seen.overrun}, int64_t{seen.touched}, int64_t{seen.verified},
              int64_t{seen.btf_unreadable}, seen.log_sha256, int64_t{seen.duration.count()},
              std::string_view(), note, head, tail, messages, int64_t{seen.btf_kinds},
              int64_t{seen.needs_call}, stored(seen.api_true_size));
  constexpr int kCallsColumn = 21;
  insert.bindNoCopy(kCallsColumn, calls.data(), static_cast<int>(calls.size()));
  insert.exec();
  insert.reset();
}

// The whole id that `run` stands for.
base::Result<std::string> Store::State::resolve(const std::string& run) {
  auto& query = run == "latest"
                    ? statement("SELECT id FROM runs ORDER BY id DESC LIMIT 1")
                    : statement(
                          "SELECT id FROM runs WHERE id=?1 OR substr(id, 1, length(?1))=?1 "
                          "ORDER BY id=?1 DESC, id LIMIT 3");
  if (run.empty()) return fail(ErrorKind::invalid_input, "no run is named");
  if (run != "latest") bind_values(query, run);
  std::vector<std::string> found;
  while (query.executeStep()) found.push_back(query.getColumn(0).getString());
  query.reset();
  if (found.empty() && run == "latest")
    return fail(ErrorKind::invalid_input, "there are no runs yet");
  if (found.empty()) return fail(ErrorKind::invalid_input, "there is no run \"{}\"", run);
  if (found.size() > 1 && found[0] != run)
    return fail(ErrorKind::invalid_input, "\"{}\" may be {} or {}: give more of it", run, found[0],
                found[1]);
  return found[0];
}

base::Status Store::State::read_axes(int64_t number, RunRecord& run) {
  auto& kernels = statement("SELECT * FROM kernels WHERE run=? ORDER BY place");
  bind_values(kernels, number);
  while (kernels.executeStep()) {
    Row row(kernels);
    row.number(), row.number();
    auto& k = run.kernels.emplace_back();
    for (auto* field : {&k.id, &k.release, &k.vendor, &k.series, &k.arch, &k.backend, &k.accel,
                        &k.source, &k.sha256, &k.upstream, &k.problem})
      *field = row.text();
  }
  auto& loaders = statement("SELECT * FROM loaders WHERE run=? ORDER BY place");
  bind_values(loaders, number);
  while (loaders.executeStep()) {
    Row row(loaders);
    row.number(), row.number();
    auto& l = run.loaders.emplace_back();
    for (auto* field : {&l.id, &l.kind, &l.version, &l.sha256, &l.source, &l.problem})
      *field = row.text();
  }
  auto& programs = statement("SELECT * FROM programs WHERE run=? ORDER BY place");
  bind_values(programs, number);
  while (programs.executeStep()) {
    Row row(programs);
    row.number(), row.number();
    auto& p = run.programs.emplace_back();
    for (auto* field : {&p.id, &p.object_sha256, &p.function, &p.section}) *field = row.text();
  }
  return {};
}

base::Status Store::State::read_cells(int64_t number, RunRecord& run) {
  auto& query = statement(
      "SELECT id, key, kernel, loader, program, interface, level, buffer, extra FROM cells "
      "WHERE run=? ORDER BY place");
  bind_values(query, number);
  while (query.executeStep()) {
    Row row(query);
    CellRecord cell;
    cell.id = row.text();
    cell.key = row.text();
    cell.kernel = static_cast<uint32_t>(row.number());
    cell.loader = static_cast<uint32_t>(row.number());
    cell.program = static_cast<uint32_t>(row.number());
    const std::string interface = row.text();
    BPFM_TRY(cell.mode.interface, known(spec::parse_interface(interface), "interface", interface));
    cell.mode.level = static_cast<uint32_t>(row.number());
    const std::string buffer = row.text();
    BPFM_TRY(cell.mode.buffer, known(spec::parse_buffer(buffer), "buffer", buffer));
    const std::string_view extra = row.bytes();
    if (extra != "{}") {
      BPFM_TRY(cell.mode.extra, map_from_json(extra));
    }
    cell.attempts = 0;
    run.cells.push_back(std::move(cell));
  }
  return {};
}

base::Status Store::State::read_attempts(int64_t number, RunRecord& run) {
  auto& query = statement(kSelectAttempts);
  bind_values(query, number);
  while (query.executeStep()) {
    Row row(query);
    const int64_t place = row.number();
    if (place < 0 || static_cast<uint64_t>(place) >= run.cells.size())
      return fail(ErrorKind::invalid_input, "the database is damaged: an attempt at cell {}",
                  place);
    auto& cell = run.cells[static_cast<size_t>(place)];
    if (std::string key = row.text(); !key.empty()) cell.key = std::move(key);
    cell.cached = row.number() != 0;
    BPFM_TRY(auto attempt, read_attempt(row));
    if (cell.attempts > 0) cell.flaky |= disagree(cell.attempt, attempt);
    cell.attempt = std::move(attempt);
    ++cell.attempts;
  }
  return {};
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

base::Result<Store> Store::open(const fs::path& file) {
  std::error_code ec;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), ec);
  if (ec)
    return base::io_error(ec.value(), fmt::format("make folder {}", file.parent_path().string()));
  const uintmax_t size = fs::exists(file, ec) ? fs::file_size(file, ec) : 0;
  return guarded(fmt::format("open {}", file.string()), [&]() -> base::Result<Store> {
    auto state = std::make_unique<State>(file);
    BPFM_CHECK(prepare(state->database, size));
    return Store(std::move(state));
  });
}

base::Status Store::begin_run(const RunRecord& run) {
  return guarded(fmt::format("store run {}", run.header.id), [&]() -> base::Status {
    auto& state = *state_;
    const auto& header = run.header;
    SQLite::Transaction transaction(state.database, SQLite::TransactionBehavior::IMMEDIATE);
    if (state.number_of(header.id))
      return fail(ErrorKind::invalid_input, "there is a run of that id already");
    execute(state.statement(kInsertRun), header.id, header.matrix, header.matrix_file,
            header.selection, header.started, header.finished, header.program_version,
            header.qemu_version, header.accel, header.host,
            std::string_view(strings_to_json(header.notes)),
            std::string_view(expectations_to_json(run.expectations)),
            std::string_view(strings_to_json(run.required_kernels)),
            std::string_view(strings_to_json(run.laws)));
    const int64_t number = state.database.getLastInsertRowid();
    state.write_axes(number, run);
    state.write_cells(number, run);
    transaction.commit();
    return {};
  });
}

base::Status Store::add(const std::string& run, std::span<const CellResult> results) {
  auto status = guarded(fmt::format("store results of {}", run), [&]() -> base::Status {
    SQLite::Transaction transaction(state_->database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state_->number_of(run));
    for (const auto& result : results) state_->write_attempt(number, result);
    transaction.commit();
    return {};
  });
  // Numbers that were given out inside of it were taken back with it.
  if (!status) state_->text_numbers.clear();
  return status;
}

base::Status Store::update_axes(const RunRecord& run) {
  return guarded(fmt::format("store axes of {}", run.header.id), [&]() -> base::Status {
    auto& state = *state_;
    const auto& header = run.header;
    SQLite::Transaction transaction(state.database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state.number_of(header.id));
    execute(state.statement("UPDATE runs SET program_version=?, qemu_version=?, accel=?, host=?, "
                            "notes=? WHERE number=?"),
            header.program_version, header.qemu_version, header.accel, header.host,
            std::string_view(strings_to_json(header.notes)), number);
    state.write_axes(number, run);
    transaction.commit();
    return {};
  });
}

base::Status Store::finish_run(const std::string& run, const std::string& finished) {
  return guarded(fmt::format("finish {}", run), [&]() -> base::Status {
    BPFM_TRY(const int64_t number, state_->number_of(run));
    execute(state_->statement("UPDATE runs SET finished=? WHERE number=?"), finished, number);
    return {};
  });
}

base::Result<std::vector<RunHeader>> Store::list() {
  return guarded("list runs", [&]() -> base::Result<std::vector<RunHeader>> {
    SQLite::Statement query(state_->database,
                            fmt::format("SELECT {} FROM runs ORDER BY id DESC", kHeaderColumns));
    std::vector<RunHeader> headers;
    while (query.executeStep()) {
      Row row(query);
      BPFM_TRY(auto header, read_header(row));
      headers.push_back(std::move(header));
    }
    return headers;
  });
}

base::Result<RunRecord> Store::read(const std::string& run) {
  return guarded("read run", [&]() -> base::Result<RunRecord> {
    // One reading transaction: a run that is being written is seen at one moment.
    SQLite::Transaction transaction(state_->database);
    BPFM_TRY(const std::string id, state_->resolve(run));
    BPFM_TRY(const int64_t number, state_->number_of(id));
    SQLite::Statement query(
        state_->database,
        fmt::format("SELECT {}, expectations, required_kernels, laws FROM runs WHERE number=?",
                    kHeaderColumns));
    query.bind(1, number);
    query.executeStep();
    Row row(query);
    RunRecord record;
    BPFM_TRY(record.header, read_header(row));
    BPFM_TRY(record.expectations, expectations_from_json(row.text()));
    BPFM_TRY(record.required_kernels, strings_from_json(row.text()));
    BPFM_TRY(record.laws, strings_from_json(row.text()));
    query.reset();
    BPFM_CHECK(state_->read_axes(number, record));
    BPFM_CHECK(state_->read_cells(number, record));
    BPFM_CHECK(state_->read_attempts(number, record));
    return record;
  });
}

}  // namespace bpfmatrix::result
