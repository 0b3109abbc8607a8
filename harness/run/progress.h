// What a person sees while a run goes on: plain lines on standard error, one per finished group of
// cells (kernel x loader). Nothing here changes what is measured.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace bpfmatrix::run {

class Progress {
 public:
  // `quiet`: only notes.
  explicit Progress(bool quiet) : quiet_(quiet) {}

  // One line: what is being prepared, a machine that died, a kernel that moved.
  void note(const std::string& text);
  void preparing(const std::string& text);

  // How many cells of each (kernel, loader) will run.
  void expect(const std::string& kernel, const std::string& loader, uint32_t cells);
  // Starts the clock of the estimate.
  void start();
  // One cell is finished; prints a line when it was the last of its group.
  void finished(const std::string& kernel, const std::string& loader);

 private:
  struct Group {
    uint32_t expected = 0, done = 0;
    std::chrono::steady_clock::time_point first{};
  };
  bool quiet_;
  std::map<std::pair<std::string, std::string>, Group> groups_;
  uint32_t expected_ = 0, done_ = 0;
  std::chrono::steady_clock::time_point started_{};
};

}  // namespace bpfmatrix::run
