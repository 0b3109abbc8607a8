#include "result/observation_row.h"

#include "base/digest.h"
#include "result/call_blob.h"
#include "result/field_bytes.h"

namespace bpfmatrix::result {
namespace {

using sqlite::known;
using sqlite::stored;

// Changes with the fields of an observation: rows with an older one are then asked in vain.
constexpr std::string_view kDigestSchema = "bpfmatrix observation 1";

}  // namespace

bool may_answer(AttemptState state) {
  return state == AttemptState::measured || state == AttemptState::not_expressible ||
         state == AttemptState::not_measurable;
}

base::Result<ObservationRow> read_observation(sqlite::Row& row) {
  ObservationRow out;
  out.key = row.text();
  auto& seen = out.attempt.observation;
  const auto state = row.bytes();
  BPFM_TRY(out.attempt.state, known(parse_attempt_state(state), "state", state));
  seen.error = static_cast<int>(row.number());
  seen.kernel_errno = static_cast<int>(row.number());
  const auto decided_by = row.bytes();
  BPFM_TRY(seen.decided_by, known(parse_decided_by(decided_by), "decided_by", decided_by));
  seen.return_value = row.number();
  seen.log_true_size = row.maybe_size();
  seen.true_size = row.maybe_size();
  seen.buffer_size = row.size();
  seen.log_length = row.size();
  const auto kept = row.bytes();
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
  for (auto* text : {&out.texts.note, &out.texts.head, &out.texts.tail, &out.texts.messages})
    *text = row.maybe_number();
  return out;
}

void insert_observation(SQLite::Statement& insert, const std::string& key,
                        const std::optional<std::string>& digest, const Attempt& attempt,
                        const TextNumbers& texts) {
  const auto& seen = attempt.observation;
  const std::string calls = encode_calls(seen.calls);
  sqlite::bind_values(
      insert, key, digest, name(attempt.state), int64_t{seen.error}, int64_t{seen.kernel_errno},
      name(seen.decided_by), seen.return_value, stored(seen.log_true_size), stored(seen.true_size),
      stored(seen.buffer_size), stored(seen.log_length), name(seen.kept), int64_t{seen.overrun},
      int64_t{seen.touched}, int64_t{seen.verified}, int64_t{seen.btf_unreadable}, seen.log_sha256,
      int64_t{seen.duration.count()}, std::string_view(), int64_t{seen.btf_kinds},
      int64_t{seen.needs_call}, stored(seen.api_true_size), texts.note, texts.head, texts.tail,
      texts.messages);
  constexpr int kCallsColumn = 19;
  insert.bindNoCopy(kCallsColumn, static_cast<const void*>(calls.data()),
                    static_cast<int>(calls.size()));
  insert.exec();
  insert.reset();
}

std::string observation_digest(std::string_view key, const Attempt& attempt,
                               const TextDigests& texts) {
  const auto& seen = attempt.observation;
  FieldBytes bytes;
  bytes.add(kDigestSchema);
  bytes.add(key);
  bytes.add(name(attempt.state));
  bytes.add(int64_t{seen.error});
  bytes.add(int64_t{seen.kernel_errno});
  bytes.add(name(seen.decided_by));
  bytes.add(seen.return_value);
  bytes.add(seen.log_true_size);
  bytes.add(seen.true_size);
  bytes.add(seen.api_true_size);
  bytes.add(seen.buffer_size);
  bytes.add(seen.log_length);
  bytes.add(name(seen.kept));
  bytes.add(uint64_t{seen.overrun});
  for (const bool flag : {seen.touched, seen.verified, seen.btf_unreadable, seen.needs_call})
    bytes.add(uint64_t{flag});
  bytes.add(seen.log_sha256);
  bytes.add(int64_t{seen.duration.count()});
  bytes.add(encode_calls(seen.calls));
  bytes.add(uint64_t{seen.btf_kinds});
  for (const auto* text : {&texts.note, &texts.head, &texts.tail, &texts.messages})
    bytes.add(*text);
  return base::sha256_hex(bytes.all());
}

}  // namespace bpfmatrix::result
