#include "spec/diagnostics.h"

#include <gtest/gtest.h>

namespace bpfmatrix::spec {
namespace {

TEST(Diagnostics, mistakes_are_told_in_the_order_of_the_file) {
  Diagnostics diagnostics;
  diagnostics.add({"a.yaml", 12, 1}, "third");
  diagnostics.add({"a.yaml", 2, 9}, "second");
  diagnostics.add({"a.yaml", 2, 3}, "first");
  const base::Error error = diagnostics.error();
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(error.message, "a.yaml:2:3: first\na.yaml:2:9: second\na.yaml:12:1: third");
}

TEST(Diagnostics, the_first_file_stays_first_whatever_its_name) {
  Diagnostics diagnostics;
  diagnostics.add({"z.yaml", 9, 1}, "in the matrix");
  diagnostics.add({"a.yaml", 1, 1}, "in its parent");
  EXPECT_EQ(diagnostics.error().message, "z.yaml:9:1: in the matrix\na.yaml:1:1: in its parent");
}

TEST(Diagnostics, mistakes_at_one_place_keep_the_order_in_which_they_were_found) {
  Diagnostics diagnostics;
  diagnostics.add({"a.yaml", 1, 1}, "b");
  diagnostics.add({"a.yaml", 1, 1}, "a");
  EXPECT_EQ(diagnostics.error().message, "a.yaml:1:1: b\na.yaml:1:1: a");
}

TEST(Diagnostics, a_place_without_a_line_is_the_file) {
  EXPECT_EQ(to_text(Place{"a.yaml"}), "a.yaml");
  EXPECT_EQ(to_text(Place{"a.yaml", 3, 4}), "a.yaml:3:4");
}

}  // namespace
}  // namespace bpfmatrix::spec
