// The verifier's statistics lines as the kernels spell them (kernel/bpf/verifier.c,
// print_verification_stats):
//   4.9          processed N insns
//   4.14         processed N insns, stack depth D
//   4.19, 5.0    processed N insns (limit L), stack depth D[+D...]
//   5.2 - 7.3    processed N insns (limit L) max_states_per_insn A total_states B peak_states C
//                mark_read D
// and before the last, with the STATS level:
//   5.2 - 7.1    verification time T usec / stack depth D[+D...]
//   7.2          verification time T usec / stack depth D[+D...] max M / insns processed I[+I...]
//   7.3          verification time T usec / stack depth max M /
//                subprog 0 (name) main insns_self N insns_total N stack D, a line per function
#include <limits>

#include "result/outcome.h"

namespace bpfmatrix::result {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

uint64_t saturating_add(uint64_t a, uint64_t b) {
  return a > kMost - b ? kMost : a + b;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes `word` off the front of `text`; false, nothing taken, when it is not there.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// Takes a decimal number off the front; the greatest number stands for all that are greater.
bool take_number(std::string_view& text, uint64_t& number) {
  if (text.empty() || !is_digit(text.front())) return false;
  number = 0;
  while (!text.empty() && is_digit(text.front())) {
    const auto digit = static_cast<uint64_t>(text.front() - '0');
    number = number > (kMost - digit) / 10 ? kMost : number * 10 + digit;
    text.remove_prefix(1);
  }
  return true;
}

// "D[+D...]": the sum.
bool take_sum(std::string_view& text, uint64_t& sum) {
  if (!take_number(text, sum)) return false;
  for (uint64_t more = 0; text.starts_with('+'); sum = saturating_add(sum, more)) {
    text.remove_prefix(1);
    if (!take_number(text, more)) return false;
  }
  return true;
}

// The lines of a text from the last to the first. A line knows whether its newline is there: a text
// that was cut may end in the middle of a number.
class LinesFromTheEnd {
 public:
  explicit LinesFromTheEnd(std::string_view text) : rest_(text) {}
  bool next(std::string_view& line, bool& complete) {
    if (rest_.empty()) return false;
    complete = rest_.ends_with('\n');
    if (complete) rest_.remove_suffix(1);
    const size_t newline = rest_.rfind('\n');
    line = newline == std::string_view::npos ? rest_ : rest_.substr(newline + 1);
    rest_.remove_suffix(line.size());
    return true;
  }

 private:
  std::string_view rest_;
};

bool parse_processed(std::string_view line, bool complete, Verification& found) {
  if (!take(line, "processed ") || !take_number(line, found.insns) || !take(line, " insns"))
    return false;
  uint64_t ignored = 0;
  if (take(line, " (limit ") && !(take_number(line, ignored) && take(line, ")"))) return false;
  if (take(line, " max_states_per_insn ")) {
    // What follows mark_read is not read, so it does not matter whether it was cut.
    return take_number(line, ignored) && take(line, " total_states ") &&
           take_number(line, found.states) && take(line, " peak_states ") &&
           take_number(line, found.peak_states) && take(line, " mark_read ");
  }
  uint64_t stack = 0;
  if (take(line, ", stack depth ")) {
    if (!take_sum(line, stack)) return false;
    found.stack = stack;
  }
  return complete && line.empty();
}

// One line of 7.3's list of functions: its stack at the end.
bool parse_subprog(std::string_view line, uint64_t& stack) {
  if (!line.starts_with("subprog ")) return false;
  const size_t at = line.rfind(" stack ");
  if (at == std::string_view::npos) return false;
  line.remove_prefix(at + std::string_view(" stack ").size());
  return take_number(line, stack) && line.empty();
}

// The STATS block above the "processed" line, read upwards from it.
void parse_statistics(LinesFromTheEnd lines, Verification& found) {
  std::string_view line;
  bool complete = false;
  uint64_t functions = 0;
  bool any_function = false;
  while (lines.next(line, complete)) {
    uint64_t number = 0;
    if (parse_subprog(line, number)) {
      functions = saturating_add(functions, number);
      any_function = true;
    } else if (line.starts_with("insns processed ")) {
      continue;
    } else if (take(line, "stack depth ")) {
      if (take(line, "max ")) {
        if (any_function) found.stack = functions;
      } else if (take_sum(line, number) && (line.empty() || line.starts_with(" max "))) {
        found.stack = number;
      }
    } else if (take(line, "verification time ")) {
      if (take_number(line, number) && line == " usec") found.time_us = number;
      return;
    } else {
      return;
    }
  }
}

}  // namespace

std::optional<Verification> parse_verification(std::string_view log_tail) {
  LinesFromTheEnd lines(log_tail);
  std::string_view line;
  bool complete = false;
  // The line is the log's last; a few more are looked at for what a library may have added.
  for (int looked = 0; looked < 4 && lines.next(line, complete); ++looked) {
    Verification found;
    if (!parse_processed(line, complete, found)) continue;
    parse_statistics(lines, found);
    return found;
  }
  return std::nullopt;
}

}  // namespace bpfmatrix::result
