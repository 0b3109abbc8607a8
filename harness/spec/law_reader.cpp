#include "spec/law_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "spec/check_reader.h"
#include "spec/extra.h"
#include "spec/mapping.h"
#include "spec/mode_sets.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

const std::vector<std::string> kKinds = {"law", "feature"};      // order of Law::Kind
const std::vector<std::string> kAxes = {"kernel", "loader", "pair"};  // order of Law::Axis
// Loaders whose sources are what their version says. The system call has none, and a kernel's says
// nothing: distributions backport.
const std::vector<std::string> kVersioned = {"libbpf"};
const std::vector<std::string> kRanges = {"kernel", "loader", "program", "level", "buffer"};
constexpr std::string_view kConditionRule =
    "a feature, \"!feature\", or the version of a library such as \"libbpf >= 1.2\"";

std::string text_of(const Node* node, const char* key, Diagnostics& diagnostics) {
  if (node == nullptr) return "";
  const std::string* text = read_text(*node, fmt::format("\"{}\"", key), diagnostics);
  return text != nullptr ? *text : "";
}

std::vector<std::string> texts_of(const Node* node, const char* key, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  for (const Node* item : read_texts(*node, fmt::format("\"{}\"", key), diagnostics))
    texts.push_back(item->text);
  return texts;
}

// The only one of `values`, which stand at `node`.
template <typename Value>
std::optional<Value> only(const std::vector<Value>& values, const Node& node,
                          Diagnostics& diagnostics) {
  if (values.size() == 1) return values.front();
  if (values.size() > 1) diagnostics.add(node.place, "\"other\" is one cell: one value alone");
  return std::nullopt;
}

// Conditions.

std::optional<Check::Op> parse_operator(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Check::Op>, 5> kOperators = {{
      {"<", Check::Op::less},
      {"<=", Check::Op::less_equal},
      {">", Check::Op::greater},
      {">=", Check::Op::greater_equal},
      {"==", Check::Op::equal},
  }};
  for (const auto& [spelling, op] : kOperators)
    if (spelling == text) return op;
  return std::nullopt;
}

std::string without_blanks(std::string_view text) {
  std::string rest;
  for (const char c : text)
    if (c != ' ') rest += c;
  return rest;
}

// "libbpf >= 1.2"; `at` is where the operator begins.
std::optional<Requirement> read_version(const Node& node, size_t at, Diagnostics& diagnostics) {
  const std::string_view text = node.text;
  const size_t end = std::min(text.find_first_not_of("<>=!", at), text.size());
  Requirement requirement;
  requirement.kind = Requirement::Kind::version;
  requirement.loader_kind = without_blanks(text.substr(0, at));
  requirement.version = without_blanks(text.substr(end));
  const auto op = parse_operator(text.substr(at, end - at));
  const bool negated = text.starts_with('!');  // the opposite operator says it
  if (!op || negated || !is_version(requirement.version)) {
    diagnostics.add(node.place,
                    fmt::format("condition {}: must be {}", quote(text), kConditionRule));
    return std::nullopt;
  }
  requirement.op = *op;
  const std::string& kind = requirement.loader_kind;
  if (std::find(kVersioned.begin(), kVersioned.end(), kind) == kVersioned.end()) {
    diagnostics.add(node.place,
                    fmt::format("condition {}: {} has no version to ask for, only {} has; of a "
                                "kernel ask a feature, since distributions backport",
                                quote(text), quote(kind), listed(kVersioned)));
    return std::nullopt;
  }
  return requirement;
}

std::optional<Requirement> read_feature(const Node& node, Diagnostics& diagnostics) {
  Requirement requirement;
  requirement.negated = node.text.starts_with('!');
  requirement.feature = node.text.substr(requirement.negated ? 1 : 0);
  if (is_id(requirement.feature)) return requirement;
  diagnostics.add(node.place,
                  fmt::format("condition {}: must be {}", quote(node.text), kConditionRule));
  return std::nullopt;
}

std::vector<Requirement> read_condition(const Node& node, Diagnostics& diagnostics) {
  std::vector<Requirement> requirements;
  for (const Node* item : read_texts(node, "\"when\"", diagnostics)) {
    const size_t at = item->text.find_first_of("<>=");
    auto requirement = at != std::string::npos ? read_version(*item, at, diagnostics)
                                               : read_feature(*item, diagnostics);
    if (!requirement) continue;
    requirement->text = item->text;
    requirement->place = item->place;
    requirements.push_back(std::move(*requirement));
  }
  return requirements;
}

// The parts of a law.

void read_cells(const Node& node, Law& law, Diagnostics& diagnostics) {
  const auto cells = Mapping::of(node, "\"cells\"", {"loader", "program", "modes"}, diagnostics);
  if (!cells) return;
  law.loaders = texts_of(cells->require("loader"), "loader", diagnostics);
  const Node* program = cells->require("program");
  law.programs = texts_of(program, "program", diagnostics);
  law.programs_place = program != nullptr ? program->place : node.place;
  const Node* modes = cells->require("modes");
  if (modes == nullptr) return;
  ModeSets no_sets(nullptr, false, diagnostics);
  law.modes = no_sets.read(*modes, "\"modes\"");
}

// "8", "|8", "&~8".
void read_other_level(const Node& node, Other& other, Diagnostics& diagnostics) {
  const auto taken = read_value(
      node, "\"level\"", "a log level such as 8, \"|8\" (with these bits) or \"&~8\" (without)",
      diagnostics, [&](const std::string& text) -> std::optional<bool> {
        const size_t skip = text.starts_with("&~") ? 2 : text.starts_with('|') ? 1 : 0;
        const auto level = parse_level(std::string_view(text).substr(skip));
        if (!level || (skip != 0 && *level == 0)) return std::nullopt;
        if (skip == 0)
          other.level = *level;
        else
          (skip == 1 ? other.or_level : other.drop_level) = *level;
        return true;
      });
  (void)taken;  // reported where it is nothing
}

std::string read_other_id(const Node& node, const char* key, Diagnostics& diagnostics) {
  std::string id = text_of(&node, key, diagnostics);
  if (id.find_first_of("*?[") != std::string::npos)
    diagnostics.add(node.place, fmt::format("\"{}\" of \"other\" is {}: must be an id, no glob",
                                            key, quote(id)));
  return id;
}

void read_other_extra(const Node& node, Law& law, Diagnostics& diagnostics) {
  const auto extras = read_extras(&node, diagnostics);
  if (!extras) return;
  auto extra = only(*extras, node, diagnostics);
  if (!extra) return;
  std::vector<Interface> interfaces;
  std::vector<Buffer> buffers;
  for (const auto& mode : law.modes) {
    const LogMode changed = law.other->mode_of(mode);
    interfaces.push_back(changed.interface);
    buffers.push_back(changed.buffer);
  }
  if (extras_fit(&node, interfaces, buffers, diagnostics)) law.other->extra = std::move(*extra);
}

// After the cells: what varies there must fit the modes.
void read_other(const Node& node, Law& law, Diagnostics& diagnostics) {
  const auto mapping = Mapping::of(
      node, "\"other\"", {"loader", "program", "interface", "level", "buffer", "extra"},
      diagnostics);
  if (!mapping) return;
  Other& other = law.other.emplace();
  other.place = node.place;
  if (node.entries.empty() && !node.partial)
    diagnostics.add(node.place, "\"other\" is the cell itself: it says nothing");
  if (const Node* value = mapping->find("loader"))
    other.loader = read_other_id(*value, "loader", diagnostics);
  if (const Node* value = mapping->find("program"))
    other.program = read_other_id(*value, "program", diagnostics);
  if (const Node* value = mapping->find("interface"))
    other.interface = only(read_interfaces(*value, diagnostics), *value, diagnostics);
  if (const Node* value = mapping->find("level")) read_other_level(*value, other, diagnostics);
  if (const Node* value = mapping->find("buffer"))
    other.buffer = only(read_buffers(*value, diagnostics), *value, diagnostics);
  if (const Node* value = mapping->find("extra")) read_other_extra(*value, law, diagnostics);
}

void read_cases(const Node& node, Law& law, Diagnostics& diagnostics) {
  bool always = false;  // a case before applies always
  for (const Node* item : read_list(node, "\"cases\"", diagnostics)) {
    const auto mapping = Mapping::of(*item, "a case", {"when", "then", "text"}, diagnostics);
    if (!mapping) continue;
    if (always)
      diagnostics.add(item->place, "this case never applies: one before it has no \"when\"");
    Case& one = law.cases.emplace_back();
    const Node* when = mapping->find("when");
    if (when != nullptr) one.when = read_condition(*when, diagnostics);
    always = always || when == nullptr;
    if (const Node* then = mapping->require("then"))
      one.then = read_checks(*then, "then", law.other.has_value(), diagnostics);
    one.text = text_of(mapping->find("text"), "text", diagnostics);
  }
}

void read_exceptions(const Node& node, Law& law, Diagnostics& diagnostics) {
  std::vector<std::string> keys = kRanges;
  keys.insert(keys.end(), {"then", "reason", "source"});
  for (const Node* item : read_list(node, "\"exceptions\"", diagnostics)) {
    const auto mapping = Mapping::of(*item, "an exception", keys, diagnostics);
    if (!mapping) continue;
    Exception& exception = law.exceptions.emplace_back();
    exception.place = item->place;
    const bool has_range = std::any_of(kRanges.begin(), kRanges.end(), [&](const auto& key) {
      return mapping->find(key) != nullptr;
    });
    if (!has_range && !item->partial)
      diagnostics.add(item->place, "an exception of everything: it needs one of " +
                                       listed(kRanges));
    exception.kernels = texts_of(mapping->find("kernel"), "kernel", diagnostics);
    exception.loaders = texts_of(mapping->find("loader"), "loader", diagnostics);
    exception.programs = texts_of(mapping->find("program"), "program", diagnostics);
    if (const Node* value = mapping->find("level"))
      exception.levels = read_levels(*value, diagnostics);
    if (const Node* value = mapping->find("buffer"))
      exception.buffers = read_buffers(*value, diagnostics);
    if (const Node* value = mapping->find("then"))
      exception.then = read_checks(*value, "then", law.other.has_value(), diagnostics);
    exception.reason = text_of(mapping->require("reason"), "reason", diagnostics);
    exception.source = text_of(mapping->require("source"), "source", diagnostics);
  }
}

void refuse(const Mapping& top, const char* key, const char* why, Diagnostics& diagnostics) {
  if (const Node* node = top.find(key)) diagnostics.add(node->place, why);
}

// What must be seen: `cases` of a law, `holds` of a feature.
void read_body(const Mapping& top, Law& law, Diagnostics& diagnostics) {
  if (law.kind == Law::Kind::law) {
    refuse(top, "holds", "a law has \"cases\"; \"holds\" is of a feature", diagnostics);
    if (const Node* node = top.require("cases")) read_cases(*node, law, diagnostics);
    if (const Node* node = top.find("exceptions")) read_exceptions(*node, law, diagnostics);
    return;
  }
  refuse(top, "cases", "a feature has \"holds\" and no conditions; \"cases\" are of a law",
         diagnostics);
  refuse(top, "exceptions", "a feature is measured, not demanded: it has no exceptions",
         diagnostics);
  const Node* holds = top.require("holds");
  if (holds == nullptr) return;
  Case& only_case = law.cases.emplace_back();
  only_case.then = read_checks(*holds, "holds", law.other.has_value(), diagnostics);
}

template <typename Enum>
Enum read_enum(const Node* node, std::string_view key, const std::vector<std::string>& words,
               Enum otherwise, Diagnostics& diagnostics) {
  if (node == nullptr) return otherwise;
  const auto word = read_word(*node, key, words, diagnostics);
  if (!word) return otherwise;
  return static_cast<Enum>(std::find(words.begin(), words.end(), *word) - words.begin());
}

std::string read_group(const Node* node, Diagnostics& diagnostics) {
  if (node == nullptr) return "";
  std::vector<std::string> groups;
  for (const auto& group : law_groups()) groups.emplace_back(group.id);
  return read_word(*node, "group", groups, diagnostics).value_or("");
}

}  // namespace

Law read_law(const Node& root, const std::string& id, Diagnostics& diagnostics) {
  Law law;
  law.id = id;
  law.place = root.place;
  law.file = root.place.file;
  if (!is_id(id))
    diagnostics.add({root.place.file}, fmt::format("the name of a law file is its law's id, and {} "
                                                   "is none: must be {}",
                                                   quote(id), kIdRule));
  const auto top = Mapping::of(
      root, "a law",
      {"kind", "axis", "group", "statement", "why", "measured", "sources", "note", "since", "cells",
       "other", "where", "cases", "holds", "exceptions"},
      diagnostics);
  if (!top) return law;
  law.kind = read_enum(top->find("kind"), "kind", kKinds, Law::Kind::law, diagnostics);
  law.axis = read_enum(top->find("axis"), "axis", kAxes, Law::Axis::kernel, diagnostics);
  law.group = read_group(top->require("group"), diagnostics);
  law.statement = text_of(top->require("statement"), "statement", diagnostics);
  law.why = text_of(top->find("why"), "why", diagnostics);
  law.measured = text_of(top->find("measured"), "measured", diagnostics);
  const bool is_law = law.kind == Law::Kind::law;
  law.sources =
      texts_of(is_law ? top->require("sources") : top->find("sources"), "sources", diagnostics);
  law.note = text_of(top->find("note"), "note", diagnostics);
  law.since = text_of(top->find("since"), "since", diagnostics);
  if (const Node* node = top->require("cells")) read_cells(*node, law, diagnostics);
  if (const Node* node = top->find("other")) read_other(*node, law, diagnostics);
  if (const Node* node = top->find("where"))
    law.where = read_checks(*node, "where", law.other.has_value(), diagnostics);
  read_body(*top, law, diagnostics);
  return law;
}

}  // namespace bpfmatrix::spec
