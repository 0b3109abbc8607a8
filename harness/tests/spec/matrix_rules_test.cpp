// exclude: and expect: of a matrix, and what a selector matches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;

const LogMode kMode{Interface::prog_load, 2, {Buffer::Kind::fixed, 4096}, {}};

bool matches(const Selector& selector, const LogMode& mode = kMode) {
  return selector.matches("debian-6.1", "libbpf-0.3", "long_fault", mode);
}

TEST(Selector, an_empty_selector_matches_everything) {
  EXPECT_TRUE(matches({}));
}

TEST(Selector, each_key_can_rule_a_cell_out_and_in) {
  const auto with_globs = [](std::vector<std::string> Selector::*key,
                             std::vector<std::string> globs) {
    Selector selector;
    selector.*key = std::move(globs);
    return selector;
  };
  EXPECT_TRUE(matches(with_globs(&Selector::kernels, {"x", "debian-*"})));
  EXPECT_FALSE(matches(with_globs(&Selector::kernels, {"debian-6.1?"})));
  EXPECT_TRUE(matches(with_globs(&Selector::loaders, {"libbpf-0.*"})));
  EXPECT_FALSE(matches(with_globs(&Selector::loaders, {"raw"})));
  EXPECT_TRUE(matches(with_globs(&Selector::programs, {"long_fault"})));
  EXPECT_FALSE(matches(with_globs(&Selector::programs, {"long"})));
  Selector selector;
  selector.interfaces = {Interface::btf_load, Interface::prog_load};
  selector.levels = {1, 2};
  selector.buffers = {Buffer{}, {Buffer::Kind::fixed, 4096}};
  EXPECT_TRUE(matches(selector));
  EXPECT_FALSE(matches(selector, {Interface::object_load, 2, {Buffer::Kind::fixed, 4096}, {}}));
  EXPECT_FALSE(matches(selector, {Interface::prog_load, 3, {Buffer::Kind::fixed, 4096}, {}}));
  EXPECT_FALSE(matches(selector, {Interface::prog_load, 2, {Buffer::Kind::null, 4096}, {}}));
}

TEST(Selector, all_keys_must_match_together) {
  Selector selector;
  selector.kernels = {"debian-6.1"};
  selector.loaders = {"raw"};
  EXPECT_FALSE(matches(selector));
  selector.loaders = {"libbpf-0.3"};
  EXPECT_TRUE(matches(selector));
}

TEST(MatrixRules, isolation_is_one_of_three_words) {
  EXPECT_EQ(parsed(with("")).isolation, Isolation::boot);
  EXPECT_EQ(parsed(with("isolation: program\n")).isolation, Isolation::program);
  EXPECT_EQ(parsed(with("isolation: cell\n")).isolation, Isolation::cell);
}

TEST(MatrixRules, exclusions_are_read) {
  const Matrix matrix = parsed(with(R"(exclude:
  - {kernel: debian-5.10, loader: [raw, "libbpf-*"], program: too_*, interface: btf_load,
     level: [1, 0x8], buffer: [none, 4KiB], reason: slow}
)"));
  ASSERT_EQ(matrix.exclusions.size(), 1u);
  const Exclusion& exclusion = matrix.exclusions[0];
  EXPECT_EQ(exclusion.reason, "slow");
  EXPECT_EQ(exclusion.place.line, 6);
  EXPECT_THAT(exclusion.selector.kernels, ElementsAre("debian-5.10"));
  EXPECT_THAT(exclusion.selector.loaders, ElementsAre("raw", "libbpf-*"));
  EXPECT_THAT(exclusion.selector.programs, ElementsAre("too_*"));
  EXPECT_THAT(exclusion.selector.interfaces, ElementsAre(Interface::btf_load));
  EXPECT_THAT(exclusion.selector.levels, ElementsAre(1u, 8u));
  EXPECT_THAT(exclusion.selector.buffers, ElementsAre(Buffer{}, Buffer{Buffer::Kind::fixed, 4096}));
}

TEST(MatrixRules, an_exclusion_needs_a_reason_and_a_selector) {
  EXPECT_THAT(
      mistakes(with(
          "exclude:\n  - {kernel: debian-6.1}\n  - {reason: x}\n  - {level: 1, reason: \"\"}\n")),
      ElementsAre(
          "m.yaml:6:5: an exclusion has no \"reason\"",
          "m.yaml:7:5: an exclusion of everything: it needs one of kernel, loader, program, "
          "interface, level, buffer",
          "m.yaml:8:24: \"reason\" is empty"));
}

TEST(MatrixRules, globs_of_rules_must_match_a_kernel_or_loader_but_not_a_chosen_one) {
  EXPECT_THAT(
      mistakes(with("exclude: [{kernel: debian-6.13, reason: x}]\n"
                    "expect: [{loader: libbf-0.3, outcome: LOADED}]\n")),
      ElementsAre("m.yaml:5:20: \"debian-6.13\" matches no kernel: did you mean \"debian-6.1\"?",
                  "m.yaml:6:19: \"libbf-0.3\" matches no loader: did you mean \"libbpf-0.3\"?"));
  EXPECT_THAT(mistakes(with("exclude: [{kernel: debian-5.10, loader: libbpf-0.3, reason: x}]\n")),
              ElementsAre());
}

TEST(MatrixRules, expectations_are_read) {
  const Matrix matrix = parsed(with(R"(expect:
  - {program: trivial, outcome: LOADED, errno: 0, decided_by: kernel, kept: none, reason: why}
  - errno: LIBBPF_ERRNO__VERIFY
)"));
  ASSERT_EQ(matrix.expectations.size(), 2u);
  const Expectation& all = matrix.expectations[0];
  EXPECT_THAT(all.selector.programs, ElementsAre("trivial"));
  EXPECT_EQ(all.outcome, "LOADED");
  EXPECT_EQ(all.error, "0");
  EXPECT_EQ(all.decided_by, "kernel");
  EXPECT_EQ(all.kept, "none");
  EXPECT_EQ(all.reason, "why");
  EXPECT_EQ(all.place.line, 6);
  const Expectation& one = matrix.expectations[1];
  EXPECT_EQ(one.outcome, std::nullopt);
  EXPECT_EQ(one.error, "LIBBPF_ERRNO__VERIFY");
  EXPECT_EQ(one.decided_by, std::nullopt);
  EXPECT_EQ(one.kept, std::nullopt);
  EXPECT_EQ(one.reason, "");
}

TEST(MatrixRules, every_known_outcome_can_be_expected) {
  for (const auto& outcome : known_outcomes())
    EXPECT_EQ(parsed(with("expect: [{outcome: " + outcome + "}]\n")).expectations.at(0).outcome,
              outcome);
}

TEST(MatrixRules, unknown_words_are_mistakes_with_a_suggestion) {
  EXPECT_THAT(
      mistakes(with(R"(expect:
  - {outcome: loaded}
  - {outcome: PASS}
  - {errno: ENOSPACE, reason: x}
  - {errno: 28}
  - {decided_by: kernal}
  - {kept: middle}
)")),
      ElementsAre(
          "m.yaml:6:15: outcome \"loaded\" is not known: did you mean \"LOADED\"?",
          ::testing::StartsWith("m.yaml:7:15: outcome \"PASS\" is not known: one of LOADED, "),
          "m.yaml:8:13: \"errno\" is \"ENOSPACE\": must be a name such as ENOSPC, or 0",
          "m.yaml:9:13: \"errno\" is \"28\": must be a name such as ENOSPC, or 0",
          "m.yaml:10:18: decided_by \"kernal\" is not known: did you mean \"kernel\"?",
          "m.yaml:11:12: kept \"middle\" is not known: one of all, head, tail, none"));
}

TEST(MatrixRules, a_number_that_names_no_errno_is_refused_like_any_number) {
  EXPECT_EQ(mistakes(with("expect: [{errno: 41}]\n")).size(), 1u);  // no errno has the number 41
  EXPECT_EQ(mistakes(with("expect: [{errno: ENOTSUPP}]\n")).size(), 0u);
}

TEST(MatrixRules, an_expectation_must_expect_something) {
  EXPECT_THAT(mistakes(with("expect: [{program: trivial, reason: x}]\n")),
              ElementsAre("m.yaml:5:10: an expectation of nothing: it needs one of outcome, errno, "
                          "decided_by, kept"));
}

}  // namespace
}  // namespace bpfmatrix::spec
