#include "image/content_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;

TEST(ContentStore, what_was_put_is_found_by_its_digest) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path() / "store");
  const auto sha256 = store.put("content");
  ASSERT_TRUE(sha256) << sha256.error().message;
  EXPECT_EQ(*sha256, base::sha256_hex("content"));
  const auto content = store.get(*sha256);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->value(), "content");
  const auto path = store.verified_path(*sha256);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->value(), folder.path() / "store" / sha256->substr(0, 2) / *sha256);
}

TEST(ContentStore, what_was_never_put_is_missing) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path());
  const auto content = store.get(base::sha256_hex("other"));
  ASSERT_TRUE(content);
  EXPECT_FALSE(content->has_value());
}

TEST(ContentStore, a_flipped_bit_is_found_and_the_file_moved_to_quarantine) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path());
  const std::string sha256 = *store.put("some content");
  const fs::path path = **store.verified_path(sha256);
  test::put_file(path, "some bontent");
  const auto damaged = store.get(sha256);
  ASSERT_TRUE(damaged) << damaged.error().message;
  EXPECT_FALSE(damaged->has_value());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(folder.path() / "quarantine" / sha256));
  ASSERT_TRUE(store.put("some content"));
  EXPECT_EQ(store.get(sha256)->value(), "some content");
}

TEST(ContentStore, putting_again_writes_nothing_but_mends_a_damaged_file) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path());
  const std::string sha256 = *store.put("x");
  const fs::path path = **store.verified_path(sha256);
  struct stat before {}, after {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ASSERT_TRUE(store.put("x"));
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  test::put_file(path, "y");
  ASSERT_TRUE(store.put("x"));
  EXPECT_EQ(store.get(sha256)->value(), "x");
}

TEST(ContentStore, content_is_executable_when_one_that_put_it_wants_so) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path());
  const fs::path path = **store.verified_path(*store.put("#!"));
  const auto may_run = [&] {
    return (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
  };
  EXPECT_FALSE(may_run());
  ASSERT_TRUE(store.put("#!", true));
  EXPECT_TRUE(may_run());
}

TEST(ContentStore, only_a_digest_becomes_a_path) {
  const auto folder = test::make_folder();
  ContentStore store(folder.path() / "store");
  test::put_file(folder.path() / "secret", "s");
  for (const char* name : {"../secret", "", "abc", "/etc/passwd"}) {
    const auto content = store.get(name);
    ASSERT_FALSE(content) << name;
    EXPECT_EQ(content.error().kind, base::ErrorKind::invalid_input);
  }
}

}  // namespace
}  // namespace bpfmatrix::image
