#include "spec/law.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace bpfmatrix::spec {
namespace {

struct FieldRow {
  Field field;
  std::string_view name;
  FieldKind kind;
};
constexpr std::array<FieldRow, 31> kFields = {{
    {Field::outcome, "outcome", FieldKind::word},
    {Field::error, "errno", FieldKind::word},
    {Field::kernel_errno, "kernel_errno", FieldKind::word},
    {Field::decided_by, "decided_by", FieldKind::word},
    {Field::kept, "kept", FieldKind::word},
    {Field::log_head, "log_head", FieldKind::text},
    {Field::log_tail, "log_tail", FieldKind::text},
    {Field::log_sha256, "log_sha256", FieldKind::text},
    {Field::messages, "messages", FieldKind::text},
    {Field::btf_kinds, "btf_kinds", FieldKind::text},
    {Field::calls, "calls", FieldKind::list},
    {Field::probes, "probes", FieldKind::list},
    {Field::touched, "touched", FieldKind::yes_no},
    {Field::verified, "verified", FieldKind::yes_no},
    {Field::btf_unreadable, "btf_unreadable", FieldKind::yes_no},
    {Field::log_true_size, "log_true_size", FieldKind::number},
    {Field::true_size, "true_size", FieldKind::number},
    {Field::api_true_size, "api_true_size", FieldKind::number},
    {Field::buffer_size, "buffer_size", FieldKind::number},
    {Field::log_length, "log_length", FieldKind::number},
    {Field::overrun, "overrun", FieldKind::number},
    {Field::return_value, "return_value", FieldKind::number},
    {Field::level, "level", FieldKind::number},
    {Field::loads, "loads", FieldKind::number},
    {Field::moved, "moved", FieldKind::number},
    {Field::attr_size, "attr_size", FieldKind::number},
    {Field::insns, "insns", FieldKind::number},
    {Field::states, "states", FieldKind::number},
    {Field::peak_states, "peak_states", FieldKind::number},
    {Field::stack, "stack", FieldKind::number},
    {Field::time_us, "time_us", FieldKind::number},
}};

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < kFields.size(); ++i)
    if (static_cast<size_t>(kFields[i].field) != i) return false;
  return kFields.back().field == Field::time_us;
}
static_assert(rows_are_in_order(), "a field is looked up by its number");

const FieldRow& row(Field field) {
  return kFields.at(static_cast<size_t>(field));
}

void add_features(const Law& law, std::set<std::string>& ids) {
  for (const auto& one : law.cases)
    for (const auto& requirement : one.when)
      if (requirement.kind == Requirement::Kind::feature) ids.insert(requirement.feature);
}

}  // namespace

std::string_view name(Field field) {
  return row(field).name;
}

FieldKind kind_of(Field field) {
  return row(field).kind;
}

std::optional<Field> parse_field(std::string_view name) {
  for (const auto& one : kFields)
    if (one.name == name) return one.field;
  return std::nullopt;
}

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& one : kFields) names.emplace_back(one.name);
    return names;
  }();
  return kNames;
}

LogMode Other::mode_of(const LogMode& mode) const {
  LogMode other = mode;
  if (interface) other.interface = *interface;
  if (level) other.level = *level;
  other.level = (other.level | or_level) & ~drop_level;
  if (buffer) other.buffer = *buffer;
  if (extra) other.extra = *extra;
  return other;
}

const std::vector<LawGroup>& law_groups() {
  static const std::vector<LawGroup> kGroups = {
      {"attributes", "Log attributes of a load"},
      {"truncation", "A log that does not fit"},
      {"equality", "Logs that must be equal"},
      {"true-size", "The size that a log needs"},
      {"reset", "Text that is taken back"},
      {"unknown-bytes", "Bytes that a kernel does not know"},
      {"statistics", "The verifier's statistics"},
      {"btf-load", "Loads of BTF"},
      {"common", "Attributes common to all commands"},
      {"libbpf", "What libbpf makes of it"},
      {"strategies", "Ways to find a buffer that fits"},
      {"privilege", "Loads with fewer rights"},
      {"btf-kinds", "Kinds of BTF"},
  };
  return kGroups;
}

bool names_law_file(std::string_view name) {
  return name.ends_with(".yaml");
}

bool glob_selects(const std::string& glob, const Law& law) {
  return base::glob_matches(glob, law.id) || base::glob_matches(glob, law.group);
}

std::vector<Law> select_laws(const std::vector<Law>& laws, const std::vector<std::string>& names) {
  std::set<std::string> ids;
  for (const auto& law : laws) {
    const bool named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return names_law_file(name) ? law.file == name : glob_selects(name, law);
    });
    if (!named) continue;
    ids.insert(law.id);
    add_features(law, ids);  // features ask nothing themselves, so one step is all
  }
  std::vector<Law> selected;
  for (const auto& law : laws)
    if (ids.count(law.id) != 0) selected.push_back(law);
  return selected;
}

base::Result<std::vector<Law>> laws_named(const std::vector<std::string>& names,
                                          const std::vector<Law>& known) {
  std::vector<std::filesystem::path> files;
  for (const auto& name : names)
    if (names_law_file(name)) files.emplace_back(name);
  BPFM_TRY(auto own, read_own_laws(files, known));
  std::vector<Law> all = known;
  for (auto& law : own) all.push_back(std::move(law));
  return select_laws(all, names);
}

}  // namespace bpfmatrix::spec
