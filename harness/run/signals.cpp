#include "run/signals.h"

#include <csignal>
#include <utility>

namespace bpfmatrix::run {

EndSignals::EndSignals(boost::asio::io_context& io, std::function<void(int)> asked,
                       std::function<void()> insisted)
    : signals_(io), asked_(std::move(asked)), insisted_(std::move(insisted)) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    signals_.add(signal);
  }
  wait();
}

void EndSignals::cancel() {
  boost::system::error_code ignored;
  signals_.cancel(ignored);
}

void EndSignals::wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (asked_) {
      wait();
      std::exchange(asked_, nullptr)(signal);
    } else {
      insisted_();
    }
  });
}

}  // namespace bpfmatrix::run
