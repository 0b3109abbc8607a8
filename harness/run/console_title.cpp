#include "run/console_title.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace bpfmatrix::run {
namespace {

constexpr size_t kTitleLimit = 120;

// Ways in which kernels 4.9 to 7.3 begin the first line of an oops, arch/x86 and lib/: what comes
// first in a console is the cause, what follows is its consequence.
constexpr std::array<std::string_view, 10> kHeads = {
    "Kernel panic - not syncing",
    "BUG: ",
    "kernel BUG at ",
    "Oops: ",
    "general protection fault",
    "stack segment: ",
    "divide error: ",
    "invalid opcode: ",
    "PANIC: double fault",
    "Unable to handle kernel",
};
// Lines that only look alike.
// Lockups are what a guest says when its host was busy: they end no machine.
constexpr std::array<std::string_view, 3> kHarmless = {"BUG: workqueue leaked",
                                                       "BUG: workqueue lockup", "BUG: soft lockup"};

// The line without carriage return, level mark "<4>" and time stamp "[    1.234567]", "[T1]".
std::string_view text_of(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  for (int i = 0; i < 3 && !line.empty(); ++i) {
    const char open = line.front();
    if (open != '[' && open != '<') break;
    const size_t close = line.find(open == '[' ? ']' : '>');
    if (close == std::string_view::npos || close > 24) break;
    line.remove_prefix(close + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  }
  return line;
}

bool starts_with_any(std::string_view line, const auto& heads) {
  for (const auto& head : heads)
    if (line.starts_with(head)) return true;
  return false;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

std::optional<std::string> find_crash_title(std::string_view console) {
  for (const auto line : lines_of(console)) {
    const auto text = text_of(line);
    if (starts_with_any(text, kHeads) && !starts_with_any(text, kHarmless))
      return base::printable(text).substr(0, kTitleLimit);
  }
  return std::nullopt;
}

std::string last_lines(std::string_view console, size_t count) {
  std::vector<std::string> kept;
  for (const auto line : lines_of(console)) {
    const auto text = text_of(line);
    if (!text.empty()) kept.push_back(base::printable(text).substr(0, 200));
  }
  std::string out;
  for (size_t i = kept.size() > count ? kept.size() - count : 0; i < kept.size(); ++i)
    out += (out.empty() ? "" : "\n") + kept[i];
  return out;
}

}  // namespace bpfmatrix::run
