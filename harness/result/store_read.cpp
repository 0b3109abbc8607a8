#include <unordered_map>
#include <utility>

#include "result/json_fields.h"
#include "result/run_digest.h"
#include "result/store_schema.h"
#include "result/store_state.h"

namespace bpfmatrix::result {
namespace {

using base::ErrorKind;
using base::fail;
using sqlite::bind_values;
using sqlite::guarded;
using sqlite::Row;

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

// The texts of one reading: each is read once, however many observations share it.
class Texts {
 public:
  explicit Texts(SQLite::Statement& select) : select_(select) {}
  base::Result<SharedText> get(const std::optional<int64_t>& number) {
    if (!number) return SharedText();
    const auto [at, added] = known_.try_emplace(*number);
    if (!added) return at->second;
    bind_values(select_, *number);
    if (!select_.executeStep())
      return fail(ErrorKind::invalid_input, "{}: there is no text {}", kDamaged, *number);
    Row row(select_);
    at->second = SharedText(row.bytes());
    select_.reset();
    return at->second;
  }

 private:
  SQLite::Statement& select_;
  std::unordered_map<int64_t, SharedText> known_;
};

base::Result<Attempt> with_texts(ObservationRow row, Texts& texts) {
  BPFM_TRY(const SharedText note, texts.get(row.texts.note));
  row.attempt.note = note.str();
  auto& seen = row.attempt.observation;
  BPFM_TRY(seen.log_head, texts.get(row.texts.head));
  BPFM_TRY(seen.log_tail, texts.get(row.texts.tail));
  BPFM_TRY(seen.messages, texts.get(row.texts.messages));
  return std::move(row.attempt);
}

}  // namespace

// The whole id that `run` stands for.
base::Result<std::string> Store::State::resolve(const std::string& run) {
  auto& query = run == "latest"
                    ? statement("SELECT id FROM runs ORDER BY number DESC LIMIT 1")
                    : statement(
                          "SELECT id FROM runs WHERE id=?1 OR substr(id, 1, length(?1))=?1 "
                          "ORDER BY id=?1 DESC, number LIMIT 3");
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
    if (const auto slash = k.backend.find('/'); slash != std::string::npos) {
      k.isolation = k.backend.substr(slash + 1);
      k.backend.resize(slash);
    }
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

base::Status Store::State::read_attempts(int64_t number, RunRecord& run) {
  Texts texts(statement("SELECT body FROM texts WHERE number=?"));
  auto& query = statement(kSelectAttempts);
  bind_values(query, number);
  while (query.executeStep()) {
    Row row(query);
    const int64_t place = row.number();
    if (place < 0 || static_cast<uint64_t>(place) >= run.cells.size())
      return fail(ErrorKind::invalid_input, "{}: an attempt at cell {}", kDamaged, place);
    auto& cell = run.cells[static_cast<size_t>(place)];
    cell.cached = row.number() != 0;
    BPFM_TRY(auto seen, read_observation(row));
    if (!seen.key.empty()) cell.key = std::move(seen.key);
    BPFM_TRY(auto attempt, with_texts(std::move(seen), texts));
    if (cell.attempts > 0) cell.flaky |= disagree(cell.attempt, attempt);
    cell.attempt = std::move(attempt);
    ++cell.attempts;
  }
  query.reset();
  return {};
}

base::Result<std::vector<RunHeader>> Store::list() {
  return guarded(state_->database, "list runs", [&]() -> base::Result<std::vector<RunHeader>> {
    SQLite::Statement query(state_->database,
                            fmt::format("SELECT {} FROM runs ORDER BY number DESC", kHeaderColumns));
    std::vector<RunHeader> headers;
    while (query.executeStep()) {
      Row row(query);
      BPFM_TRY(auto header, read_header(row));
      headers.push_back(std::move(header));
    }
    return headers;
  });
}

// Inside of a transaction, so that a run that is being written is seen at one moment.
base::Result<RunRecord> Store::State::read_run(int64_t number) {
  auto& query = statement(kSelectRun);
  bind_values(query, number);
  query.executeStep();
  Row row(query);
  RunRecord record;
  BPFM_TRY(record.header, read_header(row));
  BPFM_TRY(record.expectations, expectations_from_json(row.text()));
  BPFM_TRY(record.required_kernels, strings_from_json(row.text()));
  BPFM_TRY(record.laws, strings_from_json(row.text()));
  query.reset();
  BPFM_CHECK(read_axes(number, record));
  BPFM_CHECK(read_cells(number, record));
  BPFM_CHECK(read_attempts(number, record));
  return record;
}

// A finished run does not change: what differs from then is damage, of whatever row.
base::Status Store::State::check_digest(int64_t number, const RunRecord& run) {
  auto& query = statement("SELECT digest FROM runs WHERE number=?");
  bind_values(query, number);
  query.executeStep();
  const std::string digest = query.getColumn(0).getString();
  query.reset();
  if (digest.empty() || digest == run_digest(run)) return {};
  return fail(ErrorKind::invalid_input,
              "{} is not what was stored when it ended: {}; other runs may be whole", run.header.id,
              kDamaged);
}

base::Result<std::string> Store::request_of(const std::string& run) {
  return guarded(state_->database, "read how a run was asked for",
                 [&]() -> base::Result<std::string> {
                   BPFM_TRY(const int64_t number, state_->number_of(run));
                   auto& query = state_->statement("SELECT request FROM runs WHERE number=?");
                   bind_values(query, number);
                   query.executeStep();
                   std::string text = query.getColumn(0).getString();
                   query.reset();
                   return text;
                 });
}

base::Result<std::string> Store::find(const std::string& run) {
  return guarded(state_->database, "find run", [&] { return state_->resolve(run); });
}

base::Result<RunRecord> Store::read(const std::string& run) {
  return guarded(state_->database, "read run", [&]() -> base::Result<RunRecord> {
    SQLite::Transaction transaction(state_->database);
    BPFM_TRY(const std::string id, state_->resolve(run));
    BPFM_TRY(const int64_t number, state_->number_of(id));
    BPFM_TRY(auto record, state_->read_run(number));
    BPFM_CHECK(state_->check_digest(number, record));
    return record;
  });
}

}  // namespace bpfmatrix::result
