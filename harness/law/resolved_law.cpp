#include "law/resolved_law.h"

#include <algorithm>

#include "law/check.h"

namespace bpfmatrix::law {
namespace {

using result::AttemptState;
using result::CellRecord;

template <typename Records>
std::vector<bool> matching_or_all(const std::vector<std::string>& globs, const Records& records) {
  return globs.empty() ? std::vector<bool>(records.size(), true) : matching(globs, records);
}

template <typename T>
bool listed(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

}  // namespace

ResolvedLaw::ResolvedLaw(const spec::Law& law, const RunIndex& index) : law_(law), index_(index) {
  const auto& run = index.run();
  const auto loaders = matching(law.loaders, run.loaders);
  const auto programs = matching(law.programs, run.programs);
  std::vector<Pair> grid(run.kernels.size() * run.loaders.size());
  for (const auto& mode : law.modes)
    for (const uint32_t number : index.cells_of(mode)) {
      const auto& cell = run.cells[number];
      if (!loaders[cell.loader] || !programs[cell.program]) continue;
      auto& pair = grid[cell.kernel * run.loaders.size() + cell.loader];
      pair.kernel = cell.kernel;
      pair.loader = cell.loader;
      pair.cells.push_back(number);
    }
  for (auto& pair : grid) {
    if (pair.cells.empty()) continue;
    std::ranges::sort(pair.cells);
    // A mode that is written twice is looked at once.
    pair.cells.erase(std::unique(pair.cells.begin(), pair.cells.end()), pair.cells.end());
    pairs_.push_back(std::move(pair));
  }
  for (const auto& exception : law.exceptions)
    ranges_.push_back({matching_or_all(exception.kernels, run.kernels),
                       matching_or_all(exception.loaders, run.loaders),
                       matching_or_all(exception.programs, run.programs)});
  if (law.other && law.other->loader) other_loader_ = index.loader(*law.other->loader);
  if (law.other && law.other->program) other_program_ = index.program(*law.other->program);
}

std::vector<LookedAt> ResolvedLaw::looked_at(const Pair& pair, Verdict& why) const {
  const auto& cells = index_.run().cells;
  std::vector<LookedAt> looked_at;
  why = Verdict::not_measured;
  for (const uint32_t number : pair.cells) {
    const CellRecord& cell = cells[number];
    if (cell.attempt.state != AttemptState::measured) continue;
    LookedAt at{number, law_.other ? other_of(cell) : kNoCell};
    if (law_.other && at.other == kNoCell) continue;
    const CellRecord* other = at.other == kNoCell ? nullptr : &cells[at.other];
    why = Verdict::not_applicable;
    if (std::ranges::all_of(law_.where,
                            [&](const spec::Check& check) { return meets(check, cell, other); }))
      looked_at.push_back(at);
  }
  return looked_at;
}

// kNoCell: the run has none, or it was not measured.
uint32_t ResolvedLaw::other_of(const CellRecord& cell) const {
  const uint32_t loader = law_.other->loader ? other_loader_ : cell.loader;
  const uint32_t program = law_.other->program ? other_program_ : cell.program;
  if (loader == kNoCell || program == kNoCell) return kNoCell;
  const uint32_t other =
      index_.find(cell.kernel, loader, program, law_.other->mode_of(cell.mode));
  const bool measured = other != kNoCell && index_.run().cells[other].attempt.state ==
                                                AttemptState::measured;
  return measured ? other : kNoCell;
}

bool ResolvedLaw::covers(size_t exception, const CellRecord& cell) const {
  const auto& range = ranges_[exception];
  const auto& written = law_.exceptions[exception];
  return range.kernels[cell.kernel] && range.loaders[cell.loader] && range.programs[cell.program] &&
         listed(written.levels, cell.mode.level) && listed(written.buffers, cell.mode.buffer);
}

}  // namespace bpfmatrix::law
