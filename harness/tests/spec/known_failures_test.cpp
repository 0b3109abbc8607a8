#include "spec/known_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using testing::HasSubstr;

class KnownFailuresFile : public testing::Test {
 protected:
  base::Result<KnownFailures> read(const std::string& text) {
    return read_known_failures(scratch_.write("known.yaml", text));
  }
  Scratch scratch_;
};

TEST_F(KnownFailuresFile, has_cells_and_laws_each_with_reason_and_day) {
  const auto known = read(
      "known:\n"
      "  - cell: debian-7.3/libbpf-0.3/*\n"
      "    reason: enum64 in the kernel's BTF\n"
      "    expires: 2027-03-31\n"
      "  - law: log-rotates/debian-7.*/raw\n"
      "    reason: reported\n"
      "    expires: 2027-01-01\n");
  ASSERT_TRUE(known) << known.error().message;
  ASSERT_EQ(known->size(), 2u);
  EXPECT_EQ((*known)[0].cell, "debian-7.3/libbpf-0.3/*");
  EXPECT_EQ((*known)[0].expires, "2027-03-31");
  EXPECT_EQ((*known)[0].place.line, 2);
  EXPECT_EQ((*known)[1].law, "log-rotates/debian-7.*/raw");
}

TEST_F(KnownFailuresFile, every_mistake_is_told_with_its_place) {
  const auto known = read(
      "known:\n"
      "  - cell: '*'\n"
      "    reason: ''\n"
      "    expires: 2027-02-30\n"
      "  - cell: a\n"
      "    law: b\n"
      "    reason: both\n"
      "    expires: 2027-02-01\n"
      "  - reason: neither\n"
      "    until: 2027-02-01\n");
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error().kind, base::ErrorKind::invalid_input);
  for (const char* text : {"known.yaml:2:", "would excuse everything", "\"reason\" is empty",
                           "\"2027-02-30\" is no day", "either \"cell\" or \"law\"", "until"})
    EXPECT_THAT(known.error().message, HasSubstr(text));
}

TEST_F(KnownFailuresFile, one_that_is_not_there_is_no_empty_one) {
  EXPECT_FALSE(read_known_failures(scratch_.path("absent.yaml")));
}

}  // namespace
}  // namespace bpfmatrix::spec
