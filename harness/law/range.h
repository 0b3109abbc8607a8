// Since when, until when: ranges drawn between measured points only. Pure.
//
// Points of one line (one vendor's kernels, or one kind of loader) are sorted by version. A change
// between two neighbours is told as "no on A, yes on B"; nothing is claimed of what lies between.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "law/evaluate.h"

namespace bpfmatrix::law {

enum class Answer { unknown, no, yes, mixed };

struct Measured {
  std::string id;       // "debian-6.1", "libbpf-1.2.0"
  std::string version;  // "6.1.192", "1.2.0": what is shown and sorted by
  Answer answer = Answer::unknown;
};
struct Line {
  std::string name;  // vendor or loader kind: "debian", "libbpf"
  std::vector<Measured> points;  // ascending
};

// A stretch in which the answer is yes, by versions. Points that are unknown are passed over; a
// mixed one ends it, for there the answer is not yes.
struct Range {
  // First point with yes, and the last measured other answer before it; empty: the oldest point
  // that was measured says yes already, "≤ first".
  std::string first, before_first;
  // Last point with yes and the first other answer after it; empty `after_last`: yes up to the
  // newest.
  std::string last, after_last;
};
[[nodiscard]] std::vector<Range> ranges(const Line& line);
// "≤5.10.262 … 7.3.4" (yes in all that was measured), "6.12.117 (not on 6.1.192)", "≤5.10.262 … 6.1.192 (not on 6.12.117)", "only 6.1.192
// (not on 5.10.262, 6.12.117)", "up to 5.10.262 (not on 6.1.192)"; several stretches joined by
// ", again "; "never", "not measured"; mixed answers follow: "never; in part: 6.1.192".
[[nodiscard]] std::string range_text(const Line& line);

// The answer of one verdict. Yes: holds. No: broken, or excepted in every cell. Mixed: also a law
// that is excepted in some cells only. All else is unknown.
[[nodiscard]] Answer answer_of(const Point& point);

// Kernels of the run as lines, one per vendor, each kernel's answer over the loader given, or all
// (yes: all that were measured say yes; some of them: mixed). Sorted by upstream version, the series
// where that is not known. Likewise loaders, a line per kind, over all kernels.
[[nodiscard]] std::vector<Line> kernel_lines(const Result& result, const result::RunRecord& run,
                                             const std::optional<uint32_t>& loader = {});
[[nodiscard]] std::vector<Line> loader_lines(const Result& result, const result::RunRecord& run,
                                             const std::optional<uint32_t>& kernel = {});

}  // namespace bpfmatrix::law
