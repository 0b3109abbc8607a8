#include "law/call_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix::law {
namespace {

using testing::ElementsAre;

TEST(CallText, names_command_level_size_and_errno) {
  EXPECT_EQ(call_text({.cmd = 5, .level = 2, .size = 4096, .error = 28}), "P(2,4096)=ENOSPC");
  EXPECT_EQ(call_text({.cmd = 18}), "B(0,0)=0");
  EXPECT_EQ(call_text({.cmd = 0, .error = 1}), "M(0,0)=EPERM");
  EXPECT_EQ(call_text({.cmd = 36}), "T(0,0)=0");
  EXPECT_EQ(call_text({.cmd = 9}), "9(0,0)=0");
  EXPECT_EQ(call_text({.cmd = 5 | 1U << 16, .level = 1, .size = 8}), "P+(1,8)=0");
}

TEST(CallText, keeps_the_programs_calls_and_the_librarys_probes_apart) {
  result::Observation seen;
  seen.calls = {{.cmd = 5, .probe = true}, {.cmd = 0}, {.cmd = 5, .measured = true}};
  EXPECT_THAT(call_texts(seen, false), ElementsAre("M(0,0)=0", "P(0,0)=0"));
  EXPECT_THAT(call_texts(seen, true), ElementsAre("P(0,0)=0"));
}

}  // namespace
}  // namespace bpfmatrix::law
