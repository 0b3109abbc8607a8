#include "run/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "result/from_wire.h"

namespace bpfmatrix::run {
namespace {

using base::ErrorKind;
using base::fail;
using result::Attempt;
using result::AttemptState;

constexpr size_t kCellsPerRun = 256;
constexpr size_t kBytesPerRun = 60'000;  // of BPFM_MAX_PAYLOAD
constexpr size_t kBytesPerFilePiece = 60'000;
constexpr uint32_t kBarrenRuns = 3;

Attempt attempt(AttemptState state, std::string note) {
  Attempt out;
  out.state = state;
  out.note = std::move(note);
  return out;
}

std::string signal_text(int number) {
  const char* name = ::strsignal(number);
  return fmt::format("signal {} ({})", number, name != nullptr ? name : "?");
}

}  // namespace

Session::Session(std::array<uint8_t, 16> nonce, const FileSet& files, std::deque<Job> jobs)
    : nonce_(nonce), files_(files), jobs_(std::move(jobs)) {}

Session::Session(const wire::Wake& wake, const FileSet& files, std::deque<Job> jobs)
    : Session(wake.nonce, files, std::move(jobs)) {
  out_ = writer_.frame(BPFM_WAKE, wire::encode(wake));
  send_next_run();  // behind it, without waiting for the hello: the guest reads in order
}

base::Status Session::take(std::string_view bytes) {
  settled_ = finished_.size();
  if (broken_) return *broken_;
  auto status = take_frames(bytes);
  if (!status) broken_ = status.error();
  return status;
}

base::Status Session::take_frames(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    BPFM_TRY(auto frame, reader_.next());
    if (!frame) return {};
    BPFM_CHECK(on_frame(*frame));
  }
}

base::Status Session::on_frame(const wire::Frame& frame) {
  if (!hello_ && frame.type != BPFM_HELLO)
    return fail(ErrorKind::protocol, "frame of type {} before the hello", frame.type);
  switch (frame.type) {
    case BPFM_HELLO:
      return on_hello(frame.payload);
    case BPFM_FILE_DONE:
      return on_file_done(frame.payload);
    case BPFM_BEGIN:
      return on_begin(frame.payload);
    case BPFM_RESULT:
      return on_result(frame.payload);
    case BPFM_RUN_DONE:
      return on_run_done(frame.payload);
    case BPFM_LOADER_GONE:
      return on_loader_gone(frame.payload);
    default:
      return fail(ErrorKind::protocol, "unknown frame type {}", frame.type);
  }
}

base::Status Session::on_hello(std::string_view payload) {
  if (hello_) return fail(ErrorKind::protocol, "a second hello");
  BPFM_TRY(auto hello, wire::decode_hello(payload));
  if (hello.nonce != nonce_)
    return fail(ErrorKind::protocol, "hello of another boot (wrong nonce)");
  hello_ = std::move(hello);
  ++progress_;
  if (!run_ && !shutdown_sent_) send_next_run();
  return {};
}

base::Status Session::on_file_done(std::string_view payload) {
  BPFM_TRY(const auto done, wire::decode_file_done(payload));
  const auto sent = sent_.find(done.name);
  if (sent == sent_.end() || sent->second)
    return fail(ErrorKind::protocol, "a file was told as stored that was not sent");
  if (done.error != 0)
    return fail(ErrorKind::io, "the guest cannot store {}: {}", done.name,
                std::strerror(done.error));
  sent->second = true;
  ++progress_;
  return {};
}

base::Status Session::on_begin(std::string_view payload) {
  BPFM_TRY(const auto begin, wire::decode_begin(payload));
  if (!run_ || begin.run != run_->number || in_flight_ || run_->waiting.empty() ||
      run_->waiting.front().cell != begin.cell)
    return fail(ErrorKind::protocol, "begin of cell {} of run {}, which is not due", begin.cell,
                begin.run);
  begun_ = std::move(run_->waiting.front());
  run_->waiting.pop_front();
  in_flight_ = begin.cell;
  run_->begun = true;
  last_begun_ = run_->number;
  if (run_->announce) limit_ms_ = begun_->request.limit_ms;
  ++progress_;
  return {};
}

base::Status Session::on_result(std::string_view payload) {
  BPFM_TRY(const auto done, wire::decode_result(payload));
  if (!run_ || done.run != run_->number || in_flight_ != done.cell)
    return fail(ErrorKind::protocol, "result of cell {} of run {}, which was not begun", done.cell,
                done.run);
  finished_.push_back(
      {{done.cell, result::from_wire(done.observation)}, std::move(begun_), run_->number});
  run_->any_result = true;
  ++cells_finished_;
  begun_.reset();
  in_flight_.reset();
  ++progress_;
  return {};
}

base::Status Session::on_run_done(std::string_view payload) {
  BPFM_TRY(const auto number, wire::decode_run_done(payload));
  if (!run_ || number != run_->number || in_flight_ || !run_->waiting.empty())
    return fail(ErrorKind::protocol, "run {} told as done, which is not", number);
  run_.reset();
  barren_runs_ = 0;
  ++progress_;
  send_next_run();
  return {};
}

void Session::blame_loader(const wire::LoaderGone& gone) {
  const bool timeout = gone.reason == BPFM_GONE_TIMEOUT;
  const std::string how = timeout ? fmt::format("killed after its limit of {} ms",
                                                begun_->request.limit_ms)
                          : gone.reason == BPFM_GONE_SIGNAL
                              ? signal_text(gone.number)
                              : fmt::format("exit code {}", gone.number);
  finished_.push_back(
      {{*in_flight_, attempt(timeout ? AttemptState::timeout : AttemptState::agent_crash,
                             "the loader ended under this cell: " + how)},
       std::move(begun_),
       run_->number});
  ++cells_finished_;
  begun_.reset();
  in_flight_.reset();
}

void Session::fail_loader(const std::string& loader, const std::string& why) {
  barren_runs_ = 0;
  std::deque<Job> others;
  for (auto& job : jobs_) {
    if (job.loader == loader)
      finished_.push_back({{job.cell, attempt(AttemptState::loader_error, why)}, std::nullopt, 0});
    else
      others.push_back(std::move(job));
  }
  jobs_ = std::move(others);
}

base::Status Session::on_loader_gone(std::string_view payload) {
  BPFM_TRY(const auto gone, wire::decode_loader_gone(payload));
  if (!run_ || gone.run != run_->number)
    return fail(ErrorKind::protocol, "loader of run {} gone, which is not in flight", gone.run);
  if (gone.cell != BPFM_NO_CELL && in_flight_ != gone.cell)
    return fail(ErrorKind::protocol, "loader gone in cell {}, which was not begun", gone.cell);
  const bool progress = run_->any_result || in_flight_.has_value();
  barren_runs_ = progress ? 0 : barren_runs_ + 1;
  if (in_flight_) blame_loader(gone);
  std::move(run_->waiting.rbegin(), run_->waiting.rend(), std::front_inserter(jobs_));
  run_.reset();
  if (gone.reason == BPFM_GONE_NO_START) {
    fail_loader(loader_, fmt::format("the loader does not start: {}", std::strerror(gone.number)));
  } else if (barren_runs_ >= kBarrenRuns) {
    fail_loader(loader_, "the loader ends before its first cell");
  }
  ++progress_;
  send_next_run();
  return {};
}

void Session::send_file(const std::string& name, const GuestFile& file) {
  const std::string& content = *file.content;
  size_t offset = 0;
  do {
    const size_t size = std::min(kBytesPerFilePiece, content.size() - offset);
    out_ +=
        writer_.frame(BPFM_FILE, wire::encode_file(name, file.executable, content.size(), offset,
                                                   std::string_view(content).substr(offset, size)));
    offset += size;
  } while (offset < content.size());
  sent_[name] = false;
}

void Session::send_next_run() {
  if (jobs_.empty()) {
    if (!shutdown_sent_) out_ += writer_.frame(BPFM_SHUTDOWN, {});
    shutdown_sent_ = true;
    loader_.clear();
    return;
  }
  Run run;
  run.number = next_run_++;
  run.announce = jobs_.front().announce;
  loader_ = jobs_.front().loader;
  limit_ms_ = 0;
  std::string cells;
  const auto need = [&](const std::string& name) {
    const auto file = files_.find(name);
    if (file != files_.end() && !sent_.contains(name)) send_file(name, file->second);
  };
  need(loader_);
  while (!jobs_.empty() && jobs_.front().loader == loader_ &&
         jobs_.front().announce == run.announce &&
         run.waiting.size() < (run.announce ? 1 : kCellsPerRun)) {
    Job& job = jobs_.front();
    job.request.cell = job.cell;
    const std::string encoded = wire::encode(job.request);
    if (cells.size() + encoded.size() > kBytesPerRun) break;
    cells += encoded;
    need(job.request.file);
    limit_ms_ = std::max(limit_ms_, job.request.limit_ms);
    run.waiting.push_back(std::move(job));
    jobs_.pop_front();
  }
  out_ += writer_.frame(
      BPFM_RUN, wire::encode_run(run.number, run.announce ? BPFM_RUN_ANNOUNCE : 0, loader_,
                                 static_cast<uint32_t>(run.waiting.size()), cells));
  run_ = std::move(run);
}

void Session::hold() {
  std::move(jobs_.begin(), jobs_.end(), std::back_inserter(held_));
  jobs_.clear();
}

std::string Session::to_send() {
  return std::exchange(out_, {});
}

std::vector<Finished> Session::take_finished() {
  settled_ = finished_.size();
  return take_settled();
}

std::vector<Finished> Session::take_settled() {
  std::vector<Finished> out;
  for (; settled_ > 0; --settled_) {
    out.push_back(std::move(finished_.front().finished));
    finished_.pop_front();
  }
  return out;
}

void Session::withdraw_results() {
  std::deque<Held> kept;
  for (auto& held : finished_) {
    if (!held.job || held.run != last_begun_) {
      kept.push_back(std::move(held));
      continue;
    }
    --cells_finished_;
    withdrawn_.push_back(std::move(*held.job));
  }
  finished_ = std::move(kept);
  settled_ = 0;
}

bool Session::blame_memory(const std::string& note) {
  for (auto& held : finished_) {
    auto& attempt = held.finished.attempt;
    if (attempt.state != AttemptState::agent_crash) continue;
    attempt.state = AttemptState::guest_oom;
    attempt.note = note + ": " + attempt.note;
    return true;
  }
  return false;
}

std::optional<uint32_t> Session::to_blame() const {
  if (run_ && in_flight_) return run_->announce ? in_flight_ : std::nullopt;
  const bool one = withdrawn_.size() == 1 && withdrawn_.front().announce;
  return one ? std::optional(withdrawn_.front().cell) : std::nullopt;
}

size_t Session::in_doubt() const {
  if (to_blame()) return 0;
  const bool dense = run_ && run_->begun && !run_->announce;
  return withdrawn_.size() + (dense ? run_->waiting.size() + (begun_ ? 1 : 0) : 0);
}

std::deque<Job> Session::take_unfinished() {
  const size_t doubtful = in_doubt();
  std::deque<Job> left = std::exchange(withdrawn_, {});
  if (begun_) left.push_back(std::move(*begun_));
  if (run_) std::move(run_->waiting.begin(), run_->waiting.end(), std::back_inserter(left));
  for (size_t i = 0; i < doubtful; ++i) left[i].announce = true;
  for (auto* rest : {&jobs_, &held_}) {
    std::move(rest->begin(), rest->end(), std::back_inserter(left));
    rest->clear();
  }
  run_.reset();
  begun_.reset();
  in_flight_.reset();
  return left;
}

}  // namespace bpfmatrix::run
