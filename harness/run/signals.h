// What SIGINT, SIGTERM and SIGHUP do to a run, by their order: the first asks it to end, the second
// wants it now. One that is ignored (nohup, a job in the background) stays ignored. One event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace bpfmatrix::run {

class EndSignals {
 public:
  // Calls `asked` with the first signal, `insisted` at the second. Until cancel() or the end of the
  // object; the loop does not end before.
  EndSignals(boost::asio::io_context& io, std::function<void(int)> asked,
             std::function<void()> insisted);
  void cancel();

 private:
  void wait();
  boost::asio::signal_set signals_;
  std::function<void(int)> asked_;
  std::function<void()> insisted_;
};

}  // namespace bpfmatrix::run
