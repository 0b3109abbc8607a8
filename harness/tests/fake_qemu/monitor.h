// The fake machine's QMP: as much of it as a driver needs to save, restore, resume and interrupt.
#pragma once

#include <string>

namespace bpfmatrix::tests {

class Monitor {
 public:
  // `descriptor`: the control channel. Says the greeting.
  Monitor(int descriptor, std::string scenario, bool paused);
  // Reads what is there and answers. False when the channel is closed.
  bool answer();
  // For so long, in ms, answers whatever is asked.
  void attend(int milliseconds);
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  std::string reply(const std::string& command);
  int descriptor_;
  std::string scenario_;
  bool paused_;
  bool interrupted_ = false;  // by an NMI
  std::string received_;
  int file_ = -1;  // given by getfd
  std::string migration_ = "none";
};

// What "migrate" writes, and what a machine with -incoming must find.
inline constexpr char kFakeState[] = "FAKE STATE\n";

}  // namespace bpfmatrix::tests
