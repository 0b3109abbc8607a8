// What a person sees while a run goes on, on standard error: a plain line per finished group of cells
// (kernel x loader), and on a terminal one line below them that is drawn anew. Nothing here changes
// what is measured.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "run/status_line.h"

namespace bpfmatrix::run {

class Progress {
 public:
  // `quiet`: only notes. The last line is drawn when standard error is a terminal that can move its
  // cursor.
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // One line: what is being prepared, a machine that died, a kernel that moved.
  void note(const std::string& text);
  void preparing(const std::string& text);

  // How many cells of each (kernel, loader) will run.
  void expect(const std::string& kernel, const std::string& loader, uint32_t cells);
  // Starts the clock of the estimate.
  void start();
  // A machine of this kernel is started, or has ended.
  void machine_started(const std::string& kernel);
  void machine_ended(const std::string& kernel);
  // One cell is finished; prints a line when it was the last of its group.
  void finished(const std::string& kernel, const std::string& loader);
  // Draws the last line anew; to be called about once a second.
  void tick();

 private:
  using Clock = std::chrono::steady_clock;
  struct Group {
    uint32_t expected = 0, done = 0;
    Clock::time_point first{};
  };
  struct Machine {
    uint32_t running = 0;  // of the kernel
    std::string loader;    // whose cell came last
    Clock::time_point heard{};
  };
  [[nodiscard]] RunStatus status() const;
  void draw();
  void clear();
  void print(const std::string& line);

  bool quiet_, live_;
  bool drawn_ = false;
  std::map<std::pair<std::string, std::string>, Group> groups_;
  std::map<std::string, Machine> machines_;  // by kernel
  uint32_t expected_ = 0, done_ = 0;
  Clock::time_point started_{};
  std::deque<std::pair<Clock::time_point, uint32_t>> lately_;  // cells done by then, one a tick
};

}  // namespace bpfmatrix::run
