// A matrix may expect every outcome there is: spec keeps the names, since it may not include result.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "result/outcome.h"
#include "spec/matrix.h"

namespace bpfmatrix::result {
namespace {

TEST(KnownOutcomes, of_a_matrix_are_all_that_a_measured_cell_can_come_to) {
  std::vector<std::string> names;
  for (const auto outcome : all_outcomes())
    if (outcome != Outcome::NOT_RUN) names.emplace_back(name(outcome));
  auto known = spec::known_outcomes();
  std::erase(known, "NOT_RUN");
  EXPECT_THAT(known, testing::UnorderedElementsAreArray(names));
}

}  // namespace
}  // namespace bpfmatrix::result
