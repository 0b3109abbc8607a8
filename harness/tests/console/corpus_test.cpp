// Consoles of real guests, and texts in the formats of kernels that were not at hand: each says at its
// head what is to be found on it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/files.h"
#include "console/title.h"
#include "fixture.h"

namespace bpfmatrix::console {
namespace {

std::vector<std::string> all_words(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) out.push_back(words(finding));
  return out;
}

// Cuts `text` into pieces of at most `most` bytes.
std::vector<std::string_view> pieces(std::string_view text, size_t most, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t n = std::min<size_t>(text.size(), 1 + random() % most);
    out.push_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return out;
}

// A variant of a console that says the same: other line ends, no time stamps, other marks.
std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

std::string with_marks(const std::string& text, const std::string& mark) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1);
    out += mark + text.substr(at, end - at + 1);
    at = end + 1;
  }
  return out;
}

TEST(Corpus, is_as_large_as_promised) {
  size_t clean = 0, recorded = 0;
  const auto fixtures = read_fixtures();
  for (const auto& fixture : fixtures) {
    clean += fixture.expected.empty() ? 1 : 0;
    recorded += fixture.source.starts_with("recorded") ? 1 : 0;
  }
  EXPECT_GE(fixtures.size() - clean, 150U);
  EXPECT_GE(clean, 40U);
  EXPECT_GE(recorded, 100U);
}

TEST(Corpus, says_what_its_heads_expect) {
  for (const auto& fixture : read_fixtures())
    EXPECT_EQ(all_words(find_in({fixture.text}, fixture.running)), fixture.expected)
        << fixture.name;
}

TEST(Corpus, says_the_same_byte_by_byte) {
  for (const auto& fixture : read_fixtures())
    EXPECT_EQ(find_in(pieces(fixture.text, 1, 0), fixture.running),
              find_in({fixture.text}, fixture.running))
        << fixture.name;
}

TEST(Corpus, says_the_same_however_it_is_cut) {
  for (const auto& fixture : read_fixtures()) {
    const auto whole = find_in({fixture.text}, fixture.running);
    for (uint32_t seed = 0; seed < 20; ++seed)
      ASSERT_EQ(find_in(pieces(fixture.text, seed < 10 ? 9 : 700, seed), fixture.running), whole)
          << fixture.name << " " << seed;
  }
}

// A driver that dies, a machine that is killed: the console ends anywhere.
TEST(Corpus, no_cut_invents_a_kind_that_the_whole_has_not) {
  for (const auto& fixture : read_fixtures()) {
    const auto whole = find_in({fixture.text}, fixture.running);
    for (size_t end = 0; end < fixture.text.size(); end += 1 + fixture.text.size() / 400) {
      const auto cut = find_in({std::string_view(fixture.text).substr(0, end)}, fixture.running);
      ASSERT_LE(cut.size(), whole.size()) << fixture.name << " cut at " << end;
      // The line at which it is cut may be less than it was going to be.
      for (size_t i = 0; i + 1 < cut.size(); ++i)
        ASSERT_EQ(cut[i].kind, whole[i].kind) << fixture.name << " cut at " << end;
    }
  }
}

TEST(Corpus, does_not_depend_on_line_ends_and_marks) {
  for (const auto& fixture : read_fixtures()) {
    const auto bare = replaced(fixture.text, "\r", "");
    const auto expected = fixture.expected;
    EXPECT_EQ(all_words(find_in({replaced(bare, "\n", "\r\n")}, fixture.running)), expected)
        << fixture.name << " with \\r\\n";
    EXPECT_EQ(all_words(find_in({replaced(bare, "\n", "\r\r\n")}, fixture.running)), expected)
        << fixture.name << " with \\r\\r\\n";
    EXPECT_EQ(all_words(find_in({with_marks(bare, "<4>")}, fixture.running)), expected)
        << fixture.name << " with levels";
  }
}

TEST(Corpus, titles_are_printable_and_short_and_stay_what_they_are) {
  for (const auto& fixture : read_fixtures())
    for (const auto& finding : find_in({fixture.text}, fixture.running)) {
      EXPECT_LE(finding.title.size(), kTitleLimit);
      EXPECT_THAT(finding.title, testing::Not(testing::IsEmpty())) << fixture.name;
      for (const char c : finding.title) EXPECT_TRUE(c >= ' ' && c <= '~') << fixture.name;
      EXPECT_EQ(normalize(finding.title), finding.title) << fixture.name;
      EXPECT_LE(finding.report.size(), size_t{8} << 10);
      EXPECT_LT(finding.offset, fixture.text.size());
    }
}

}  // namespace
}  // namespace bpfmatrix::console
