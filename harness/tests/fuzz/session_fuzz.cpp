// A session as a hostile agent sees it: sequences of whole frames, right and wrong ones.
//
// Whatever is said: each cell is told at most once; a measured one only behind its own RUN, begin
// and result; nothing before the hello; what is finished and what is left are all cells, each once.
#include <map>
#include <set>

#include "input.h"
#include "run/session.h"

namespace {

using namespace bpfmatrix;
using result::AttemptState;

std::string numbers(std::initializer_list<uint32_t> values) {
  std::string out;
  for (const uint32_t value : values) {
    uint8_t raw[4];
    bpfm_put32(raw, value);
    out.append(reinterpret_cast<char*>(raw), sizeof raw);
  }
  return out;
}

class Play {
 public:
  explicit Play(fuzz::Input& input) : input_(input) {
    files_["raw"] = run::GuestFile{&content_, true};
    files_["new"] = run::GuestFile{&content_, true};
    files_["p"] = run::GuestFile{&content_, false};
    const uint8_t options = input_.u8();
    count_ = options % 48;
    const uint8_t changes = input_.u8();  // where the loader and the announcing change
    std::deque<run::Job> jobs;
    for (uint32_t i = 0; i < count_; ++i) {
      run::Job job;
      job.cell = kFirst + i;
      job.loader = i < changes % 48U ? "raw" : "new";
      job.request.file = "p";
      job.request.limit_ms = i;
      job.announce = i < changes / 6U;
      jobs.push_back(std::move(job));
    }
    std::array<uint8_t, 16> nonce{};
    nonce.fill(7);
    session_.emplace(nonce, files_, std::move(jobs));
  }

  void run() {
    while (!broken_ && !input_.empty()) {
      listen();
      const auto bytes = next_frame(input_.u8());
      // Pieces of a frame are as good as the whole.
      const size_t cut = bytes.empty() ? 0 : input_.u8() % bytes.size();
      take(bytes.substr(0, cut));
      if (!broken_) take(bytes.substr(cut));
    }
    if (broken_) {
      fuzz::require(!session_->take(frames_.frame(BPFM_RUN_DONE, numbers({run_}))).has_value(),
                    "a broken session takes more");
      collect();
    }
    check_end();
  }

 private:
  static constexpr uint32_t kFirst = 1000;

  // Reads what the driver sends, as an agent would: the RUN in flight and its cells.
  void listen() {
    driver_.feed(session_->to_send());
    for (auto frame = driver_.next();; frame = driver_.next()) {
      fuzz::require(frame.has_value(), "the driver sends a broken frame");
      if (!*frame) return;
      const auto* raw = reinterpret_cast<const uint8_t*>((*frame)->payload.data());
      woken_ = woken_ || (*frame)->type == BPFM_WAKE;  // files and cells go right behind it
      fuzz::require(said_hello_ || woken_, "the driver speaks before the hello");
      if ((*frame)->type != BPFM_RUN) continue;
      run_ = bpfm_get32(raw);
      left_ = bpfm_get32(raw + 10 + bpfm_get16(raw + 8));
    }
  }

  std::string frame(uint8_t type, std::string_view payload) {
    last_ = frames_.frame(type, payload);
    return last_;
  }

  std::string hello(uint8_t nonce) {
    wire::Hello hello;
    hello.nonce.fill(nonce);
    if (nonce == 7) said_hello_ = true;
    return frame(BPFM_HELLO, wire::encode(hello));
  }

  std::string begin(uint32_t run, uint32_t cell) {
    last_begun_ = cell;
    return frame(BPFM_BEGIN, numbers({run, cell}));
  }

  std::string result(uint32_t run, uint32_t cell) {
    wire::CellDone done;
    done.run = run;
    done.cell = cell;
    results_.insert(cell);
    return frame(BPFM_RESULT, wire::encode(done));
  }

  std::string gone(uint32_t cell) {
    std::string payload = numbers({run_, cell});
    payload += static_cast<char>(input_.u8() % 5);
    payload += numbers({input_.u8()});
    return frame(BPFM_LOADER_GONE, payload);
  }

  std::string file_done(std::string_view name, uint32_t error) {
    std::string payload(2, '\0');
    bpfm_put16(reinterpret_cast<uint8_t*>(payload.data()), static_cast<uint16_t>(name.size()));
    return frame(BPFM_FILE_DONE, payload.append(name) + numbers({error}));
  }

  std::string again(std::string bytes) {
    bpfm_put16(reinterpret_cast<uint8_t*>(bytes.data()) + 6, BPFM_FRAME_AGAIN);
    return bytes;
  }

  std::string next_frame(uint8_t op) {
    static constexpr const char* kNames[] = {"raw", "new", "p", "other"};
    switch (op % 16) {
      case 0:
        return hello(7);
      case 1:
        return hello(input_.u8());
      case 2:
      case 3:
        return begin(run_, next_);
      case 4:
        return begin(run_ + input_.u8() % 3, kFirst + input_.u8());
      case 5:
      case 6:
        return result(run_, last_begun_);
      case 7:
        return result(run_ + input_.u8() % 3, kFirst + input_.u8());
      case 8:
        return frame(BPFM_RUN_DONE, numbers({run_}));
      case 9:
        return gone(last_begun_);
      case 10:
        return gone(BPFM_NO_CELL);
      case 11:
        return file_done(kNames[input_.u8() % 4], input_.u8() % 8 == 0 ? 28 : 0);
      case 12:
        return last_.empty() ? last_ : again(last_);
      case 13:
        return frame(input_.u8(), input_.bytes(input_.u8()));
      case 14:
        return std::string(input_.bytes(input_.u8()));
      default:
        return begin(run_, last_begun_ + 1);
    }
  }

  void take(std::string_view bytes) {
    const uint64_t before = session_->progress();
    broken_ = !session_->take(bytes).has_value();
    fuzz::require(said_hello_ || session_->progress() == before, "progress before the hello");
    fuzz::require(said_hello_ == session_->hello().has_value() || !session_->hello(),
                  "a hello that was not said");
    if (const auto blamed = session_->to_blame())
      fuzz::require(!told_.contains(*blamed), "a finished cell is to blame");
    collect();
  }

  void collect() {
    for (const auto& one : session_->take_finished()) {
      fuzz::require(one.cell >= kFirst && one.cell < kFirst + count_, "a cell that is not ours");
      fuzz::require(told_.insert(one.cell).second, "a cell is told twice");
      fuzz::require(one.attempt.state != AttemptState::measured || results_.contains(one.cell),
                    "a cell is measured without a result");
      fuzz::require(said_hello_, "a cell is told before the hello");
    }
    // The next that is due: cells go out in order.
    next_ = kFirst;
    while (told_.contains(next_)) ++next_;
  }

  void check_end() {
    const auto blamed = session_->to_blame();
    std::set<uint32_t> all = told_;
    for (const auto& job : session_->take_unfinished())
      fuzz::require(all.insert(job.cell).second, "a cell is finished and left");
    fuzz::require(!blamed || (all.contains(*blamed) && !told_.contains(*blamed)),
                  "a blamed cell was told, or is not left");
    fuzz::require(all.size() == count_, "a cell is lost");
  }

  fuzz::Input& input_;
  std::string content_ = "content";
  run::FileSet files_;
  std::optional<run::Session> session_;
  wire::FrameReader driver_;
  wire::FrameWriter frames_;
  std::string last_;
  uint32_t count_ = 0, run_ = 0, left_ = 0, next_ = kFirst, last_begun_ = kFirst;
  std::set<uint32_t> told_, results_;
  bool said_hello_ = false, woken_ = false, broken_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  Play(input).run();
  return 0;
}
