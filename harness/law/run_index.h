// The cells of a run, found by coordinates and by mode. Pure; refers to the run, which must outlive
// it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/log_mode.h"

namespace bpfmatrix::law {

// Which entries of an axis some glob matches.
template <typename Records>
std::vector<bool> matching(const std::vector<std::string>& globs, const Records& records) {
  std::vector<bool> matches(records.size(), false);
  for (size_t i = 0; i < records.size(); ++i)
    for (const auto& glob : globs)
      if (!matches[i]) matches[i] = base::glob_matches(glob, records[i].id);
  return matches;
}

// Has the cell no observation because of trouble, instead of for a reason that stays?
[[nodiscard]] bool is_lost(const result::CellRecord& cell);

class RunIndex {
 public:
  explicit RunIndex(const result::RunRecord& run);

  [[nodiscard]] const result::RunRecord& run() const { return run_; }
  // Indexes of the cells of a mode, ascending; empty for a mode that the run has not.
  [[nodiscard]] const std::vector<uint32_t>& cells_of(const spec::LogMode& mode) const;
  // The cell at these coordinates; kNoCell: none.
  [[nodiscard]] uint32_t find(uint32_t kernel, uint32_t loader, uint32_t program,
                              const spec::LogMode& mode) const;
  // The loader or program with this id; kNoCell: none.
  [[nodiscard]] uint32_t loader(const std::string& id) const;
  [[nodiscard]] uint32_t program(const std::string& id) const;

 private:
  [[nodiscard]] uint64_t place(uint32_t kernel, uint32_t loader, uint32_t program,
                               uint32_t mode) const;

  const result::RunRecord& run_;
  std::map<spec::LogMode, uint32_t> modes_;   // number of each mode
  std::vector<std::vector<uint32_t>> cells_;  // by number of the mode
  std::unordered_map<uint64_t, uint32_t> by_place_;
};

}  // namespace bpfmatrix::law
