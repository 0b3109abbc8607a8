#include "compat/claims.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::compat {
namespace {

const spec::Claim& claim_of(const Fixture& fixture, const std::string& id) {
  for (const auto& claim : fixture.claims)
    if (claim.id == id) return claim;
  throw std::runtime_error(id);
}

TEST(Claims, what_was_measured_decides) {
  const auto fixture = make_fixture();
  const auto verdict = [&](const char* id) {
    return hold_against(fixture->material(), claim_of(*fixture, id)).verdict;
  };
  EXPECT_EQ(verdict("refused"), ClaimVerdict::supported);
  EXPECT_EQ(verdict("accepted"), ClaimVerdict::contradicted);
  EXPECT_EQ(verdict("everywhere"), ClaimVerdict::partly);
  EXPECT_EQ(verdict("unknown"), ClaimVerdict::not_measured);
}

TEST(Claims, other_observations_turn_a_claim_round) {
  const auto fixture = make_fixture();
  for (auto& cell : fixture->run.cells)
    if (cell.mode.level == 8) {
      auto& seen = cell.attempt.observation;
      seen.decided_by = result::DecidedBy::kernel;
      seen.error = seen.kernel_errno = 0;
    }
  fixture->hold_again();
  const auto verdict = [&](const char* id) {
    return hold_against(fixture->material(), claim_of(*fixture, id)).verdict;
  };
  EXPECT_EQ(verdict("refused"), ClaimVerdict::contradicted);
  EXPECT_EQ(verdict("accepted"), ClaimVerdict::supported);
  EXPECT_EQ(verdict("everywhere"), ClaimVerdict::supported);
}

TEST(Claims, points_that_are_not_decided_say_nothing) {
  const auto fixture = make_fixture();
  for (auto& cell : fixture->run.cells)
    if (cell.mode.level == 8) cell.attempt.state = result::AttemptState::timeout;
  fixture->hold_again();
  const auto holding = hold_against(fixture->material(), claim_of(*fixture, "everywhere"));
  EXPECT_EQ(holding.verdict, ClaimVerdict::not_measured);
  EXPECT_EQ(holding.supporting + holding.contradicting, 0u);
}

TEST(Claims, a_check_speaks_of_its_kernels_and_loaders_only) {
  const auto fixture = make_fixture();
  auto claim = claim_of(*fixture, "everywhere");
  claim.checks[0].kernels = {"debian-6.*"};
  EXPECT_EQ(hold_against(fixture->material(), claim).supporting, 1u);
  claim.checks[0].loaders = {"libbpf-1.1.2"};
  EXPECT_EQ(hold_against(fixture->material(), claim).verdict, ClaimVerdict::contradicted);
  claim.checks[0].loaders.clear();
  const auto all = hold_against(fixture->material(), claim);
  EXPECT_EQ(all.supporting + all.contradicting, 4u);
}

TEST(Claims, a_bound_compares_as_many_numbers_as_it_has) {
  using Op = spec::VersionBound::Op;
  const auto admits = [](Op op, const char* bound, const char* version) {
    return spec::VersionBound{op, bound}.admits(version);
  };
  EXPECT_TRUE(admits(Op::less, "6.4", "6.1.192"));
  EXPECT_FALSE(admits(Op::less, "6.4", "6.4.3"));
  EXPECT_FALSE(admits(Op::less, "6.4", "6.12"));
  EXPECT_TRUE(admits(Op::less_equal, "6.4", "6.4.3"));
  EXPECT_TRUE(admits(Op::greater_equal, "5.2", "5.10.262"));
  EXPECT_FALSE(admits(Op::greater, "6.4", "6.4.3"));
  EXPECT_TRUE(admits(Op::equal, "6.4", "6.4.3"));
  EXPECT_FALSE(admits(Op::equal, "6.4.2", "6.4.3"));
  EXPECT_TRUE(admits(Op::greater_equal, "6.4", "7"));
}

}  // namespace
}  // namespace bpfmatrix::compat
