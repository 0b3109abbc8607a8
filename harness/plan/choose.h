// Which programs of a matrix run in which modes: the first half of expand(). Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/program.h"
#include "spec/matrix.h"

namespace bpfmatrix::plan {

struct Choice {
  Program program;
  std::set<spec::LogMode> modes;                   // sorted, as cells are
  std::optional<std::chrono::milliseconds> limit;  // instead of the matrix's own
};

// In the order in which the entries of `programs:` name them. Errors: as expand(), all at once.
// What is odd but no mistake is added to `notes`.
base::Result<std::vector<Choice>> choose_programs(const spec::Matrix& matrix,
                                                  const std::vector<Program>& programs,
                                                  std::vector<std::string>& notes);

[[nodiscard]] bool any_glob_matches(const std::vector<std::string>& globs, const std::string& text);

}  // namespace bpfmatrix::plan
