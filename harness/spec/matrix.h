// A matrix file: which kernels, loaders, programs and log modes to cross, what to leave out, what
// to expect, and the limits. Every key is explained in matrices/README.md.
//
// parse_matrix() is the only reader. It knows no catalogue of programs (globs are resolved by
// plan::expand) but resolves kernel and loader entries written in the matrix itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "spec/catalogue.h"
#include "spec/diagnostics.h"
#include "spec/law.h"
#include "spec/log_mode.h"

namespace bpfmatrix::spec {

// Which cells a rule is about. An empty list says nothing, i.e. matches all.
struct Selector {
  std::vector<std::string> kernels;   // globs over ids
  std::vector<std::string> loaders;
  std::vector<std::string> programs;
  std::vector<Interface> interfaces;
  std::vector<uint32_t> levels;
  std::vector<Buffer> buffers;

  [[nodiscard]] bool matches(const std::string& kernel, const std::string& loader,
                             const std::string& program, const LogMode& mode) const;
};

struct Exclusion {
  Selector selector;
  std::string reason;  // shown at the cells, which are SKIP/FILTERED
  Place place;
};

// What must be observed where `selector` matches; an absent field is not looked at.
struct Expectation {
  Selector selector;
  std::optional<std::string> outcome;     // "LOADED", "LOG_TRUNCATED": a name of result::Outcome
  std::optional<std::string> error;       // errno by name, "0" for success
  std::optional<std::string> decided_by;  // "kernel", "library", "unknown"
  std::optional<std::string> kept;        // "all", "head", "tail", "none"
  std::string reason;                     // why it is expected; shown when it fails
  Place place;
};

// Programs with the modes they run in: one entry under `programs:`.
struct ProgramChoice {
  std::vector<std::string> match;   // globs over program ids, or paths of objects (*.o)
  std::vector<std::string> except;  // globs
  std::vector<LogMode> modes;       // sets already expanded
  std::optional<std::chrono::milliseconds> cell_limit;  // instead of limits.cell
  Place place;
};

// The names that `outcome:` takes: those of result::Outcome, which this layer cannot include; a
// test of result/ holds the two against each other.
[[nodiscard]] const std::vector<std::string>& known_outcomes();

// Which cells share a machine: all of a kernel; those of one program, whatever their loader and mode;
// none. A machine that is not shared is restored pristine for each.
enum class Isolation { boot, program, cell };
[[nodiscard]] std::string_view name(Isolation isolation);  // "boot", "program", "cell"

struct Limits {
  std::chrono::milliseconds cell{10'000};  // one load, before scaling by the measured slowdown
  std::chrono::milliseconds boot{20'000};  // start of the machine to the agent's hello, likewise
  uint64_t memory = uint64_t{256} << 20;   // bytes of a machine
  uint64_t max_cells = 100'000;            // a plan with more is refused
};

struct Matrix {
  std::string name;                       // the file's stem
  std::filesystem::path file;
  std::vector<std::string> kernels;       // globs over the catalogue and `kernel_entries`
  std::vector<std::string> loaders;       // likewise
  std::vector<KernelEntry> kernel_entries;  // written in the matrix (`file:`)
  std::vector<LoaderEntry> loader_entries;  // written in the matrix (`checkout:`, `git:`)
  std::vector<std::string> required_kernels;  // globs; a MISS of these fails the run
  std::vector<ProgramChoice> programs;
  // What `laws:` selects, with the features that the conditions need; their cells are planned
  // besides those of `programs`, which may then be empty. The names are as written, but for paths of
  // law files, which are absolute.
  std::vector<Law> laws;
  std::vector<std::string> law_names;
  std::vector<Exclusion> exclusions;
  std::vector<Expectation> expectations;
  Limits limits;
  Isolation isolation = Isolation::boot;
};

// Reads `file` and what it `extends:`. All mistakes at once in one invalid_input Error, a line
// "file:line:column: what, did you mean" each. `kernels` and `loaders` serve to check that every
// glob matches something, `list_tags` to find the loaders of a family (git_loaders.h); `known_laws`
// are those that `laws:` can name.
base::Result<Matrix> parse_matrix(const std::filesystem::path& file, const KernelCatalogue& kernels,
                                  const LoaderCatalogue& loaders,
                                  const std::vector<Law>& known_laws,
                                  const TagLister& list_tags = {});

}  // namespace bpfmatrix::spec
