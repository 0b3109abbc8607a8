#include "compat/markup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::compat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Markup, code_is_one_line_that_nothing_ends_early) {
  EXPECT_EQ(code("P(2,4096)=ENOSPC"), "`P(2,4096)=ENOSPC`");
  EXPECT_EQ(code(""), "–");
  EXPECT_EQ(code(" \n"), "–");
  EXPECT_EQ(code("a`b|c\nd"), "`aˋb¦c d`");
  const auto hostile = code(kHostile);
  EXPECT_EQ(std::count(hostile.begin(), hostile.end(), '`'), 2);
  EXPECT_THAT(hostile, Not(HasSubstr("\n")));
  EXPECT_THAT(hostile, Not(HasSubstr("|")));
}

TEST(Markup, every_line_of_a_block_is_indented) {
  EXPECT_EQ(code_block("", 3), "");
  EXPECT_EQ(code_block("one\ntwo\nthree\n", 2), "    two\n    three\n\n");
  EXPECT_EQ(code_block("one", 2), "    one\n\n");
  EXPECT_EQ(code_block("\n\n", 2), "");
  const auto block = code_block(kHostile, 10);
  size_t begin = 0;
  for (size_t end; (end = block.find('\n', begin)) != std::string::npos; begin = end + 1)
    EXPECT_TRUE(end == begin || block.compare(begin, 4, "    ") == 0) << block.substr(begin);
}

TEST(Markup, prose_links_addresses_and_nothing_else) {
  EXPECT_EQ(prose("see https://docs.ebpf.io/a_b/."), "see <https://docs.ebpf.io/a_b/>.");
  EXPECT_EQ(prose("https://a.b"), "<https://a.b>");
  EXPECT_THAT(prose("http://a.b"), Not(HasSubstr("://a")));
  EXPECT_THAT(prose("x https://a><script>"), HasSubstr("<https://a>&gt;&lt;script&gt;"));
}

TEST(Markup, an_id_leads_to_no_other_folder) {
  EXPECT_EQ(file_name("libbpf-1.4.6"), "libbpf-1.4.6");
  EXPECT_EQ(file_name("../../etc/passwd"), "_.._.._etc_passwd");
  EXPECT_EQ(file_name(""), "_");
  EXPECT_EQ(file_name("a/b\nc"), "a_b_c");
}

TEST(Markup, loaders_that_are_alike_share_a_row) {
  const auto fixture = make_fixture();
  Grid grid(fixture->run);
  for (uint32_t loader = 0; loader < 4; ++loader)
    for (uint32_t kernel = 0; kernel < 3; ++kernel)
      grid.set(kernel, loader, loader == 3 && kernel == 2 ? "other" : "same");
  EXPECT_EQ(grid.text(),
            "| | 5.10.262 | 6.12.117 | 6.1.4 |\n|---|---|---|---|\n"
            "| raw | same | same | same |\n"
            "| libbpf 0.3, 1.1.2 | same | same | same |\n"
            "| libbpf 1.4.6 | same | same | other |\n\n");
}

}  // namespace
}  // namespace bpfmatrix::compat
