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

// A stretch in which the answer is yes.
struct Range {
  // First point with yes, and the last measured no before it; no "no" before it: "≤ first".
  std::string first, before_first;
  // Last point with yes and the first no after it; empty `after_last`: yes up to the newest.
  std::string last, after_last;
};
[[nodiscard]] std::vector<Range> ranges(const Line& line);
// "≤5.10.262", "6.12.117 (not on 6.1.192)", "5.10.262 … 6.1.192 (not on 6.12.117)", "never", "not
// measured", "in part: …" for mixed answers.
[[nodiscard]] std::string range_text(const Line& line);

// Kernels of the run as lines, one per vendor, each kernel's answer over all loaders given (yes: all
// that were measured say yes). Likewise loaders over all kernels.
[[nodiscard]] std::vector<Line> kernel_lines(const Result& result, const result::RunRecord& run,
                                             const std::optional<uint32_t>& loader = {});
[[nodiscard]] std::vector<Line> loader_lines(const Result& result, const result::RunRecord& run,
                                             const std::optional<uint32_t>& kernel = {});

}  // namespace bpfmatrix::law
