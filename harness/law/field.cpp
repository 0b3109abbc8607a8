#include "law/field.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/text.h"
#include "law/call_text.h"

namespace bpfmatrix::law {
namespace {

using result::DecidedBy;
using result::Observation;
using spec::Field;

constexpr size_t kShown = 100;  // bytes of a text in a message

Value number(uint64_t value) {
  constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return static_cast<int64_t>(std::min(value, kLargest));
}
Value number(const std::optional<uint64_t>& value) {
  return value ? number(*value) : Value();
}
Value yes_or_no(bool value) {
  return std::string(value ? "yes" : "no");
}

// "ARRAY,ENUM64,INT"; absent where no BTF was seen.
Value btf_kinds(const Observation& seen) {
  if (seen.btf_kinds == 0) return {};
  auto names = result::btf_kind_names(seen.btf_kinds);
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ","));
}

Value statistic(const Observation& seen, Field field) {
  const auto found = result::parse_verification(seen.log_tail.empty() ? seen.log_head : seen.log_tail);
  if (!found) return {};
  switch (field) {
    case Field::insns:
      return number(found->insns);
    case Field::states:
      return number(found->states);
    case Field::peak_states:
      return number(found->peak_states);
    case Field::stack:
      return number(found->stack);
    default:
      return number(found->time_us);
  }
}

// Of the measured calls: absent where calls could not be recorded.
Value of_measured_calls(const Observation& seen, Field field) {
  if (seen.decided_by == DecidedBy::unknown) return {};
  uint64_t loads = 0, moved = 0;
  Value attr_size;
  for (const auto& call : seen.calls) {
    if (!call.measured) continue;
    ++loads;
    moved += call.length;
    attr_size = number(uint64_t{call.attr_size});
  }
  if (field == Field::loads) return number(loads);
  return field == Field::moved ? number(moved) : attr_size;
}

Value calls(const Observation& seen, bool probes) {
  if (seen.decided_by == DecidedBy::unknown) return {};
  return fmt::format("{}", fmt::join(call_texts(seen, probes), " "));
}

Value kernel_errno(const Observation& seen) {
  if (seen.decided_by != DecidedBy::kernel) return {};
  return base::errno_name(seen.kernel_errno);
}

}  // namespace

const std::string* text_of(const Value& value) {
  if (const auto* stored = std::get_if<const std::string*>(&value)) return *stored;
  return std::get_if<std::string>(&value);
}

Value value_of(const result::CellRecord& cell, Field field) {
  const Observation& seen = cell.attempt.observation;
  switch (field) {
    case Field::outcome:
      return std::string(name(result::classify(cell.attempt)));
    case Field::error:
      return base::errno_name(seen.error);
    case Field::kernel_errno:
      return kernel_errno(seen);
    case Field::decided_by:
      return std::string(name(seen.decided_by));
    case Field::kept:
      return std::string(name(seen.kept));
    case Field::log_head:
      return &seen.log_head.str();
    case Field::log_tail:
      return &seen.log_tail.str();
    case Field::log_sha256:
      // Two cells without a text are no two equal texts.
      if (seen.log_sha256.empty()) return {};
      return &seen.log_sha256;
    case Field::messages:
      return &seen.messages.str();
    case Field::btf_kinds:
      return btf_kinds(seen);
    case Field::calls:
      return calls(seen, false);
    case Field::probes:
      return calls(seen, true);
    case Field::touched:
      return yes_or_no(seen.touched);
    case Field::verified:
      return yes_or_no(seen.verified);
    case Field::btf_unreadable:
      return yes_or_no(seen.btf_unreadable);
    case Field::log_true_size:
      return number(seen.log_true_size);
    case Field::true_size:
      return number(seen.true_size);
    case Field::api_true_size:
      return number(seen.api_true_size);
    case Field::buffer_size:
      return number(seen.buffer_size);
    case Field::log_length:
      return number(seen.log_length);
    case Field::overrun:
      return number(uint64_t{seen.overrun});
    case Field::return_value:
      return seen.return_value;
    case Field::level:
      return number(uint64_t{cell.mode.level});
    case Field::loads:
    case Field::moved:
    case Field::attr_size:
      return of_measured_calls(seen, field);
    case Field::insns:
    case Field::states:
    case Field::peak_states:
    case Field::stack:
    case Field::time_us:
      return statistic(seen, field);
  }
  return {};
}

std::string field_text(const result::CellRecord& cell, Field field) {
  const Value value = value_of(cell, field);
  if (const auto* number = std::get_if<int64_t>(&value)) return fmt::format("{}", *number);
  const std::string* text = text_of(value);
  if (text == nullptr || text->empty()) return "absent";
  if (text->size() <= kShown) return *text;
  // A log's end says more than its beginning, but for the head itself.
  if (field == Field::log_tail) return "…" + base::printable(text->substr(text->size() - kShown));
  return base::printable(text->substr(0, kShown)) + "…";
}

}  // namespace bpfmatrix::law
