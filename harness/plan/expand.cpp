#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "plan/choose.h"
#include "plan/plan.h"
#include "plan/ruling.h"
#include "spec/mapping.h"

namespace bpfmatrix::plan {
namespace {

using base::ErrorKind;

// The entries of one axis that the matrix names, the catalogue's first, each in its own order.
template <typename Entry>
std::vector<Entry> pick(const std::vector<Entry>& catalogue, const std::vector<Entry>& own,
                        const std::vector<std::string>& globs) {
  std::vector<Entry> picked;
  for (const auto* entries : {&catalogue, &own})
    for (const auto& entry : *entries)
      if (any_glob_matches(globs, entry.id)) picked.push_back(entry);
  return picked;
}

// Keeps what the command line's globs select. A glob that matches nothing becomes a note.
template <typename Entry, typename Text>
void keep_selected(std::vector<Entry>& entries, const std::vector<std::string>& globs,
                   const char* what, std::vector<std::string>& notes, Text text) {
  if (globs.empty()) return;
  std::vector<std::string> texts;
  for (const auto& entry : entries) texts.push_back(text(entry));
  for (const auto& glob : globs) {
    const bool useful = std::any_of(texts.begin(), texts.end(), [&](const std::string& one) {
      return base::glob_matches(glob, one);
    });
    if (!useful)
      notes.push_back(fmt::format("{} matches no {} of the matrix{}", spec::quote(glob), what,
                                  spec::did_you_mean(glob, texts)));
  }
  std::erase_if(entries, [&](const Entry& entry) { return !any_glob_matches(globs, text(entry)); });
}

void keep_selected_modes(std::vector<Choice>& choices, const std::vector<std::string>& globs,
                         std::vector<std::string>& notes) {
  if (globs.empty()) return;
  std::set<spec::LogMode> all;
  for (const auto& choice : choices)
    for (const auto& [mode, loaders] : choice.modes) all.insert(mode);
  std::vector<spec::LogMode> left(all.begin(), all.end());
  keep_selected(left, globs, "mode", notes,
                [](const spec::LogMode& mode) { return spec::to_text(mode); });
  const std::set<spec::LogMode> kept(left.begin(), left.end());
  for (auto& choice : choices)
    std::erase_if(choice.modes, [&](const auto& mode) { return kept.count(mode.first) == 0; });
}

void note_idle_exclusions(const std::vector<spec::Exclusion>& rules,
                          const std::vector<Choice>& choices, std::vector<std::string>& notes) {
  for (const auto& rule : rules) {
    for (const auto& glob : rule.selector.programs) {
      const bool useful = std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) {
        return base::glob_matches(glob, choice.program.id);
      });
      if (!useful)
        notes.push_back(fmt::format("{}: exclusion of {}, which is no program of the matrix",
                                    spec::to_text(rule.place), spec::quote(glob)));
    }
  }
}

uint64_t count_cells(const Plan& plan, const std::vector<Choice>& choices) {
  uint64_t cells = 0;  // of one kernel
  for (const auto& choice : choices)
    for (const auto& [mode, loaders] : choice.modes) cells += loaders.count(plan.loaders.size());
  return cells * plan.kernels.size();
}

// The cells of one (kernel, loader, program).
void append_cells(Plan& plan, const Cell& coordinates, const Choice& choice,
                  const Exclusions& exclusions, std::chrono::milliseconds limit) {
  const auto reasons =
      exclusions.reasons(coordinates.kernel, coordinates.loader, coordinates.program);
  const std::string& loader_kind = plan.loaders[coordinates.loader].kind;
  size_t index = 0;
  for (const auto& [mode, loaders] : choice.modes) {
    const std::string* reason = reasons[index++];
    if (!loaders.has(coordinates.loader)) continue;
    Cell cell = coordinates;
    cell.mode = mode;
    cell.limit = choice.limit.value_or(limit);
    if (reason != nullptr) {
      cell.ruling = Cell::Ruling::filtered;
      cell.ruling_text = *reason;
    } else if (auto why = not_expressible(loader_kind, choice.program, mode.interface)) {
      cell.ruling = Cell::Ruling::not_expressible;
      cell.ruling_text = std::move(*why);
    }
    plan.cells.push_back(std::move(cell));
  }
}

template <typename Entry>
bool any_matches(const std::vector<std::string>& globs, const std::vector<Entry>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return any_glob_matches(globs, entry.id); });
}

// What laws need and the matrix lacks. That it has none of a law's own loaders is no need: the law
// says nothing of this matrix then.
void note_missing_loaders(const spec::Matrix& matrix,
                                  const std::vector<spec::LoaderEntry>& loaders,
                                  std::vector<std::string>& notes) {
  for (const auto& law : matrix.laws) {
    const bool measured = any_matches(law.loaders, loaders);
    if (law.kind == spec::Law::Kind::feature && !measured)
      notes.push_back(
          fmt::format("feature {} is measured with {}, and the matrix has no such loader: laws "
                      "that ask it stay undecided",
                      law.id, spec::listed(law.loaders)));
    if (measured && law.other && law.other->loader && !any_matches({*law.other->loader}, loaders))
      notes.push_back(
          fmt::format("law {} is held against loader {}, which the matrix does not have", law.id,
                      *law.other->loader));
  }
}

}  // namespace

std::string Plan::id(const Cell& cell) const {
  return fmt::format("{}/{}/{}/{}", kernels[cell.kernel].id, loaders[cell.loader].id,
                     programs[cell.program].id, spec::to_text(cell.mode));
}

base::Result<Plan> expand(const spec::Matrix& matrix, const spec::KernelCatalogue& kernels,
                          const spec::LoaderCatalogue& loaders,
                          const std::vector<Program>& programs, const Selection& selection) {
  Plan plan;
  plan.kernels = pick(kernels.kernels, matrix.kernel_entries, matrix.kernels);
  plan.loaders = pick(loaders.loaders, matrix.loader_entries, matrix.loaders);
  note_missing_loaders(matrix, plan.loaders, plan.notes);
  // Kernels and loaders are selected first: the modes of laws name loaders by their numbers.
  const auto id = [](const auto& entry) { return entry.id; };
  keep_selected(plan.kernels, selection.kernels, "kernel", plan.notes, id);
  keep_selected(plan.loaders, selection.loaders, "loader", plan.notes, id);
  BPFM_TRY(auto choices, choose_programs(matrix, plan.loaders, programs, plan.notes));
  note_idle_exclusions(matrix.exclusions, choices, plan.notes);

  keep_selected(choices, selection.programs, "program", plan.notes,
                [](const Choice& choice) { return choice.program.id; });
  keep_selected_modes(choices, selection.modes, plan.notes);
  std::erase_if(choices, [](const Choice& choice) { return choice.modes.empty(); });
  for (const auto& choice : choices) plan.programs.push_back(choice.program);

  const uint64_t count = count_cells(plan, choices);
  if (count > matrix.limits.max_cells)
    return base::fail(
        ErrorKind::invalid_input,
        "{}: {} cells, more than limits.max_cells, {}: select fewer or raise the limit",
        matrix.file.string(), count, matrix.limits.max_cells);
  plan.cells.reserve(count);
  const Exclusions exclusions(matrix.exclusions, plan.kernels, plan.loaders, choices);
  Cell at;
  for (at.kernel = 0; at.kernel < plan.kernels.size(); ++at.kernel)
    for (at.loader = 0; at.loader < plan.loaders.size(); ++at.loader)
      for (at.program = 0; at.program < choices.size(); ++at.program)
        append_cells(plan, at, choices[at.program], exclusions, matrix.limits.cell);
  return plan;
}

}  // namespace bpfmatrix::plan
