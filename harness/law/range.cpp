#include "law/range.h"

#include <fmt/core.h>

#include <algorithm>

#include "spec/catalogue.h"

namespace bpfmatrix::law {
namespace {

Answer joined(Answer a, Answer b) {
  if (a == Answer::unknown) return b;
  if (b == Answer::unknown || a == b) return a;
  return Answer::mixed;
}

// Puts a point on the line of its name; lines stand in the order of their first point.
void put(std::vector<Line>& lines, const std::string& name, Measured point) {
  auto line = std::ranges::find(lines, name, &Line::name);
  if (line == lines.end()) line = lines.insert(lines.end(), Line{name, {}});
  line->points.push_back(std::move(point));
}

void sort_points(std::vector<Line>& lines) {
  for (auto& line : lines)
    std::ranges::stable_sort(line.points, [](const Measured& a, const Measured& b) {
      return spec::compare_versions(a.version, b.version) < 0;
    });
}

// "(not on A, B)": the measured neighbours of a stretch.
std::string neighbours(const std::string& before, const std::string& after) {
  if (before.empty() && after.empty()) return {};
  return fmt::format(" (not on {}{}{})", before, before.empty() || after.empty() ? "" : ", ", after);
}

std::string text_of(const Range& range) {
  const auto around = neighbours(range.before_first, range.after_last);
  const bool oldest = range.before_first.empty();
  // Yes in all that was measured: both ends are told.
  if (range.after_last.empty() && oldest && range.first != range.last)
    return fmt::format("≤{} … {}", range.first, range.last);
  if (range.after_last.empty())
    return fmt::format("{}{}{}", oldest ? "≤" : "", range.first, around);
  if (range.first == range.last)
    return fmt::format("{} {}{}", oldest ? "up to" : "only", range.first, around);
  return fmt::format("{}{} … {}{}", oldest ? "≤" : "", range.first, range.last, around);
}

}  // namespace

std::vector<Range> ranges(const Line& line) {
  std::vector<Range> found;
  std::string other;  // the last measured point that does not say yes
  bool open = false;
  for (const auto& point : line.points) {
    if (point.answer == Answer::unknown) continue;
    if (point.answer == Answer::yes) {
      if (!open) found.push_back({point.version, other, {}, {}});
      found.back().last = point.version;
      open = true;
    } else {
      if (open) found.back().after_last = point.version;
      other = point.version;
      open = false;
    }
  }
  return found;
}

std::string range_text(const Line& line) {
  std::string mixed;
  bool measured = false;
  for (const auto& point : line.points) {
    measured |= point.answer != Answer::unknown;
    if (point.answer == Answer::mixed) mixed += (mixed.empty() ? "" : ", ") + point.version;
  }
  if (!measured) return "not measured";
  std::string text;
  for (const auto& range : ranges(line)) text += (text.empty() ? "" : ", again ") + text_of(range);
  if (text.empty()) text = "never";
  return mixed.empty() ? text : fmt::format("{}; in part: {}", text, mixed);
}

Answer answer_of(const Point& point) {
  switch (point.verdict) {
    case Verdict::holds:
      return Answer::yes;
    case Verdict::broken:
      return Answer::no;
    case Verdict::excepted:
      return point.against == point.cells ? Answer::no : Answer::mixed;
    case Verdict::mixed:
      return Answer::mixed;
    case Verdict::not_measured:
    case Verdict::undecided:
    case Verdict::not_applicable:
      return Answer::unknown;
  }
  return Answer::unknown;
}

std::vector<Line> kernel_lines(const Result& result, const result::RunRecord& run,
                               const std::optional<uint32_t>& loader) {
  std::vector<Answer> answers(run.kernels.size(), Answer::unknown);
  for (const auto& point : result.points)
    if (!loader || point.loader == *loader)
      answers[point.kernel] = joined(answers[point.kernel], answer_of(point));
  std::vector<Line> lines;
  for (size_t i = 0; i < run.kernels.size(); ++i) {
    const auto& kernel = run.kernels[i];
    put(lines, kernel.vendor,
        {kernel.id, kernel.upstream.empty() ? kernel.series : kernel.upstream, answers[i]});
  }
  sort_points(lines);
  return lines;
}

std::vector<Line> loader_lines(const Result& result, const result::RunRecord& run,
                               const std::optional<uint32_t>& kernel) {
  std::vector<Answer> answers(run.loaders.size(), Answer::unknown);
  for (const auto& point : result.points)
    if (!kernel || point.kernel == *kernel)
      answers[point.loader] = joined(answers[point.loader], answer_of(point));
  std::vector<Line> lines;
  for (size_t i = 0; i < run.loaders.size(); ++i) {
    const auto& loader = run.loaders[i];
    put(lines, loader.kind, {loader.id, loader.version, answers[i]});
  }
  sort_points(lines);
  return lines;
}

}  // namespace bpfmatrix::law
