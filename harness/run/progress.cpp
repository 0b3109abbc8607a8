#include "run/progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"

namespace bpfmatrix::run {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

}  // namespace

void Progress::note(const std::string& text) {
  fmt::print(stderr, "bpfmatrix: {}\n", base::printable(text));
}

void Progress::preparing(const std::string& text) {
  if (!quiet_) note(text);
}

void Progress::expect(const std::string& kernel, const std::string& loader, uint32_t cells) {
  groups_[{kernel, loader}].expected += cells;
  expected_ += cells;
}

void Progress::start() {
  started_ = steady_clock::now();
}

void Progress::finished(const std::string& kernel, const std::string& loader) {
  Group& group = groups_[{kernel, loader}];
  if (group.done == 0) group.first = steady_clock::now();
  ++group.done;
  ++done_;
  if (group.done != group.expected || quiet_) return;
  const double took = seconds_since(started_);
  const double left = done_ == 0 ? 0 : took / done_ * (expected_ - done_);
  fmt::print(stderr, "[{:>5}/{}] {:<14} {:<16} {:>5} cells in {:>6.1f} s{}\n", done_, expected_,
             kernel, loader, group.done, seconds_since(group.first),
             done_ < expected_ ? fmt::format(", about {:.0f} s left", left) : std::string());
}

}  // namespace bpfmatrix::run
