// What the guest said in a whole session on a real kernel, checked in once for each version of the
// protocol, and the driver's side of it made anew: the cells as the recording begins them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "run/session.h"

namespace bpfmatrix::run {

struct TakenCell {
  uint32_t cell = 0;
  std::string text;  // of the attempt, all that is compared
  bool operator==(const TakenCell&) const = default;
};
// What a session came to: cells in order, and the error that ended it, if any.
struct Taken {
  std::vector<TakenCell> cells;
  std::optional<base::Error> error;
  bool done = false;
  size_t left = 0;  // cells without a result
};

class RecordedSession {
 public:
  // Reads data/session-v<version>.bin; fails the test when it cannot be read.
  explicit RecordedSession(int version);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // Offsets at which a frame ends, in order; the last is the size.
  [[nodiscard]] const std::vector<size_t>& ends() const { return ends_; }
  [[nodiscard]] size_t cells() const { return jobs_.size(); }
  // A session of those cells that is told `bytes` in pieces of `piece`.
  [[nodiscard]] Taken play(std::string_view bytes, size_t piece = 65536) const;

 private:
  void read_jobs();

  std::string bytes_;
  std::vector<size_t> ends_;
  std::array<uint8_t, 16> nonce_{};
  std::deque<Job> jobs_;
  FileSet files_;
  std::string content_ = "content";
};

}  // namespace bpfmatrix::run
