#include "spec/console_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace bpfmatrix::spec {
namespace {

using testing::HasSubstr;

class ConsoleListsTest : public testing::Test {
 protected:
  base::Result<ConsoleLists> read(const std::string& text) {
    const auto file = folder_.path() / "console.yaml";
    EXPECT_TRUE(base::write_file(file, text).has_value());
    return read_console_lists(file);
  }
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "console-lists-");
};

TEST_F(ConsoleListsTest, say_what_counts_and_what_does_not_until_when) {
  const auto lists = read(
      "deny:\n  - {text: list_add corruption, reason: lists}\n"
      "allow:\n  - {title: \"WARNING at a.c:LINE*\", kernels: [\"debian-6.*\"], reason: known, "
      "expires: \"2027-03-31\"}\n");
  ASSERT_TRUE(lists.has_value()) << lists.error().message;
  ASSERT_EQ(lists->deny.size(), 1U);
  EXPECT_EQ(lists->deny[0].text, "list_add corruption");
  ASSERT_EQ(lists->allow.size(), 1U);
  EXPECT_EQ(lists->allow[0].title, "WARNING at a.c:LINE*");
  EXPECT_EQ(lists->allow[0].kernels, std::vector<std::string>{"debian-6.*"});
  EXPECT_EQ(lists->allow[0].expires, "2027-03-31");
}

TEST_F(ConsoleListsTest, refuse_an_excuse_without_end_or_reason_and_one_for_everything) {
  const auto mistakes = [&](const std::string& entry) {
    const auto lists = read("allow:\n  - " + entry + "\n");
    EXPECT_FALSE(lists.has_value()) << entry;
    return lists ? std::string() : lists.error().message;
  };
  EXPECT_THAT(mistakes("{title: WARNING*, reason: x}"), HasSubstr("expires"));
  EXPECT_THAT(mistakes("{title: WARNING*, expires: \"2027-03-31\"}"), HasSubstr("reason"));
  EXPECT_THAT(mistakes("{title: \"*\", reason: x, expires: \"2027-03-31\"}"),
              HasSubstr("everything"));
  for (const char* day : {"soon", "2027-02-30", "2027-13-01", "31-03-2027", "2027-3-31"})
    EXPECT_THAT(mistakes(std::string("{title: W*, reason: x, expires: \"") + day + "\"}"),
                HasSubstr("console.yaml:2:5"))
        << day;
}

TEST_F(ConsoleListsTest, that_cannot_be_read_are_an_error) {
  EXPECT_FALSE(read_console_lists(folder_.path() / "nowhere.yaml").has_value());
  EXPECT_FALSE(read("deny: {").has_value());
  EXPECT_FALSE(read("deny:\n  - {text: short, reason: x}\n").has_value());
  EXPECT_FALSE(read("denied: []\n").has_value());
}

TEST_F(ConsoleListsTest, that_are_shipped_can_be_read) {
  const auto lists = read_console_lists(BPFM_SOURCE "/images/console.yaml");
  ASSERT_TRUE(lists.has_value()) << lists.error().message;
  EXPECT_FALSE(lists->deny.empty());
}

}  // namespace
}  // namespace bpfmatrix::spec
