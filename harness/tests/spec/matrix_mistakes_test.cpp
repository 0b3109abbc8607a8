// A corpus of bad matrices: data/bad/*.yaml, each with the mistakes that must be told, in order, in
// lines "#! line:column: text" of its own (comments, at the end where that is possible).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> corpus() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(BPFM_TEST_DATA) / "bad"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> expected_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("#! ")) lines.push_back(line.substr(3));
  return lines;
}

class BadMatrix : public ::testing::TestWithParam<fs::path> {};

TEST_P(BadMatrix, every_mistake_is_told_in_order_and_nothing_else) {
  const auto text = base::read_file(GetParam());
  ASSERT_TRUE(text);
  const auto expected = expected_of(*text);
  ASSERT_FALSE(expected.empty());
  const auto matrix = parse_matrix(GetParam(), three_kernels(), three_loaders(), {});
  ASSERT_FALSE(matrix);
  EXPECT_EQ(matrix.error().kind, base::ErrorKind::invalid_input);
  std::vector<std::string> told;
  std::istringstream in(matrix.error().message);
  const std::string prefix = GetParam().string() + ":";
  for (std::string line; std::getline(in, line);)
    told.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
  EXPECT_EQ(told, expected);
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadMatrix, ::testing::ValuesIn(corpus()),
                         [](const auto& info) { return info.param.stem().string(); });

TEST(MatrixMistakes, a_missing_matrix_is_an_error_with_its_name) {
  const auto matrix = parse_matrix("/nowhere/m.yaml", three_kernels(), three_loaders(), {});
  ASSERT_FALSE(matrix);
  EXPECT_EQ(matrix.error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(matrix.error().message,
            "/nowhere/m.yaml: open /nowhere/m.yaml: No such file or directory");
}

TEST(MatrixMistakes, a_matrix_with_a_hole_in_it_is_read_or_refused_with_places) {
  Scratch scratch;
  const auto good = base::read_file(BPFM_SOURCE "/matrices/quick.yaml");
  ASSERT_TRUE(good);
  EXPECT_TRUE(rc::check([&] {
    std::string text = *good;
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    text.erase(at, *rc::gen::inRange<size_t>(1, 40));
    const auto file = scratch.path("m.yaml");
    std::ofstream(file) << text;
    const auto matrix = parse_matrix(file, three_kernels(), three_loaders(), {});
    if (matrix) return;
    for (const auto& line : lines(matrix.error(), scratch)) RC_ASSERT(line.starts_with("m.yaml:"));
  }));
}

TEST(MatrixMistakes, an_empty_matrix_is_told_as_such) {
  EXPECT_THAT(mistakes(""),
              ::testing::ElementsAre("m.yaml:1:1: a matrix must be a mapping, not empty"));
}

TEST(MatrixMistakes, text_of_the_file_is_harmless_in_messages) {
  const auto told = mistakes(with("\"\\e[31m\": 1\n"));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].find('\x1b'), std::string::npos);
  const auto long_word = mistakes(with(std::string(5000, 'x') + "y: 1\n"));
  ASSERT_EQ(long_word.size(), 1u);
  EXPECT_LT(long_word[0].size(), 400u);
}

}  // namespace
}  // namespace bpfmatrix::spec
