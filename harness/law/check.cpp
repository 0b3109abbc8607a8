#include "law/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "law/call_text.h"
#include "law/field.h"

namespace bpfmatrix::law {
namespace {

using result::CellRecord;
using spec::Check;
using spec::Operand;
using Op = Check::Op;

struct Pair {
  const CellRecord& cell;
  const CellRecord* other;

  [[nodiscard]] const CellRecord* get(bool of_other) const { return of_other ? other : &cell; }
};

void fill_in(std::string& text, std::string_view placeholder, uint64_t number) {
  for (size_t at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder))
    text.replace(at, placeholder.size(), fmt::format("{}", number));
}

// `text` with "{buffer_size}" and "{level}" replaced by what the cell was given.
std::string filled_in(std::string text, const CellRecord& cell) {
  fill_in(text, "{buffer_size}", cell.attempt.observation.buffer_size);
  fill_in(text, "{level}", cell.mode.level);
  return text;
}

// What an operand stands for; a field of a cell that is not there stands for nothing.
Value value_of_operand(const Operand& operand, const Pair& cells) {
  switch (operand.kind) {
    case Operand::Kind::text:
      return filled_in(operand.text, cells.cell);
    case Operand::Kind::number:
      return operand.number;
    case Operand::Kind::field:
      break;
  }
  const CellRecord* source = cells.get(operand.of_other);
  if (source == nullptr) return {};
  Value value = value_of(*source, operand.field);
  if (auto* number = std::get_if<int64_t>(&value)) *number += operand.number;
  return value;
}

// Can the two be compared at all? Numbers only with numbers; a word such as "0" may have been read
// as a number.
bool comparable(const Value& a, const Value& b) {
  if (a.index() == 0 || b.index() == 0) return false;
  return text_of(a) != nullptr || std::holds_alternative<int64_t>(b);
}

// glob_matches(), with a short cut for "*literal*": fnmatch() takes microseconds for a log.
bool pattern_matches(const std::string& pattern, const std::string& text) {
  const std::string_view inner = std::string_view(pattern).substr(std::min<size_t>(1, pattern.size()));
  if (pattern.size() >= 2 && pattern.front() == '*' && pattern.back() == '*' &&
      inner.substr(0, inner.size() - 1).find_first_of("*?[\\") == std::string_view::npos)
    return text.find(inner.substr(0, inner.size() - 1)) != std::string::npos;
  return base::glob_matches(pattern, text);
}

bool equals(const Value& value, const Operand& operand, const Pair& cells) {
  const Value wanted = value_of_operand(operand, cells);
  if (!comparable(value, wanted)) return false;
  const std::string* text = text_of(value);
  if (text == nullptr) return value == wanted;
  if (const auto* number = std::get_if<int64_t>(&wanted)) return *text == fmt::format("{}", *number);
  const std::string& pattern = *text_of(wanted);
  return operand.kind == Operand::Kind::text ? pattern_matches(pattern, *text)
                                             : pattern == *text;
}

bool ordered(Op op, const Value& value, const Operand& operand, const Pair& cells) {
  const Value wanted = value_of_operand(operand, cells);
  const auto* a = std::get_if<int64_t>(&value);
  const auto* b = std::get_if<int64_t>(&wanted);
  if (a == nullptr || b == nullptr) return false;
  switch (op) {
    case Op::less:
      return *a < *b;
    case Op::less_equal:
      return *a <= *b;
    case Op::greater:
      return *a > *b;
    default:
      return *a >= *b;
  }
}

// Do the calls follow the patterns in order? "..." stands for any number of calls.
// As globs are matched: after a mismatch the last "..." takes one call more, so that the time grows
// with the product of both lengths.
bool follows(std::span<const std::string> calls, std::span<const std::string> patterns) {
  constexpr size_t kNone = SIZE_MAX;
  size_t call = 0, pattern = 0, last_any = kNone, call_behind_any = 0;
  while (call < calls.size()) {
    const bool left = pattern < patterns.size();
    if (left && patterns[pattern] == "...") {
      last_any = pattern++;
      call_behind_any = call;
    } else if (left && base::glob_matches(patterns[pattern], calls[call])) {
      ++call;
      ++pattern;
    } else if (last_any != kNone) {
      pattern = last_any + 1;
      call = ++call_behind_any;
    } else {
      return false;
    }
  }
  while (pattern < patterns.size() && patterns[pattern] == "...") ++pattern;
  return pattern == patterns.size();
}

bool meets_sequence(const Check& check, const CellRecord& subject) {
  const auto& seen = subject.attempt.observation;
  if (seen.decided_by == result::DecidedBy::unknown) return false;
  std::vector<std::string> patterns;
  for (const auto& operand : check.operands) patterns.push_back(filled_in(operand.text, subject));
  return follows(call_texts(seen, check.field == spec::Field::probes), patterns);
}

// "EINVAL" of "errno: EINVAL".
std::string wanted_text(const Check& check) {
  const auto at = check.text.find(": ");
  return at == std::string::npos ? check.text : check.text.substr(at + 2);
}

// What the fields that the operands name are: " (other.log_length is 4090)".
std::string operands_text(const Check& check, const Pair& cells) {
  std::string text;
  for (const auto& operand : check.operands) {
    const CellRecord* source = cells.get(operand.of_other);
    if (operand.kind != Operand::Kind::field || source == nullptr) continue;
    text += fmt::format(" ({}{} is {})", operand.of_other ? "other." : "", name(operand.field),
                        field_text(*source, operand.field));
  }
  return text;
}

}  // namespace

bool meets(const Check& check, const CellRecord& cell, const CellRecord* other) {
  const Pair cells{cell, other};
  const CellRecord* subject = cells.get(check.of_other);
  if (subject == nullptr) return false;
  if (check.op == Op::sequence) return meets_sequence(check, *subject);
  const Value value = value_of(*subject, check.field);
  const std::string* text = text_of(value);
  const bool there = value.index() != 0 && (text == nullptr || !text->empty());
  const auto equal = [&](const Operand& operand) { return equals(value, operand, cells); };
  const auto unequal = [&](const Operand& operand) {
    return comparable(value, value_of_operand(operand, cells)) && !equal(operand);
  };
  switch (check.op) {
    case Op::present:
      return there;
    case Op::absent:
      return !there;
    case Op::any_of:
      return std::ranges::any_of(check.operands, equal);
    case Op::equal:
      return std::ranges::all_of(check.operands, equal);
    case Op::none_of:
    case Op::not_equal:
      return std::ranges::all_of(check.operands, unequal);
    default:
      return std::ranges::all_of(check.operands, [&](const Operand& operand) {
        return ordered(check.op, value, operand, cells);
      });
  }
}

std::optional<std::string> contradiction(const std::vector<Check>& checks, const CellRecord& cell,
                                         const CellRecord* other) {
  for (const auto& check : checks) {
    if (meets(check, cell, other)) continue;
    const Pair cells{cell, other};
    const CellRecord* subject = cells.get(check.of_other);
    return fmt::format("{}{}: expected {}, found {}{}", check.of_other ? "other." : "",
                       name(check.field), wanted_text(check),
                       subject == nullptr ? "no such cell" : field_text(*subject, check.field),
                       operands_text(check, cells));
  }
  return std::nullopt;
}

}  // namespace bpfmatrix::law
