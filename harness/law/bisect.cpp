#include "law/bisect.h"

namespace bpfmatrix::law {
namespace {

bool is_clear(Answer answer) {
  return answer == Answer::yes || answer == Answer::no;
}

class Search {
 public:
  explicit Search(const Oracle& ask) : ask_(ask) {}

  base::Result<Bisection> find(size_t points) {
    BPFM_TRY(const auto oldest, first_clear(0, points));
    if (!oldest) return done_;
    BPFM_TRY(const auto newest, last_clear(*oldest + 1, points));
    if (!newest || done_.answer(*oldest) == done_.answer(*newest)) return done_;
    Bisection::Change change{*oldest, *newest};
    for (;;) {
      BPFM_TRY(const auto middle, clear_between(change.below, change.above));
      if (!middle) break;
      (done_.answer(*middle) == done_.answer(change.below) ? change.below : change.above) = *middle;
    }
    done_.change = change;
    return done_;
  }

 private:
  // Asks once per point.
  base::Result<bool> clear(size_t point) {
    for (const auto& [asked, answer] : done_.asked)
      if (asked == point) return is_clear(answer);
    BPFM_TRY(const auto answer, ask_(point));
    done_.asked.emplace_back(point, answer);
    return is_clear(answer);
  }

  base::Result<std::optional<size_t>> first_clear(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      BPFM_TRY(const bool good, clear(i));
      if (good) return std::optional(i);
    }
    return std::optional<size_t>();
  }
  base::Result<std::optional<size_t>> last_clear(size_t begin, size_t end) {
    for (size_t i = end; i-- > begin;) {
      BPFM_TRY(const bool good, clear(i));
      if (good) return std::optional(i);
    }
    return std::optional<size_t>();
  }
  // The clear point nearest to the middle, strictly between the two; of two as near, the older.
  base::Result<std::optional<size_t>> clear_between(size_t below, size_t above) {
    const size_t middle = below + (above - below) / 2;
    for (size_t distance = 0; distance < above - below; ++distance) {
      for (const bool older : {true, false}) {
        if (older ? distance >= middle - below : distance >= above - middle) continue;
        const size_t point = older ? middle - distance : middle + distance;
        if (point == below) continue;  // the middle of neighbours
        BPFM_TRY(const bool good, clear(point));
        if (good) return std::optional(point);
      }
    }
    return std::optional<size_t>();
  }

  const Oracle& ask_;
  Bisection done_;
};

}  // namespace

Answer Bisection::answer(size_t point) const {
  for (const auto& [one, answer] : asked)
    if (one == point) return answer;
  return Answer::unknown;
}

base::Result<Bisection> bisect(size_t points, const Oracle& ask) {
  return Search(ask).find(points);
}

}  // namespace bpfmatrix::law
