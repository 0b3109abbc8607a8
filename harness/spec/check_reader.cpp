#include "spec/check_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "spec/mapping.h"
#include "spec/rules.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

using Op = Check::Op;

constexpr std::string_view kOther = "other.";
constexpr std::string_view kNumberRule =
    "a number, a comparison such as \"> 0\" or \"<= buffer_size - 1\", present or absent";

// Longer ones first: "<=" is no "<".
constexpr std::array<std::pair<std::string_view, Op>, 7> kOperators = {{
    {"<=", Op::less_equal},
    {">=", Op::greater_equal},
    {"!=", Op::not_equal},
    {"==", Op::equal},
    {"<", Op::less},
    {">", Op::greater},
    {"=", Op::equal},
}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes an operator off the front.
std::optional<Op> take_operator(std::string_view& text) {
  for (const auto& [spelling, op] : kOperators) {
    if (!text.starts_with(spelling)) continue;
    text = trimmed(text.substr(spelling.size()));
    return op;
  }
  return std::nullopt;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "4096", "-1", "4KiB", "0x8".
std::optional<int64_t> parse_number(std::string_view text) {
  const bool negative = take_prefix(text, "-");
  if (const auto level = parse_level(text)) return negative ? -int64_t{*level} : int64_t{*level};
  const auto bytes = base::parse_bytes(text);
  if (negative || !bytes || *bytes > uint64_t{1} << 62) return std::nullopt;
  return static_cast<int64_t>(*bytes);
}

bool is_glob(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// A call without wildcards: "P(2,4096)=ENOSPC", "+" behind the command with common attributes.
bool is_call(std::string_view text) {
  const auto digits = [&] {
    const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end != 0;
  };
  if (text.empty()) return false;
  if (std::string_view("PBMT").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  } else if (!digits()) {
    return false;
  }
  take_prefix(text, "+");
  if (!take_prefix(text, "(")) return false;
  if (!take_prefix(text, "{level}") && !digits()) return false;
  if (!take_prefix(text, ",")) return false;
  if (!take_prefix(text, "{buffer_size}") && !digits()) return false;
  return take_prefix(text, ")=") && is_known_errno(std::string(text));
}

// The words that a field can have; null where they are not listed.
const std::vector<std::string>* words_of(Field field) {
  static const std::vector<std::string> kYesNo = {"yes", "no"};
  if (kind_of(field) == FieldKind::yes_no) return &kYesNo;
  switch (field) {
    case Field::outcome:
      return &known_outcomes();
    case Field::decided_by:
      return &known_decided_by();
    case Field::kept:
      return &known_kept();
    default:
      return nullptr;
  }
}

bool may_be_absent(Field field) {
  const FieldKind kind = kind_of(field);
  return kind == FieldKind::number || kind == FieldKind::text || field == Field::kernel_errno;
}

// One line of a mapping of checks.
class LineReader {
 public:
  LineReader(const Entry& entry, std::string key, bool has_other, std::vector<Check>& checks,
             Diagnostics& diagnostics)
      : entry_(entry),
        key_(std::move(key)),
        has_other_(has_other),
        checks_(checks),
        begin_(checks.size()),
        diagnostics_(diagnostics) {}

  void read() {
    std::string_view field_name = entry_.key;
    blank_.place = entry_.place;
    blank_.of_other = take_prefix(field_name, kOther);
    const auto field = parse_field(field_name);
    if (!field) {
      const std::string near = did_you_mean(std::string(field_name), field_names());
      complain(entry_.place, fmt::format("unknown field {} in \"{}\"{}", quote(field_name), key_,
                                         near.empty() ? ": there are " + listed(field_names())
                                                      : near));
      return;
    }
    if (blank_.of_other && !other_is_there(entry_.place)) return;
    blank_.field = *field;
    if (kind_of(*field) == FieldKind::list) return read_sequence();
    for (const Node* item : read_texts(entry_.value, quote(entry_.key), diagnostics_))
      read_item(*item);
  }

 private:
  void complain(const Place& place, std::string message) {
    diagnostics_.add(place, std::move(message));
  }

  bool other_is_there(const Place& place) {
    if (!has_other_) complain(place, "\"other.\" is asked of a law that has no \"other\"");
    return has_other_;
  }

  // Values that belong together (`merge`) make one check; its text names them all.
  void add(Op op, std::optional<Operand> operand, const std::string& text, bool merge) {
    const auto at = std::find_if(checks_.begin() + static_cast<std::ptrdiff_t>(begin_),
                                 checks_.end(), [&](const Check& one) { return one.op == op; });
    if (merge && at != checks_.end()) {
      at->operands.push_back(*std::move(operand));
      at->text += ", " + text;
      return;
    }
    Check& check = checks_.emplace_back(blank_);
    check.op = op;
    if (operand) check.operands.push_back(*std::move(operand));
    check.text = fmt::format("{}: {}", entry_.key, text);
  }

  void read_item(const Node& item) {
    if (item.text == "present" || item.text == "absent") {
      if (may_be_absent(blank_.field))
        return add(item.text == "present" ? Op::present : Op::absent, std::nullopt, item.text,
                   false);
      if (words_of(blank_.field) == nullptr || kind_of(blank_.field) == FieldKind::word)
        return complain(item.place, fmt::format("{} is never absent", quote(entry_.key)));
    }
    if (kind_of(blank_.field) == FieldKind::number) return read_number(item);
    if (read_comparison_of_fields(item)) return;
    std::string_view word = item.text;
    const bool negated = take_prefix(word, "!");
    if (!word_is_good(item, std::string(word))) return;
    Operand operand;
    operand.text = word;
    add(negated ? Op::none_of : Op::any_of, std::move(operand), item.text, true);
  }

  void read_number(const Node& item) {
    std::string_view text = item.text;
    const auto op = take_operator(text);
    auto operand = read_operand(item, text);
    if (operand) add(op.value_or(Op::any_of), std::move(operand), item.text, !op);
  }

  std::optional<Operand> read_operand(const Node& item, std::string_view text) {
    Operand operand;
    if (const auto number = parse_number(text)) {
      operand.kind = Operand::Kind::number;
      operand.number = *number;
      return operand;
    }
    const bool is_name = !text.empty() && text.front() >= 'a' && text.front() <= 'z';
    if (is_name) return read_reference(item, text);
    complain(item.place, fmt::format("{} is {}: must be {}", quote(entry_.key), quote(item.text),
                                     kNumberRule));
    return std::nullopt;
  }

  // "= other.log_sha256" of anything that is no number.
  bool read_comparison_of_fields(const Node& item) {
    std::string_view text = item.text;
    const auto op = take_operator(text);
    if (!op) return false;
    if (*op != Op::equal && *op != Op::not_equal) {
      complain(item.place, fmt::format("{} is no number: it has = and != only", quote(entry_.key)));
      return true;
    }
    if (auto operand = read_reference(item, text)) add(*op, std::move(operand), item.text, false);
    return true;
  }

  // "other.log_length - 1"
  std::optional<Operand> read_reference(const Node& item, std::string_view text) {
    Operand operand;
    operand.kind = Operand::Kind::field;
    operand.of_other = take_prefix(text, kOther);
    if (operand.of_other && !other_is_there(item.place)) return std::nullopt;
    const size_t sign = text.find_first_of("+-");
    const std::string field_name(trimmed(text.substr(0, sign)));
    const auto field = parse_field(field_name);
    if (!field) {
      const std::string near = did_you_mean(field_name, field_names());
      complain(item.place,
               fmt::format("there is no field {}{}", quote(field_name),
                           near.empty() ? ": there are " + listed(field_names()) : near));
      return std::nullopt;
    }
    operand.field = *field;
    const bool number = kind_of(blank_.field) == FieldKind::number;
    if (number != (kind_of(*field) == FieldKind::number)) {
      complain(item.place, fmt::format("{} and {} cannot be compared: one is a number",
                                       quote(entry_.key), quote(field_name)));
      return std::nullopt;
    }
    if (sign == std::string_view::npos) return operand;
    const auto more = parse_number(trimmed(text.substr(sign + 1)));
    if (!more || !number) {
      complain(item.place, fmt::format("{} is {}: must be {}", quote(entry_.key), quote(item.text),
                                       number ? "a field and a number such as \"buffer_size - 1\""
                                              : "a field alone, since it is no number"));
      return std::nullopt;
    }
    operand.number = text[sign] == '-' ? -*more : *more;
    return operand;
  }

  bool word_is_good(const Node& item, const std::string& word) {
    if (word.empty()) {
      complain(item.place, fmt::format("{} is \"!\" of nothing", quote(entry_.key)));
      return false;
    }
    if (const auto* words = words_of(blank_.field)) {
      const bool matched = std::any_of(words->begin(), words->end(), [&](const std::string& one) {
        return base::glob_matches(word, one);
      });
      if (matched) return true;
      const std::string near = did_you_mean(word, *words);
      complain(item.place, fmt::format("{} {} is not known{}", entry_.key, quote(word),
                                       near.empty() ? ": one of " + listed(*words) : near));
      return false;
    }
    const bool is_errno = blank_.field == Field::error || blank_.field == Field::kernel_errno;
    if (!is_errno || is_glob(word) || is_known_errno(word)) return true;
    complain(item.place, fmt::format("{} is {}: must be a name such as ENOSPC, or 0",
                                     quote(entry_.key), quote(word)));
    return false;
  }

  void read_sequence() {
    const Node& value = entry_.value;
    if (value.kind == Node::Kind::text && read_comparison_of_fields(value)) return;
    if (value.kind == Node::Kind::list && value.items.empty()) {
      add(Op::sequence, std::nullopt, "none", false);  // []: no call at all
      return;
    }
    for (const Node* item : read_texts(value, quote(entry_.key), diagnostics_)) {
      if (item->text != "..." && !is_glob(item->text) && !is_call(item->text))
        complain(item->place,
                 fmt::format("{} is {}: must be a call such as P(2,4096)=ENOSPC, a glob of one, or "
                             "\"...\"",
                             quote(entry_.key), quote(item->text)));
      Operand operand;
      operand.text = item->text;
      add(Op::sequence, std::move(operand), item->text, true);
    }
  }

  const Entry& entry_;
  const std::string key_;
  const bool has_other_;
  std::vector<Check>& checks_;
  const size_t begin_;  // of this line's checks
  Diagnostics& diagnostics_;
  Check blank_;  // field and place of this line
};

}  // namespace

std::vector<Check> read_checks(const Node& node, const std::string& key, bool has_other,
                               Diagnostics& diagnostics) {
  std::vector<Check> checks;
  if (node.kind != Node::Kind::mapping) {
    if (node.kind != Node::Kind::refused)
      diagnostics.add(node.place,
                      fmt::format("\"{}\" must be a mapping from fields to values", key));
    return checks;
  }
  for (const auto& entry : node.entries)
    LineReader(entry, key, has_other, checks, diagnostics).read();
  if (node.entries.empty() && !node.partial)
    diagnostics.add(node.place, fmt::format("\"{}\" asks nothing", key));
  return checks;
}

}  // namespace bpfmatrix::spec
