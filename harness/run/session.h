// Session: what is said with the agent of one boot. No I/O: bytes in, bytes and results out.
//
// Cells go out in RUNs, one at a time, in the order given; a result is taken only for the cell that
// was begun, and a begin only for the next cell of the RUN in flight. Anything else is an Error of
// kind protocol, after which the machine must be ended. When the machine dies, take_unfinished()
// and to_blame() say what is left and who is to blame.
//
// A RUN is dense unless its cells ask to be announced: the guest then holds its frames back, and a
// machine that dies has nobody to blame. Its cells without a result come back to be announced. A cell
// that is announced has a RUN of its own: whatever happens until the next one begins is its doing.
//
// The console may say of a result that it is not to be believed: withdraw_results() takes back what
// was not told yet.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "result/observation.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace bpfmatrix::run {

// One cell as it travels. `loader` and `request.file` are names of files in FileSet.
struct Job {
  uint32_t cell = 0;  // the driver's number of the cell; sent as the wire's cell
  std::string loader;
  wire::RunCell request;  // its `cell` is set by the session
  bool announce = false;  // its begin must leave the machine before it is measured
  uint32_t tried = 0;     // machines that it took with it before this boot
};

// What the guest needs on disk: name -> content. Sent once, after the hello, when first needed.
struct GuestFile {
  const std::string* content = nullptr;  // owned by the driver; outlives the session
  bool executable = false;
};
using FileSet = std::map<std::string, GuestFile>;

struct Finished {
  uint32_t cell = 0;
  result::Attempt attempt;
  bool again = false;  // a further attempt at the cell in this run
};

class Session {
 public:
  // With a machine that boots: `nonce` is on its command line.
  Session(std::array<uint8_t, 16> nonce, const FileSet& files, std::deque<Job> jobs);
  // With a restored machine: what is sent first is `wake`, whose nonce the hello must have; the
  // first files and RUN go right behind it.
  Session(const wire::Wake& wake, const FileSet& files, std::deque<Job> jobs);

  // Takes bytes from the agent. After an Error it takes no more, and repeats the Error.
  base::Status take(std::string_view bytes);

  // No further RUN is sent: the one in flight, or about to be sent, ends, and then the machine. The
  // cells behind it stay unfinished.
  void hold();
  // Bytes that are to be sent now; empty when it is the agent's turn.
  [[nodiscard]] std::string to_send();
  // Cells that were finished and not told yet.
  [[nodiscard]] std::vector<Finished> take_finished();
  // Of them, those that were finished before the last take(): the console had its say on them.
  [[nodiscard]] std::vector<Finished> take_settled();
  // The kernel complained: what was finished and not told may be wrong. Of those cells the ones of
  // the RUN that began last are as if they had no result.
  void withdraw_results();
  // The guest ran out of memory: turns a loader's death that was not told yet into GUEST_OOM. False
  // when there is none.
  bool blame_memory(const std::string& note);

  [[nodiscard]] const std::optional<wire::Hello>& hello() const { return hello_; }
  // The cell under which the machine dies when it dies now: announced, and begun without a result or
  // withdrawn.
  [[nodiscard]] std::optional<uint32_t> to_blame() const;
  // How many cells of dense RUNs are begun without a result, or withdrawn: any may be the one.
  [[nodiscard]] size_t in_doubt() const;
  // How long the machine may show no sign of life: the limit of the cell that was announced, else
  // the longest of the RUN's.
  [[nodiscard]] uint32_t limit_ms() const { return limit_ms_; }
  // Counts results, begins and files done: no change for long means no progress.
  [[nodiscard]] uint64_t progress() const { return progress_; }
  // Cells that were finished on this machine, by a result or by the death of their loader.
  [[nodiscard]] uint64_t cells_finished() const { return cells_finished_; }
  // Every cell that is left is in the RUN in flight.
  [[nodiscard]] bool last_run() const { return jobs_.empty() && run_.has_value(); }
  [[nodiscard]] bool done() const { return jobs_.empty() && !run_ && shutdown_sent_; }
  // The loader whose cells are being run; empty between RUNs of different loaders.
  [[nodiscard]] const std::string& loader() const { return loader_; }

  // Gives back the cells without a result, in order, the one to blame among them. Those in doubt ask
  // to be announced.
  [[nodiscard]] std::deque<Job> take_unfinished();

 private:
  struct Run {
    uint32_t number = 0;
    std::deque<Job> waiting;  // not begun, in order
    bool announce = false;
    bool begun = false;  // its first cell, which is announced in any case
    bool any_result = false;
  };
  // Finished and not told, with the job to run it again.
  struct Held {
    Finished finished;
    std::optional<Job> job;
    uint32_t run = 0;
  };
  base::Status take_frames(std::string_view bytes);
  base::Status on_frame(const wire::Frame& frame);
  base::Status on_hello(std::string_view payload);
  base::Status on_begin(std::string_view payload);
  base::Status on_result(std::string_view payload);
  base::Status on_run_done(std::string_view payload);
  base::Status on_loader_gone(std::string_view payload);
  base::Status on_file_done(std::string_view payload);
  void blame_loader(const wire::LoaderGone& gone);
  void fail_loader(const std::string& loader, const std::string& why);
  void send_file(const std::string& name, const GuestFile& file);
  void send_next_run();

  std::array<uint8_t, 16> nonce_;
  const FileSet& files_;
  std::deque<Job> jobs_;
  std::deque<Job> held_;  // behind jobs_, and never sent
  wire::FrameReader reader_;
  wire::FrameWriter writer_;
  std::string out_;
  std::deque<Held> finished_;
  size_t settled_ = 0;  // so many of them came before the last take()
  std::deque<Job> withdrawn_;
  std::optional<wire::Hello> hello_;
  std::optional<Run> run_;
  std::optional<Job> begun_;
  std::optional<uint32_t> in_flight_;
  std::map<std::string, bool> sent_;  // file -> told as stored
  std::string loader_;
  uint32_t limit_ms_ = 0;
  uint32_t next_run_ = 1;
  uint32_t last_begun_ = 0;   // number of the RUN
  uint32_t barren_runs_ = 0;  // RUNs in a row that ended without any result
  uint64_t progress_ = 0;
  uint64_t cells_finished_ = 0;
  bool shutdown_sent_ = false;
  std::optional<base::Error> broken_;
};

}  // namespace bpfmatrix::run
