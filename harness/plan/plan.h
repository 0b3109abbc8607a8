// The plan: every cell of a matrix, sorted into boots. Pure: nothing is read or run here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/program.h"
#include "spec/matrix.h"

namespace bpfmatrix::plan {

// (kernel, loader, program, log mode): the unit that is measured and named.
struct Cell {
  uint32_t kernel = 0;   // index into Plan::kernels
  uint32_t loader = 0;   // index into Plan::loaders
  uint32_t program = 0;  // index into Plan::programs
  spec::LogMode mode;
  std::chrono::milliseconds limit{0};  // before scaling
  // Why it is known without running that there is nothing to measure: SKIP with this reason.
  // cached: an earlier run answers it; set by the driver, never by expand().
  enum class Ruling { run, filtered, not_expressible, cached } ruling = Ruling::run;
  std::string ruling_text;
};

struct Plan {
  std::vector<spec::KernelEntry> kernels;  // catalogue order
  std::vector<spec::LoaderEntry> loaders;
  std::vector<Program> programs;
  std::vector<Cell> cells;         // sorted: kernel, loader, program, mode; each cell once
  std::vector<std::string> notes;  // for people: a glob of programs that matched nothing, ...

  // "debian-6.1/libbpf-1.1.2/trivial/prog_load:2:4096": stable from night to night.
  [[nodiscard]] std::string id(const Cell& cell) const;
};

// The objects (*.o) that the matrix names by path, each once, from the folder of the file in which
// it was written, lexically normal: what the caller reads besides the test programs.
[[nodiscard]] std::vector<std::filesystem::path> objects_named(const spec::Matrix& matrix);

// The command line's -k, -l, -p, -m globs; an empty list selects all. -m is matched against
// to_text(LogMode).
struct Selection {
  std::vector<std::string> kernels, loaders, programs, modes;
};

// Errors, all of kind invalid_input: more cells than limits.max_cells (those ruled out count too);
// a program glob of `programs:` that matches nothing (did you mean); two objects with one id.
//
// A program that several entries match runs in the union of their modes, with the first cell limit
// that one of them states; programs stand in the order in which the entries name them. A path in
// `match` selects the programs of the object with that path (see objects_named()). btf_load belongs
// to the object: it is planned once, for the first of its programs that the matrix names.
// The cells of the matrix's laws are planned besides: each law's loaders, as far as the matrix has
// them, x programs x modes, and the other cell of each; on all kernels of the plan, but never with
// a loader that no law names. A program that only laws look at comes behind the matrix's own. A
// glob of a law that matches no program is an error at the law's place. Selection, exclusions and
// limits.max_cells go for these cells as for all others.
// A selection that matches nothing gives an empty plan; notes say which glob it was. Exclusions
// make Ruling::filtered and come before all other rulings.
//
// What can be ruled out by knowledge of the object alone becomes Ruling::not_expressible:
// raw + object_load; raw or low-level load of a program with relocations (RELOCATIONS) or that
// needs an attach target (ATTACH_TARGET); btf_load of an object without BTF (NO_BTF); program or
// object load of an object without a function (NO_PROGRAM). The word begins the ruling_text.
base::Result<Plan> expand(const spec::Matrix& matrix, const spec::KernelCatalogue& kernels,
                          const spec::LoaderCatalogue& loaders,
                          const std::vector<Program>& programs, const Selection& selection);

}  // namespace bpfmatrix::plan
