#include "image/saved_states.h"

#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

TEST(SavedStates, each_folder_is_one_and_files_and_links_are_none) {
  const auto folder = test::make_folder();
  const fs::path states = folder.path() / "states";
  EXPECT_TRUE(list_states(states).empty());
  test::put_file(states / "b" / "memory", std::string(1000, 'm'));
  test::put_file(states / "b" / "deep" / "facts", std::string(24, 'f'));
  test::put_file(states / "a" / "memory", "");
  test::put_file(states / "file", "x");
  fs::create_directory_symlink(folder.path(), states / "link");
  const auto found = list_states(states);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].folder, states / "a");
  EXPECT_EQ(found[1].folder, states / "b");
  EXPECT_EQ(found[1].bytes, 1024u);
}

TEST(SavedStates, only_those_that_were_not_used_since_go_and_go_whole) {
  const auto folder = test::make_folder();
  const fs::path states = folder.path() / "states";
  for (const char* name : {"old", "used"}) test::put_file(states / name / "memory", "m");
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(states / "old", now - 240h);
  fs::last_write_time(states / "used", now - 240h);
  fs::last_write_time(states / "used", now);  // as who uses it does
  const auto unused = unused_states(states, now - 24h);
  ASSERT_EQ(unused.size(), 1u);
  EXPECT_EQ(unused[0].folder, states / "old");
  ASSERT_TRUE(remove_states(unused, folder.path() / "tmp"));
  EXPECT_FALSE(fs::exists(states / "old"));
  EXPECT_TRUE(fs::exists(states / "used" / "memory"));
  EXPECT_TRUE(fs::is_empty(folder.path() / "tmp"));
  EXPECT_TRUE(remove_states(unused, folder.path() / "tmp"));  // gone already
}

}  // namespace
}  // namespace bpfmatrix::image
