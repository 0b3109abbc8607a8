// What answers the key of a cell without running it.
//
// A row answers when its digest is that of the key that is asked and of everything that the row and
// its texts say now: a damaged one is passed over like one that is not there.
#include "base/digest.h"
#include "result/store_schema.h"
#include "result/store_state.h"

namespace bpfmatrix::result {
namespace {

using sqlite::bind_values;
using sqlite::execute;
using sqlite::guarded;
using sqlite::Row;

}  // namespace

// Of the body as it is read now; null when there is none.
const std::string* Store::State::digest_of_text(int64_t number) {
  const auto [at, added] = text_digests.try_emplace(number);
  if (added) {
    auto& query = statement("SELECT body FROM texts WHERE number=?");
    bind_values(query, number);
    if (query.executeStep()) {
      Row row(query);
      at->second = base::sha256_hex(row.bytes());
    }
    query.reset();
  }
  return at->second.empty() ? nullptr : &at->second;
}

// Is the row, from its digest on, whole and an observation of `key`?
bool Store::State::answers(const std::string& key, Row& row) {
  const std::string_view digest = row.bytes();
  if (digest.empty()) return false;
  const auto seen = read_observation(row);
  if (!seen || seen->key != key || !may_answer(seen->attempt.state)) return false;
  TextDigests digests;
  const auto take = [&](const std::optional<int64_t>& text, std::string& into) {
    if (!text) return true;
    const auto* of_body = digest_of_text(*text);
    if (of_body != nullptr) into = *of_body;
    return of_body != nullptr;
  };
  return take(seen->texts.note, digests.note) && take(seen->texts.head, digests.head) &&
         take(seen->texts.tail, digests.tail) && take(seen->texts.messages, digests.messages) &&
         observation_digest(key, seen->attempt, digests) == digest;
}

std::optional<int64_t> Store::State::find_answer(const std::string& key) {
  auto& query = statement(kSelectObservations);
  bind_values(query, key);
  std::optional<int64_t> found;
  while (!found && query.executeStep()) {
    Row row(query);
    const int64_t number = row.number();
    if (answers(key, row)) found = number;
  }
  query.reset();
  return found;
}

// What the last run of the same cells says to each question, 0 where nothing: one pass through rows
// that lie side by side, where an index is asked for each key anew. Questions come by cell.
std::vector<int64_t> Store::State::answers_of_run_before(int64_t run,
                                                         std::span<const Question> questions) {
  std::vector<int64_t> found(questions.size());
  auto& query = statement(kSelectRunBefore);
  bind_values(query, run);
  size_t at = 0;
  while (at < questions.size() && query.executeStep()) {
    Row row(query);
    const int64_t cell = row.number();
    while (at < questions.size() && questions[at].cell < cell) ++at;
    if (at == questions.size() || questions[at].cell != cell) continue;
    const int64_t number = row.number();
    if (answers(questions[at].key, row)) found[at] = number;
  }
  query.reset();
  return found;
}

base::Result<std::vector<bool>> Store::answer(const std::string& run,
                                              std::span<const Question> questions) {
  return guarded(state_->database, fmt::format("answer cells of {}", run), [&]() -> base::Result<std::vector<bool>> {
    auto& state = *state_;
    state.text_digests.clear();  // what was whole then need not be so now
    SQLite::Transaction transaction(state.database, SQLite::TransactionBehavior::IMMEDIATE);
    BPFM_TRY(const int64_t number, state.number_of(run));
    const auto before = state.answers_of_run_before(number, questions);
    std::vector<bool> answered(questions.size());
    for (size_t i = 0; i < questions.size(); ++i) {
      BPFM_CHECK(state.check_cell(number, questions[i].cell));
      if (questions[i].key.empty()) continue;
      const auto observation =
          before[i] != 0 ? std::optional(before[i]) : state.find_answer(questions[i].key);
      if (!observation) continue;
      execute(state.statement(kInsertAttempt), number, int64_t{questions[i].cell}, int64_t{1},
              int64_t{1}, *observation);
      answered[i] = true;
    }
    transaction.commit();
    return answered;
  });
}

base::Result<std::vector<bool>> Store::answerable(std::span<const Question> questions) {
  return guarded(state_->database, "look for cells that earlier runs answer",
                 [&]() -> base::Result<std::vector<bool>> {
    auto& state = *state_;
    state.text_digests.clear();
    const SQLite::Transaction transaction(state.database);  // one view of the file for all
    std::vector<bool> answered(questions.size());
    for (size_t i = 0; i < questions.size(); ++i)
      answered[i] = !questions[i].key.empty() && state.find_answer(questions[i].key);
    return answered;
  });
}

}  // namespace bpfmatrix::result
