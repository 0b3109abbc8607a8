// Calls something again and again by the clock of all limits, until it is ended.
//
// A timer that has expired when it is cancelled still calls its handler, without an error: one that
// armed itself again there would keep its event loop going for ever. Not for ticks that may end the
// object. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "base/run_clock.h"

namespace bpfmatrix::run {

class Periodic {
 public:
  Periodic(boost::asio::io_context& io, std::chrono::milliseconds every) : timer_(io), every_(every) {}
  // The first call is one period from now.
  void start(std::function<void()> tick);
  // No further call, from within one or from elsewhere.
  void end();

 private:
  void arm();

  base::RunTimer timer_;
  std::chrono::milliseconds every_;
  std::function<void()> tick_;
  bool ended_ = false;
};

}  // namespace bpfmatrix::run
