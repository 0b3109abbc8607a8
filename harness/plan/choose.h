// Which programs run in which modes with which loaders, for the matrix and for its laws: the first
// half of expand(). Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/program.h"
#include "spec/matrix.h"

namespace bpfmatrix::plan {

// The loaders that a mode is planned with: bits by index into those of the plan. A mode of the
// matrix itself goes with all, which takes no bits.
class LoaderSet {
 public:
  // None of `count`.
  explicit LoaderSet(size_t count) : bits_(count) {}
  static LoaderSet all() { return LoaderSet(); }

  void add(size_t loader) {
    if (!bits_.empty()) bits_[loader] = true;
  }
  void add(const LoaderSet& more);
  [[nodiscard]] bool has(size_t loader) const { return bits_.empty() || bits_[loader]; }
  // How many of `loaders` loaders.
  [[nodiscard]] uint64_t count(size_t loaders) const;

 private:
  LoaderSet() = default;
  std::vector<bool> bits_;  // empty: all
};

struct Choice {
  Program program;
  std::map<spec::LogMode, LoaderSet> modes;        // sorted, as cells are
  std::optional<std::chrono::milliseconds> limit;  // instead of the matrix's own
};

// Programs in the order in which the entries of `programs:` name them, then those that only laws
// look at. `loaders` are those of the plan. Errors: as expand(), all at once. What is odd but no
// mistake is added to `notes`.
base::Result<std::vector<Choice>> choose_programs(const spec::Matrix& matrix,
                                                  const std::vector<spec::LoaderEntry>& loaders,
                                                  const std::vector<Program>& programs,
                                                  std::vector<std::string>& notes);

[[nodiscard]] bool any_glob_matches(const std::vector<std::string>& globs, const std::string& text);

}  // namespace bpfmatrix::plan
