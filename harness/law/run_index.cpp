#include "law/run_index.h"

namespace bpfmatrix::law {
namespace {

template <typename Records>
uint32_t position(const Records& records, const std::string& id) {
  for (uint32_t i = 0; i < records.size(); ++i)
    if (records[i].id == id) return i;
  return kNoCell;
}

}  // namespace

bool is_lost(const result::CellRecord& cell) {
  using result::AttemptState;
  switch (cell.attempt.state) {
    case AttemptState::measured:
    case AttemptState::not_expressible:
    case AttemptState::not_measurable:
    case AttemptState::filtered:
      return false;
    default:
      return true;
  }
}

RunIndex::RunIndex(const result::RunRecord& run) : run_(run) {
  // All modes first: a place is counted with their number.
  std::vector<uint32_t> mode_of;
  mode_of.reserve(run.cells.size());
  for (const auto& cell : run.cells) {
    const auto number = static_cast<uint32_t>(modes_.size());
    mode_of.push_back(modes_.try_emplace(cell.mode, number).first->second);
  }
  cells_.resize(modes_.size());
  by_place_.reserve(run.cells.size());
  for (uint32_t i = 0; i < run.cells.size(); ++i) {
    const auto& cell = run.cells[i];
    cells_[mode_of[i]].push_back(i);
    by_place_[place(cell.kernel, cell.loader, cell.program, mode_of[i])] = i;
  }
}

uint64_t RunIndex::place(uint32_t kernel, uint32_t loader, uint32_t program, uint32_t mode) const {
  const uint64_t row = uint64_t{kernel} * run_.loaders.size() + loader;
  return (row * run_.programs.size() + program) * modes_.size() + mode;
}

const std::vector<uint32_t>& RunIndex::cells_of(const spec::LogMode& mode) const {
  static const std::vector<uint32_t> kNone;
  const auto at = modes_.find(mode);
  return at == modes_.end() ? kNone : cells_[at->second];
}

uint32_t RunIndex::find(uint32_t kernel, uint32_t loader, uint32_t program,
                        const spec::LogMode& mode) const {
  const auto number = modes_.find(mode);
  if (number == modes_.end()) return kNoCell;
  const auto at = by_place_.find(place(kernel, loader, program, number->second));
  return at == by_place_.end() ? kNoCell : at->second;
}

uint32_t RunIndex::loader(const std::string& id) const {
  return position(run_.loaders, id);
}
uint32_t RunIndex::program(const std::string& id) const {
  return position(run_.programs, id);
}

}  // namespace bpfmatrix::law
