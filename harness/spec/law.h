// A law file: a named statement about observations, with the cells that it looks at, the condition
// under which it applies, and what must be seen then. One file per law, harness/laws/<id>.yaml;
// the format's page is harness/laws/README.md.
//
// A *law* must hold: a cell that contradicts it is a finding. A *feature* is only measured: yes or
// no for a kernel, a loader or a pair of them; laws take features as their conditions, so that no
// condition needs a kernel's version (distributions backport). Plain data; nothing is evaluated here
// (law/). Reading refuses what could never be seen or never apply, each mistake with its place.
// Functions are pure but for the files that they read; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"
#include "spec/log_mode.h"

namespace bpfmatrix::spec {

// What a check can look at. The order is that of the table in law.cpp.
enum class Field {
  // words; kernel_errno is absent where the kernel did not decide
  outcome,
  error,
  kernel_errno,
  decided_by,
  kept,
  // texts; may be empty
  log_head,
  log_tail,
  log_sha256,
  messages,
  btf_kinds,
  // lists
  calls,   // the program's own bpf() calls, one text each: "P(1,16777215)=ENOSPC"
  probes,  // the library's feature probes, likewise
  // yes or no
  touched,
  verified,
  btf_unreadable,
  // numbers; optional ones may be absent
  log_true_size,
  true_size,
  api_true_size,  // what the library left in its option
  buffer_size,
  log_length,
  overrun,
  return_value,
  level,      // of the cell's mode
  loads,      // measured calls
  moved,      // bytes of log text that all measured calls wrote together
  attr_size,  // of the last measured call
  insns,      // the verifier's statistics; absent without them
  states,
  peak_states,
  stack,
  time_us,
};
enum class FieldKind { word, text, list, yes_no, number };
[[nodiscard]] std::string_view name(Field field);  // "errno" for error
[[nodiscard]] FieldKind kind_of(Field field);
[[nodiscard]] std::optional<Field> parse_field(std::string_view name);
[[nodiscard]] const std::vector<std::string>& field_names();

// "log_length", "other.log_length - 1", "4096", "ENOSPC".
struct Operand {
  enum class Kind { text, number, field } kind = Kind::text;
  std::string text;     // of a text; may be a glob (* ? [...])
  int64_t number = 0;   // of a number; of a field: what is added
  Field field = Field::error;
  bool of_other = false;  // field of the other cell
};

// One line of `then`, `where` or `holds`: a field (of the cell or of the other one) against
// operands. Written as `field: value`, see the README of the laws.
struct Check {
  enum class Op {
    any_of,   // texts: one of the operands matches (globs); numbers: one is equal
    none_of,  // "!X": none is
    less,     // these four of numbers
    less_equal,
    greater,
    greater_equal,
    equal,  // these two of numbers, or of two fields that are texts
    not_equal,
    present,  // of an optional number, or of a text that may be empty
    absent,
    sequence,  // calls, probes: each element matches its operand's glob, in order; "..." any number
  };
  Field field = Field::error;
  bool of_other = false;
  Op op = Op::any_of;
  std::vector<Operand> operands;
  std::string text;  // as written, "errno: EINVAL": for messages and pages
  Place place;
};

// A part of a condition.
struct Requirement {
  enum class Kind { feature, version } kind = Kind::feature;
  bool negated = false;       // feature: must be measured as "no"
  std::string feature;        // id of a feature
  std::string loader_kind;    // version: "libbpf"
  Check::Op op = Check::Op::greater_equal;
  std::string version;        // "1.2"
  std::string text;           // as written
  Place place;
};

struct Case {
  std::vector<Requirement> when;  // all must hold; empty: always
  std::vector<Check> then;        // all must be seen
  std::string text;               // what the case says, for people; may be empty
};

// Cells in which the law is known not to hold. Reported when nothing in its range contradicts the
// law: knowledge that has gone stale.
struct Exception {
  std::vector<std::string> kernels, loaders, programs;  // globs; empty: all
  std::vector<uint32_t> levels;                         // empty: all
  std::vector<Buffer> buffers;                          // empty: all
  std::vector<Check> then;                              // what is seen instead; empty: anything else
  std::string reason;
  std::string source;
  Place place;
};

// The cell that each cell is held against: the same kernel and program, with what is written here
// in place of the cell's own.
struct Other {
  std::optional<std::string> loader, program;  // ids
  std::optional<Interface> interface;
  std::optional<uint32_t> level;
  uint32_t or_level = 0;  // "|8": bits added to the cell's level
  uint32_t drop_level = 0;  // "&~8": bits taken off
  std::optional<Buffer> buffer;
  std::optional<std::map<std::string, std::string>> extra;
  Place place;

  [[nodiscard]] LogMode mode_of(const LogMode& mode) const;
};

struct Law {
  enum class Kind { law, feature } kind = Kind::law;
  enum class Axis { kernel, loader, pair } axis = Axis::kernel;  // what its range is drawn over
  std::string id;         // the file's stem
  std::string group;      // "attributes", "truncation", …: a key of kLawGroups
  std::string statement;  // one sentence
  std::string why;        // why it matters to somebody
  std::string measured;   // how it is measured, for people
  std::vector<std::string> sources;  // where the knowledge comes from
  std::string note;       // where the measurement disagrees with what was published, and so on
  std::string since;      // documented first version with its source, for display only
  // The cells it looks at, crossed: globs over ids, exact modes.
  std::vector<std::string> loaders, programs;
  Place programs_place;
  std::vector<LogMode> modes;
  std::optional<Other> other;
  std::vector<Check> where;  // a cell that does not meet them is not looked at
  std::vector<Case> cases;   // the first whose condition holds applies; a feature has exactly one
  std::vector<Exception> exceptions;
  std::filesystem::path file;
  Place place;
};

struct LawGroup {
  std::string_view id, title;
};
// In the order of the pages.
[[nodiscard]] const std::vector<LawGroup>& law_groups();

// All law files of a folder (*.yaml), by group and id. All mistakes at once in one invalid_input
// Error: unknown keys, fields and words, a condition on something that is no feature, an exception
// without reason or range, an id that is given twice. There are no circles: features have no
// conditions.
base::Result<std::vector<Law>> read_laws(const std::filesystem::path& folder);
// Law files from elsewhere, in the order given. They may ask features of `known` and of each other,
// and must not take an id of `known`.
base::Result<std::vector<Law>> read_own_laws(const std::vector<std::filesystem::path>& files,
                                             const std::vector<Law>& known);

// A name under `laws:` is a glob over ids and groups, or the path of a law file (*.yaml).
[[nodiscard]] bool names_law_file(std::string_view name);
[[nodiscard]] bool glob_selects(const std::string& glob, const Law& law);

// Those of `laws` that `names` select (a path selects the law read from it), with the features that
// their conditions need; order kept.
[[nodiscard]] std::vector<Law> select_laws(const std::vector<Law>& laws,
                                           const std::vector<std::string>& names);
// Likewise out of `known` and the law files that `names` holds, which are read: what a stored run's
// names mean today.
base::Result<std::vector<Law>> laws_named(const std::vector<std::string>& names,
                                          const std::vector<Law>& known);

}  // namespace bpfmatrix::spec
