#include "plan/program.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::plan {
namespace {

TEST(Programs, the_only_function_of_an_object_is_called_like_the_object) {
  Objects objects;
  const Object& object = objects.add("trivial", {"entry"});
  const auto programs = programs_of(object);
  ASSERT_EQ(programs.size(), 1u);
  EXPECT_EQ(programs[0].id, "trivial");
  EXPECT_EQ(programs[0].object, &object);
  EXPECT_EQ(programs[0].function, &object.functions[0]);
}

TEST(Programs, several_functions_have_their_names_in_the_id) {
  Objects objects;
  const Object& object = objects.add("pair", {"f", "g"});
  const auto programs = programs_of(object);
  ASSERT_EQ(programs.size(), 2u);
  EXPECT_EQ(programs[0].id, "pair:f");
  EXPECT_EQ(programs[1].id, "pair:g");
  EXPECT_EQ(programs[1].function, &object.functions[1]);
}

TEST(Programs, an_object_without_functions_is_one_program) {
  Objects objects;
  const auto programs = programs_of(objects.add("types", {}));
  ASSERT_EQ(programs.size(), 1u);
  EXPECT_EQ(programs[0].id, "types");
  EXPECT_EQ(programs[0].function, nullptr);
}

}  // namespace
}  // namespace bpfmatrix::plan
