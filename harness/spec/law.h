// A law file: a named statement about observations, with the cells that it looks at, the condition
// under which it applies, and what must be seen then. One file per law, harness/laws/<id>.yaml;
// the format's page is harness/laws/README.md.
//
// A *law* must hold: a cell that contradicts it is a finding. A *feature* is only measured: yes or
// no for a kernel, a loader or a pair of them; laws take features as their conditions, so that no
// condition needs a kernel's version (distributions backport). Plain data, read by read_law();
// nothing is evaluated here (law/).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"
#include "spec/log_mode.h"

namespace bpfmatrix::spec {

// What a check can look at. The order is that of names() in law.cpp.
enum class Field {
  // texts
  outcome, error, kernel_errno, decided_by, kept,
  log_head, log_tail, log_sha256, messages, btf_kinds,
  calls,   // the program's own bpf() calls, one text each: "P(1,16777215)=ENOSPC"
  probes,  // the library's feature probes, likewise
  // yes or no
  touched, verified, btf_unreadable,
  // numbers; optional ones may be absent
  log_true_size, true_size, buffer_size, log_length, overrun, return_value,
  level,      // of the cell's mode
  loads,      // measured calls
  moved,      // bytes of log text that all measured calls wrote together
  attr_size,  // of the last measured call
  insns, states, peak_states, stack, time_us,  // the verifier's statistics; absent without them
};
[[nodiscard]] std::string_view name(Field field);  // "errno" for error

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
    less, less_equal, greater, greater_equal, equal, not_equal,  // numbers; equal also of two texts
    present, absent,  // of an optional number, or of a text that may be empty
    sequence,         // calls, probes: each element matches its operand's glob, in order; "..." any number
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
// Error: unknown keys, fields and features, a condition on something that is no feature, circles,
// an exception without reason or range.
base::Result<std::vector<Law>> read_laws(const std::filesystem::path& folder);
// A matrix's own law files, which may use the features of `known`.
base::Result<std::vector<Law>> read_own_laws(const std::vector<std::filesystem::path>& files,
                                             const std::vector<Law>& known);

// Those that `names` (globs over ids and groups; nothing in front) select, with the features that
// their conditions need, transitively; order kept. `selected_only`, when given, gets the ids that
// were selected themselves.
[[nodiscard]] std::vector<Law> select_laws(const std::vector<Law>& laws,
                                           const std::vector<std::string>& names);

}  // namespace bpfmatrix::spec
