// The one loader process at a time: started on demand, fed with RUN, watched, buried.
#pragma once

#include <string>

#include "agent/port.h"

namespace bpfmatrix::guest {

class Loaders {
 public:
  explicit Loaders(Port* port) : port_(port) {}

  // Hands the payload of a RUN to the loader it names; starts it (after ending another one) when it
  // is not the one that runs. A loader that cannot be started is told as LOADER_GONE.
  void run(const std::string& payload);

  // Looks after the loader: reaps it when it ended, kills it when its cell took too long. Sends
  // LOADER_GONE when a RUN was under way.
  void check();

  // Milliseconds until check() may have to act; -1: only when a child ends.
  [[nodiscard]] int wait_ms() const;

 private:
  bool start(const std::string& name);
  void stop();
  void gone(uint8_t reason, int number);

  Port* port_;
  std::string name_;
  int pid_ = -1;
  int cells_ = -1;    // the loader's standard input
  uint32_t run_ = 0;  // last handed over
  bool timed_out_ = false;
};

}  // namespace bpfmatrix::guest
