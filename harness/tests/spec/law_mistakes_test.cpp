// A corpus of bad laws: data/bad_laws/*.yaml, each with the mistakes that must be told, in order, in
// lines "#! line:column: text" of its own. `good-feature` can be asked, `good-law` is a law.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "scratch.h"
#include "spec/law.h"

namespace bpfmatrix::spec {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> corpus() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(BPFM_TEST_DATA) / "bad_laws"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class BadLaw : public ::testing::TestWithParam<fs::path> {};

TEST_P(BadLaw, every_mistake_is_told_in_order_and_nothing_else) {
  const auto text = base::read_file(GetParam());
  ASSERT_TRUE(text);
  std::vector<std::string> expected;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("#! ")) expected.push_back(line.substr(3));
  ASSERT_FALSE(expected.empty());
  Law feature;
  feature.kind = Law::Kind::feature;
  feature.id = "good-feature";
  Law law;
  law.id = "good-law";
  const auto laws = read_own_laws({GetParam()}, {feature, law});
  ASSERT_FALSE(laws);
  EXPECT_EQ(laws.error().kind, base::ErrorKind::invalid_input);
  std::vector<std::string> told;
  std::istringstream message(laws.error().message);
  const std::string prefix = GetParam().string() + ":";
  for (std::string line; std::getline(message, line);)
    told.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
  EXPECT_EQ(told, expected);
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadLaw, ::testing::ValuesIn(corpus()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace bpfmatrix::spec
