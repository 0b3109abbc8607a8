#include "law/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_law.h"

namespace bpfmatrix::law {
namespace {

using result::CellRecord;
using testing::ElementsAre;

constexpr int kEinval = 22;

// "5.10=no 6.1=? 6.12=yes 7.3=part"
Line line(const std::string& text) {
  Line line{"debian", {}};
  size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    const auto equals = word.find('=');
    const auto answer = word.substr(equals + 1);
    const auto version = word.substr(0, equals);
    line.points.push_back({"k" + version, version,
                           answer == "yes"    ? Answer::yes
                           : answer == "no"   ? Answer::no
                           : answer == "part" ? Answer::mixed
                                              : Answer::unknown});
    at = end + 1;
  }
  return line;
}
std::string told(const std::string& text) {
  return range_text(line(text));
}

TEST(Range, since_a_point_with_the_last_no_before_it) {
  EXPECT_EQ(told("5.10=no 6.1=no 6.12=yes 7.3=yes"), "6.12 (not on 6.1)");
}

TEST(Range, the_oldest_point_has_it_already) {
  EXPECT_EQ(told("5.10=yes 6.1=yes"), "≤5.10 … 6.1");
  EXPECT_EQ(told("5.10=yes"), "≤5.10");
}

TEST(Range, never_and_not_measured_are_two_things) {
  EXPECT_EQ(told("5.10=no 6.1=no"), "never");
  EXPECT_EQ(told("5.10=? 6.1=no"), "never");
  EXPECT_EQ(told("5.10=? 6.1=?"), "not measured");
  EXPECT_EQ(told(""), "not measured");
}

TEST(Range, nothing_is_claimed_of_unknown_points) {
  EXPECT_EQ(told("5.10=no 6.1=? 6.12=yes"), "6.12 (not on 5.10)");
  EXPECT_EQ(told("5.10=? 6.1=? 6.12=yes"), "≤6.12");
  EXPECT_EQ(told("5.10=yes 6.1=? 6.12=yes"), "≤5.10 … 6.12");
  EXPECT_EQ(told("5.10=yes 6.1=? 6.12=no"), "up to 5.10 (not on 6.12)");
}

TEST(Range, a_stretch_can_end) {
  EXPECT_EQ(told("5.10=yes 6.1=yes 6.12=no"), "≤5.10 … 6.1 (not on 6.12)");
  EXPECT_EQ(told("5.10=no 6.1=yes 6.6=yes 6.12=no"), "6.1 … 6.6 (not on 5.10, 6.12)");
  EXPECT_EQ(told("5.10=no 6.1=yes 6.12=no"), "only 6.1 (not on 5.10, 6.12)");
}

TEST(Range, there_may_be_two_stretches) {
  EXPECT_EQ(told("5.10=yes 6.1=no 6.12=yes"), "up to 5.10 (not on 6.1), again 6.12 (not on 6.1)");
  const auto found = ranges(line("5.10=yes 6.1=no 6.12=no 7.3=yes"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].first, "5.10");
  EXPECT_EQ(found[0].before_first, "");
  EXPECT_EQ(found[0].last, "5.10");
  EXPECT_EQ(found[0].after_last, "6.1");
  EXPECT_EQ(found[1].first, "7.3");
  EXPECT_EQ(found[1].before_first, "6.12");
  EXPECT_EQ(found[1].after_last, "");
}

TEST(Range, mixed_is_neither_yes_nor_no) {
  EXPECT_EQ(told("5.10=no 6.1=part 6.12=yes"), "6.12 (not on 6.1); in part: 6.1");
  EXPECT_EQ(told("5.10=no 6.1=part"), "never; in part: 6.1");
}

// The versions and answers of the first line.
std::vector<std::pair<std::string, Answer>> points(const std::vector<Line>& lines) {
  std::vector<std::pair<std::string, Answer>> points;
  for (const auto& point : lines.at(0).points) points.emplace_back(point.version, point.answer);
  return points;
}

TEST(Lines, kernels_are_sorted_by_upstream_version_and_by_series_where_that_is_unknown) {
  auto run = made_run();
  std::swap(run.kernels[0], run.kernels[3]);  // 7.3.4 first
  run.kernels[2].upstream.clear();
  const std::vector laws = {made_law()};
  const auto findings = evaluate(laws, run);
  EXPECT_THAT(points(kernel_lines(findings.results[0], run)),
              ElementsAre(std::pair("5.10.262", Answer::yes), std::pair("6.1.192", Answer::yes),
                          std::pair("6.12", Answer::yes), std::pair("7.3.4", Answer::yes)));
}

TEST(Lines, vendors_have_lines_of_their_own) {
  auto run = made_run();
  run.kernels[1].vendor = "ubuntu";
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 1; });
  const std::vector laws = {made_feature()};
  const auto findings = evaluate(laws, run);
  const auto lines = kernel_lines(findings.results[0], run);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].name, "debian");
  EXPECT_EQ(range_text(lines[0]), "≤5.10.262 … 7.3.4");
  EXPECT_EQ(lines[1].name, "ubuntu");
  EXPECT_EQ(range_text(lines[1]), "never");
}

TEST(Lines, a_kernels_answer_is_that_of_all_its_loaders_or_of_one) {
  auto run = made_run();
  refuse(run, kEinval, [](const CellRecord& cell) { return cell.kernel == 1 && cell.loader == 2; });
  auto feature = made_feature();
  feature.loaders = {"*"};
  const std::vector laws = {feature};
  const auto findings = evaluate(laws, run);
  EXPECT_EQ(points(kernel_lines(findings.results[0], run))[1].second, Answer::mixed);
  EXPECT_EQ(points(kernel_lines(findings.results[0], run, 0))[1].second, Answer::yes);
  EXPECT_EQ(points(kernel_lines(findings.results[0], run, 2))[1].second, Answer::no);
}

TEST(Lines, loaders_are_sorted_by_version_per_kind) {
  auto run = made_run();
  std::swap(run.loaders[1], run.loaders[2]);
  run.loaders[1].version = "1.10";
  auto feature = made_feature();
  feature.loaders = {"libbpf-*"};
  const std::vector laws = {feature};
  const auto findings = evaluate(laws, run);
  const auto lines = loader_lines(findings.results[0], run, 0);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].name, "raw");
  EXPECT_EQ(range_text(lines[0]), "not measured");
  EXPECT_EQ(lines[1].name, "libbpf");
  EXPECT_EQ(lines[1].points[0].version, "0.3");
  EXPECT_EQ(lines[1].points[1].version, "1.10");
}

TEST(Lines, the_verdicts_of_a_law_are_answers) {
  Point point;
  const auto answer = [&](Verdict verdict, uint32_t cells, uint32_t against) {
    point.verdict = verdict;
    point.cells = cells;
    point.against = against;
    return answer_of(point);
  };
  EXPECT_EQ(answer(Verdict::holds, 2, 0), Answer::yes);
  EXPECT_EQ(answer(Verdict::broken, 2, 1), Answer::no);
  EXPECT_EQ(answer(Verdict::excepted, 2, 2), Answer::no);
  EXPECT_EQ(answer(Verdict::excepted, 2, 1), Answer::mixed);
  EXPECT_EQ(answer(Verdict::mixed, 2, 1), Answer::mixed);
  EXPECT_EQ(answer(Verdict::undecided, 2, 0), Answer::unknown);
  EXPECT_EQ(answer(Verdict::not_applicable, 0, 0), Answer::unknown);
  EXPECT_EQ(answer(Verdict::not_measured, 0, 0), Answer::unknown);
}

}  // namespace
}  // namespace bpfmatrix::law
