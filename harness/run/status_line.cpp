#include "run/status_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace bpfmatrix::run {
namespace {

constexpr double kSilent = 5;  // seconds; a boot takes as long

std::string text_of(const WorkingMachine& machine) {
  auto text = machine.kernel;
  if (machine.loader.empty())
    text += " boots";
  else
    text += fmt::format(" {} {}/{}", machine.loader, machine.done, machine.expected);
  if (machine.silent > kSilent) text += fmt::format(", silent for {}", duration_text(machine.silent));
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  if (seconds < 6000) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string status_line(const RunStatus& status, uint32_t width) {
  auto text = fmt::format("[{:>5}/{}]", status.done, status.expected);
  if (status.rate > 0) text += fmt::format(" {:.{}f} cells/s", status.rate, status.rate < 10 ? 1 : 0);
  if (status.left >= 0) text += fmt::format(", about {} left", duration_text(status.left));
  for (const auto& machine : status.machines) {
    const auto more = " | " + text_of(machine);
    if (text.size() + more.size() > width) {
      if (text.size() + 4 <= width) text += " ...";
      break;
    }
    text += more;
  }
  return text.substr(0, width);
}

}  // namespace bpfmatrix::run
