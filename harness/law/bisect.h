// Where does an answer change between versions: a search with as few questions as can be. Pure: the
// oracle does what costs.
//
// Two questions settle the ends, ⌈log2 n⌉ more find one change between them. A search proves that
// there is a change between two neighbours; it does not prove that there is no other one, nor that
// there is none between ends that agree.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "law/range.h"

namespace bpfmatrix::law {

struct Bisection {
  // Indexes of two measured points with different answers; all between them are not usable.
  struct Change {
    size_t below = 0, above = 0;
  };
  std::optional<Change> change;  // none: the ends agree, or fewer than two points have an answer
  // Every question in the order in which it was asked, with its answer.
  std::vector<std::pair<size_t, Answer>> asked;

  [[nodiscard]] Answer answer(size_t point) const;  // unknown where nothing was asked
};

using Oracle = std::function<base::Result<Answer>(size_t point)>;
// Of `points` points in ascending order. A point that is unknown or mixed is no help: its neighbour
// is asked. The first Error of the oracle ends the search.
base::Result<Bisection> bisect(size_t points, const Oracle& ask);

}  // namespace bpfmatrix::law
