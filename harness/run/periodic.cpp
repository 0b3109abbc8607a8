#include "run/periodic.h"

#include <utility>

namespace bpfmatrix::run {

void Periodic::start(std::function<void()> tick) {
  tick_ = std::move(tick);
  arm();
}

void Periodic::end() {
  ended_ = true;
  timer_.cancel();
}

void Periodic::arm() {
  timer_.expires_after(every_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || ended_) return;
    tick_();
    if (!ended_) arm();
  });
}

}  // namespace bpfmatrix::run
