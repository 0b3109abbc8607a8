#include "run/progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/text.h"

namespace bpfmatrix::run {
namespace {

constexpr size_t kLately = 10;           // ticks over which the rate is taken
constexpr uint32_t kColumns = 80;        // of a terminal that does not say
constexpr const char* kErase = "\r\x1b[K";  // the cursor's line, ECMA-48 EL

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool can_redraw() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

// One less than there are: some terminals wrap behind the last one.
uint32_t columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return kColumns - 1;
  return size.ws_col - 1U;
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), live_(!quiet && can_redraw()) {}

Progress::~Progress() {
  clear();
}

void Progress::note(const std::string& text) {
  print(fmt::format("bpfmatrix: {}\n", base::printable(text)));
}

void Progress::preparing(const std::string& text) {
  if (!quiet_) note(text);
}

void Progress::expect(const std::string& kernel, const std::string& loader, uint32_t cells) {
  groups_[{kernel, loader}].expected += cells;
  expected_ += cells;
}

void Progress::start() {
  started_ = Clock::now();
  lately_.assign(1, {started_, 0});
}

void Progress::machine_started(const std::string& kernel) {
  auto& machine = machines_[kernel];
  if (machine.running++ == 0) machine = {1, {}, Clock::now()};
}

void Progress::machine_ended(const std::string& kernel) {
  const auto at = machines_.find(kernel);
  if (at != machines_.end() && --at->second.running == 0) machines_.erase(at);
}

void Progress::finished(const std::string& kernel, const std::string& loader) {
  Group& group = groups_[{kernel, loader}];
  if (group.done == 0) group.first = Clock::now();
  ++group.done;
  ++done_;
  if (const auto at = machines_.find(kernel); at != machines_.end()) {
    at->second.loader = loader;
    at->second.heard = Clock::now();
  }
  if (group.done != group.expected || quiet_) return;
  const double took = seconds_since(started_);
  const double left = done_ == 0 ? 0 : took / done_ * (expected_ - done_);
  print(fmt::format("[{:>5}/{}] {:<14} {:<16} {:>5} cells in {:>6.1f} s{}\n", done_, expected_,
                    kernel, loader, group.done, seconds_since(group.first),
                    done_ < expected_ ? fmt::format(", about {} left", duration_text(left))
                                      : std::string()));
}

void Progress::tick() {
  lately_.emplace_back(Clock::now(), done_);
  if (lately_.size() > kLately) lately_.pop_front();
  draw();
}

RunStatus Progress::status() const {
  RunStatus status{.done = done_, .expected = expected_, .machines = {}};
  if (!lately_.empty()) {
    const double seconds = seconds_since(lately_.front().first);
    if (seconds > 0) status.rate = (done_ - lately_.front().second) / seconds;
  }
  if (done_ != 0) status.left = seconds_since(started_) / done_ * (expected_ - done_);
  for (const auto& [kernel, machine] : machines_) {
    WorkingMachine one{.kernel = kernel, .loader = machine.loader};
    one.silent = seconds_since(machine.heard);
    if (const auto at = groups_.find({kernel, machine.loader}); at != groups_.end()) {
      one.done = at->second.done;
      one.expected = at->second.expected;
    }
    status.machines.push_back(std::move(one));
  }
  return status;
}

void Progress::draw() {
  if (!live_ || expected_ == 0) return;
  fmt::print(stderr, "{}{}", kErase, base::printable(status_line(status(), columns())));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "{}", kErase);
  std::fflush(stderr);
  drawn_ = false;
}

void Progress::print(const std::string& line) {
  const bool again = drawn_;
  clear();
  fmt::print(stderr, "{}", line);
  if (again) draw();
}

}  // namespace bpfmatrix::run
