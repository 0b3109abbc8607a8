#include <fnmatch.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace bpfmatrix::base {
namespace {

TEST(Globs, match_as_fnmatch_does) {
  std::mt19937 random(7);
  const std::vector<std::string> kElements = {"a",    "b",    "*",     "*",   "?", "[ab]",
                                              "[!a]", "[^b]", "[a-c]", "[]]", "-", "]"};
  const std::vector<std::string> kCharacters = {"a", "b", "c", "-", "]"};
  const auto some = [&](const std::vector<std::string>& parts, size_t most) {
    std::string text;
    for (size_t i = random() % (most + 1); i > 0; --i) text += parts[random() % parts.size()];
    return text;
  };
  size_t matched = 0;
  for (int round = 0; round < 100'000; ++round) {
    const auto glob = some(kElements, 7);
    const auto text = some(kCharacters, 7);
    const bool expected = ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
    ASSERT_EQ(glob_matches(glob, text), expected) << glob << " on " << text;
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, 5'000U);
  for (const auto& [glob, text] :
       {std::pair("[[:digit:]]*", "6.1"), {"\\*", "*"}, {"[]x]", "]"}, {"*", ""}})
    EXPECT_TRUE(glob_matches(glob, text)) << glob;
  EXPECT_TRUE(glob_matches("[a", "[a")) << "a bracket without an end stands for itself";
  EXPECT_FALSE(glob_matches("\\*", "x"));
  EXPECT_FALSE(glob_matches("[[:digit:]]", "x"));
}

TEST(Globs, with_thirty_asterisks_end) {
  std::string glob;
  for (int i = 0; i < 30; ++i) glob += "*a";
  EXPECT_FALSE(glob_matches(glob + "*b", std::string(255, 'a')));
  EXPECT_TRUE(glob_matches(glob + "*", std::string(255, 'a')));
}

}  // namespace
}  // namespace bpfmatrix::base
