#include "result/store.h"

#include <optional>
#include <utility>

#include "base/digest.h"
#include "result/json_fields.h"
#include "result/run_digest.h"
#include "result/store_open.h"
#include "result/store_schema.h"
#include "result/store_state.h"

namespace bpfmatrix::result {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;
using sqlite::bind_values;
using sqlite::execute;
using sqlite::guarded;

namespace {

// Texts whose number is remembered; beyond it the memory is given back and built up anew.
constexpr size_t kRemembered = 100'000;

}  // namespace

base::Result<int64_t> Store::State::number_of(const std::string& run) {
  if (const auto at = runs.find(run); at != runs.end()) return at->second;
  auto& query = statement(
      "SELECT number, (SELECT cells FROM cell_lists l WHERE l.number=cell_list) FROM runs "
      "WHERE id=?");
  bind_values(query, run);
  if (!query.executeStep()) return fail(ErrorKind::invalid_input, "there is no run \"{}\"", run);
  const int64_t number = query.getColumn(0).getInt64();
  cell_counts[number] = query.getColumn(1).getInt64();  // 0 for NULL
  query.reset();
  runs.emplace(run, number);
  return number;
}

base::Status Store::State::check_cell(int64_t run, uint32_t cell) {
  if (cell < cell_counts[run]) return {};
  return fail(ErrorKind::internal, "the run has {} cells, and no cell {}", cell_counts[run], cell);
}

std::pair<std::optional<int64_t>, std::string> Store::State::keep_text(const std::string& body) {
  if (body.empty()) return {};
  std::string digest = base::sha256_hex(body);
  if (const auto at = text_numbers.find(digest); at != text_numbers.end())
    return {at->second, std::move(digest)};
  if (text_numbers.size() >= kRemembered) text_numbers.clear();
  int64_t number = 0;
  auto& query = statement("SELECT number, body=?2 FROM texts WHERE sha256=?1");
  query.bindNoCopy(1, digest);
  query.bindNoCopy(2, static_cast<const void*>(body.data()), static_cast<int>(body.size()));
  if (query.executeStep()) {
    sqlite::Row row(query);
    number = row.number();
    if (row.number() == 0) {  // damaged since: what is new must not refer to it
      auto& mend = statement("UPDATE texts SET body=? WHERE number=?");
      mend.bindNoCopy(1, static_cast<const void*>(body.data()), static_cast<int>(body.size()));
      mend.bind(2, number);
      mend.exec();
    }
  } else {
    auto& insert = statement("INSERT INTO texts (sha256, body) VALUES (?, ?)");
    insert.bindNoCopy(1, digest);
    insert.bindNoCopy(2, static_cast<const void*>(body.data()), static_cast<int>(body.size()));
    insert.exec();
    number = database.getLastInsertRowid();
  }
  query.reset();
  text_numbers.emplace(digest, number);
  return {number, std::move(digest)};
}

void Store::State::write_axes(int64_t number, const RunRecord& run) {
  int64_t place = 0;
  for (const auto& k : run.kernels)
    execute(statement(kUpsertKernel), number, place++, k.id, k.release, k.vendor, k.series, k.arch,
            k.isolation.empty() ? k.backend : k.backend + "/" + k.isolation, k.accel, k.source,
            k.sha256, k.upstream, k.problem);
  place = 0;
  for (const auto& l : run.loaders)
    execute(statement(kUpsertLoader), number, place++, l.id, l.kind, l.version, l.sha256, l.source,
            l.problem);
  place = 0;
  for (const auto& p : run.programs)
    execute(statement(kUpsertProgram), number, place++, p.id, p.object_sha256, p.function,
            p.section);
}

// `clean`: the only attempt at its cell, made by this run.
int64_t Store::State::keep_observation(const CellResult& result, bool clean) {
  const auto& seen = result.attempt.observation;
  TextNumbers numbers;
  TextDigests digests;
  std::tie(numbers.note, digests.note) = keep_text(result.attempt.note);
  std::tie(numbers.head, digests.head) = keep_text(seen.log_head.str());
  std::tie(numbers.tail, digests.tail) = keep_text(seen.log_tail.str());
  std::tie(numbers.messages, digests.messages) = keep_text(seen.messages.str());
  const std::string digest = observation_digest(result.key, result.attempt, digests);
  // Thousands of cells are settled before a machine runs, for a handful of reasons.
  if (result.key.empty())
    if (const auto at = keyless.find(digest); at != keyless.end()) return at->second;
  const bool answers = clean && !result.key.empty() && may_answer(result.attempt.state);
  insert_observation(statement(kInsertObservation), result.key,
                     answers ? std::optional(digest) : std::nullopt, result.attempt, numbers);
  const int64_t number = database.getLastInsertRowid();
  if (result.key.empty()) keyless.emplace(digest, number);
  return number;
}

void Store::State::write_attempt(int64_t number, const CellResult& result) {
  auto& count =
      statement("SELECT coalesce(max(attempt), 0) FROM attempts WHERE run=?1 AND cell=?2");
  bind_values(count, number, int64_t{result.cell});
  count.executeStep();
  const int64_t before = count.getColumn(0).getInt64();
  count.reset();
  // A cell that was tried twice proves nothing: what it came to first answers nobody either.
  if (before == 1)
    execute(statement("UPDATE observations SET digest=NULL WHERE number=(SELECT observation FROM "
                      "attempts WHERE run=?1 AND cell=?2 AND attempt=1 AND cached=0)"),
            number, int64_t{result.cell});
  const int64_t observation = keep_observation(result, before == 0 && !result.cached);
  execute(statement(kInsertAttempt), number, int64_t{result.cell}, before + 1,
          int64_t{result.cached}, observation);
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

base::Result<Store> Store::open(const fs::path& file, Check check) {
  std::error_code ec;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), ec);
  if (ec)
    return base::io_error(ec.value(), fmt::format("make folder {}", file.parent_path().string()));
  const uintmax_t size = fs::exists(file, ec) ? fs::file_size(file, ec) : 0;
  const std::string what = fmt::format("open {}", file.string());
  try {
    auto state = std::make_unique<State>(file);
    return guarded(state->database, what, [&]() -> base::Result<Store> {
      BPFM_CHECK(prepare_database(state->database, size, check));
      return Store(std::move(state));
    });
  } catch (const SQLite::Exception& error) {
    return sqlite::error_of(error, nullptr, file).in(what);
  }
}

base::Status Store::begin_run(const RunRecord& run, const std::string& request) {
  auto status = guarded(state_->database, fmt::format("store run {}", run.header.id), [&]() -> base::Status {
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
            std::string_view(strings_to_json(run.laws)), state.keep_cells(run), request);
    const int64_t number = state.database.getLastInsertRowid();
    state.write_axes(number, run);
    transaction.commit();
    return {};
  });
  if (!status) state_->forget();
  return status;
}

base::Status Store::add(const std::string& run, std::span<const CellResult> results) {
  auto status = guarded(state_->database, fmt::format("store results of {}", run), [&]() -> base::Status {
    SQLite::Transaction transaction(state_->database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state_->number_of(run));
    for (const auto& result : results) {
      BPFM_CHECK(state_->check_cell(number, result.cell));
      state_->write_attempt(number, result);
    }
    transaction.commit();
    return {};
  });
  if (!status) state_->forget();
  return status;
}

base::Status Store::take_back(const std::string& run, std::span<const uint32_t> cells) {
  return guarded(state_->database, fmt::format("take back cells of {}", run), [&]() -> base::Status {
    SQLite::Transaction transaction(state_->database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state_->number_of(run));
    for (const uint32_t cell : cells)
      execute(state_->statement("DELETE FROM attempts WHERE run=? AND cell=?"), number,
              int64_t{cell});
    transaction.commit();
    return {};
  });
}

base::Status Store::update_axes(const RunRecord& run) {
  return guarded(state_->database, fmt::format("store axes of {}", run.header.id), [&]() -> base::Status {
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
  return guarded(state_->database, fmt::format("finish {}", run), [&]() -> base::Status {
    SQLite::Transaction transaction(state_->database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state_->number_of(run));
    execute(state_->statement("UPDATE runs SET finished=? WHERE number=?"), finished, number);
    BPFM_TRY(const auto record, state_->read_run(number));
    execute(state_->statement("UPDATE runs SET digest=? WHERE number=?"), run_digest(record),
            number);
    transaction.commit();
    return {};
  });
}

}  // namespace bpfmatrix::result
