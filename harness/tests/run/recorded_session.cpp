#include "recorded_session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace bpfmatrix::run {
namespace {

uint32_t number_at(std::string_view bytes, size_t at) {
  return bpfm_get32(reinterpret_cast<const uint8_t*>(bytes.data() + at));
}

std::string text_of(const result::Attempt& attempt) {
  const auto& seen = attempt.observation;
  std::string calls;
  for (const auto& call : seen.calls)
    calls +=
        fmt::format(" {}/{}/{}/{}/{}", call.cmd, call.level, call.size, call.error, call.length);
  return fmt::format("{} {} {} {} {} {} {} {} {}{}", static_cast<int>(attempt.state), attempt.note,
                     seen.error, seen.kernel_errno, seen.return_value, seen.log_length,
                     seen.log_sha256, seen.log_head, seen.messages, calls);
}

}  // namespace

RecordedSession::RecordedSession(int version) {
  auto bytes =
      base::read_file(fmt::format(BPFM_SOURCE "/harness/tests/wire/data/session-v{}.bin", version));
  if (!bytes) ADD_FAILURE() << bytes.error().message;
  if (bytes) bytes_ = std::move(*bytes);
  read_jobs();
}

// A RUN holds the cells of one loader: here a loader is named after the file that was told first
// since the last RUN, and the other files belong to its first cells.
void RecordedSession::read_jobs() {
  std::vector<std::string> new_files;
  std::string loader;
  uint32_t run = 0;
  for (size_t at = 0; at + BPFM_HEADER_SIZE <= bytes_.size();) {
    const auto type = static_cast<uint8_t>(bytes_[at + 5]);
    const std::string_view payload =
        std::string_view(bytes_).substr(at + BPFM_HEADER_SIZE, number_at(bytes_, at + 12));
    at += BPFM_HEADER_SIZE + payload.size();
    ends_.push_back(at);
    if (type == BPFM_HELLO) nonce_ = wire::decode_hello(payload)->nonce;
    if (type == BPFM_FILE_DONE) new_files.push_back(wire::decode_file_done(payload)->name);
    if (type != BPFM_BEGIN) continue;
    const auto begin = *wire::decode_begin(payload);
    if (begin.run != run) {
      run = begin.run;
      ASSERT_FALSE(new_files.empty());
      loader = new_files.front();
      new_files.erase(new_files.begin());
      files_[loader] = GuestFile{&content_, true};
    }
    Job job;
    job.cell = begin.cell;
    job.loader = loader;
    if (!new_files.empty()) {
      job.request.file = new_files.front();
      new_files.erase(new_files.begin());
      files_[job.request.file] = GuestFile{&content_, false};
    }
    jobs_.push_back(std::move(job));
  }
}

Taken RecordedSession::play(std::string_view bytes, size_t piece) const {
  Session session(nonce_, files_, jobs_);
  Taken taken;
  while (!bytes.empty() && !taken.error) {
    (void)session.to_send();
    if (auto status = session.take(bytes.substr(0, piece)); !status) taken.error = status.error();
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (const auto& one : session.take_finished())
      taken.cells.push_back({one.cell, text_of(one.attempt)});
  }
  (void)session.to_send();
  taken.done = session.done();
  taken.left = session.take_unfinished().size();
  return taken;
}

}  // namespace bpfmatrix::run
