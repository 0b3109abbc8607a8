#include "spec/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Law> laws() {
  Law feature, law;
  feature.kind = Law::Kind::feature;
  feature.id = "log-rotates";
  law.id = "keeps-tail";
  return {feature, law};
}

base::Result<std::vector<Claim>> read(const std::string& text) {
  const auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "claims");
  EXPECT_TRUE(folder);
  const auto file = folder->path() / "claims.yaml";
  EXPECT_TRUE(base::write_file(file, text));
  return read_claims(file, laws());
}

std::string mistakes(const std::string& text) {
  const auto claims = read(text);
  if (claims) return "none";
  EXPECT_EQ(claims.error().kind, base::ErrorKind::invalid_input);
  return claims.error().message;
}

TEST(ReadClaims, a_claim_with_all_its_keys) {
  const auto claims = read(
      "claims:\n"
      "  - id: one\n"
      "    claim: It rotates.\n"
      "    quote: rotates\n"
      "    source: [here, there]\n"
      "    note: mind\n"
      "    checks:\n"
      "      - {law: log-rotates, kernel: 'debian-*', loader: raw, version: ['>= 5.2', '< 6.4'], "
      "supports: [yes, mixed]}\n"
      "      - {law: keeps-tail, supports: holds}\n"
      "  - {id: two, claim: Nothing tells., source: here}\n");
  ASSERT_TRUE(claims) << claims.error().message;
  ASSERT_EQ(claims->size(), 2u);
  const auto& one = claims->front();
  EXPECT_EQ(one.claim, "It rotates.");
  EXPECT_EQ(one.quote, "rotates");
  EXPECT_EQ(one.note, "mind");
  EXPECT_THAT(one.sources, ElementsAre("here", "there"));
  ASSERT_EQ(one.checks.size(), 2u);
  EXPECT_THAT(one.checks[0].kernels, ElementsAre("debian-*"));
  EXPECT_THAT(one.checks[0].supports, ElementsAre("yes", "mixed"));
  ASSERT_EQ(one.checks[0].versions.size(), 2u);
  EXPECT_EQ(one.checks[0].versions[1].op, VersionBound::Op::less);
  EXPECT_EQ(one.checks[0].versions[1].version, "6.4");
  EXPECT_EQ(one.checks[0].text,
            "yes or mixed on kernels debian-*; kernel >= 5.2, < 6.4; loaders raw");
  EXPECT_EQ(one.checks[1].text, "holds");
  EXPECT_TRUE(claims->back().checks.empty());
}

TEST(ReadClaims, every_mistake_is_told_with_its_place) {
  const auto told = mistakes(
      "claims:\n"
      "  - id: one\n"
      "    claim: x\n"
      "    source: y\n"
      "    truth: yes\n"
      "    checks:\n"
      "      - {law: log-rotate, supports: yes}\n"
      "      - {law: log-rotates, supports: holds}\n"
      "      - {law: keeps-tail, supports: yes}\n"
      "      - {law: keeps-tail, version: 6.4, supports: broken}\n"
      "      - {law: keeps-tail}\n"
      "  - {id: one, claim: x, source: y}\n"
      "  - {id: Two, claim: x}\n");
  EXPECT_THAT(told, AllOf(HasSubstr("claims.yaml:5:5: unknown key \"truth\""),
                          HasSubstr("claims.yaml:7:15: "), HasSubstr("\"log-rotates\"?"),
                          HasSubstr("claims.yaml:8:38: "), HasSubstr("claims.yaml:9:37: ")));
  EXPECT_THAT(told, AllOf(HasSubstr("claims.yaml:10:36: "), HasSubstr("claims.yaml:11:9: "),
                          HasSubstr("claims.yaml:12:10: there is a claim \"one\" already"),
                          HasSubstr("claims.yaml:13:10: "), HasSubstr("claims.yaml:13:5: ")));
}

TEST(ReadClaims, a_file_of_something_else_is_refused) {
  EXPECT_THAT(mistakes("laws: []\n"), HasSubstr("unknown key"));
  EXPECT_THAT(mistakes("claims: []\n"), HasSubstr("claims.yaml:1"));
  EXPECT_THAT(mistakes("- x\n"), HasSubstr("claims.yaml:1"));
}

}  // namespace
}  // namespace bpfmatrix::spec
