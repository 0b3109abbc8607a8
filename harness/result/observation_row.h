// An attempt as a row of `observations`: what is bound, what is read back, and the digest that
// tells a row that is whole from a damaged one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "result/observation.h"
#include "result/sqlite.h"

namespace bpfmatrix::result {

// texts.number of each; nothing for an empty text.
struct TextNumbers {
  std::optional<int64_t> note, head, tail, messages;
};
// SHA-256 of each; empty for an empty text.
struct TextDigests {
  std::string note, head, tail, messages;
};

struct ObservationRow {
  std::string key;
  Attempt attempt;  // without its texts
  TextNumbers texts;
};

// The columns key … messages of the statements of store_schema.h. invalid_input for words and calls
// that are none.
base::Result<ObservationRow> read_observation(sqlite::Row& row);

// Inserts by `insert` (kInsertObservation). No digest: the row will answer no other run.
void insert_observation(SQLite::Statement& insert, const std::string& key,
                        const std::optional<std::string>& digest, const Attempt& attempt,
                        const TextNumbers& texts);

// SHA-256 over the key, every field of the attempt, and its texts by their digests.
[[nodiscard]] std::string observation_digest(std::string_view key, const Attempt& attempt,
                                             const TextDigests& texts);

// States that say something of the cell itself, and would again.
[[nodiscard]] bool may_answer(AttemptState state);

}  // namespace bpfmatrix::result
