// What decides the bytes of a loader, and that nothing else does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "image/loader_build.h"
#include "tests/image_loaders/scratch.h"

namespace bpfmatrix::image {
namespace {
using ::testing::HasSubstr;

const SourceTree kLoader = {{"loader/main.c", "int main() {}\n"}, {"wire/protocol.h", "\n"}};
const LibbpfVersion kVersion{1, 1, 2};
const std::string kSource(64, 'a');

TEST(Recipe, is_the_same_for_the_same_input) {
  EXPECT_EQ(recipe_digest(kSource, kVersion, kLoader, "cc 12.2.0"),
            recipe_digest(kSource, kVersion, kLoader, "cc 12.2.0"));
  // An unknown patch level is compiled in as 0.
  EXPECT_EQ(recipe_digest(kSource, {0, 3, std::nullopt}, kLoader, ""),
            recipe_digest(kSource, {0, 3, 0}, kLoader, ""));
}

TEST(Recipe, changes_with_each_of_its_inputs) {
  SourceTree edited = kLoader, renamed = kLoader, header = kLoader;
  edited["loader/main.c"] += " ";
  renamed.erase("loader/main.c");
  renamed["loader/start.c"] = kLoader.at("loader/main.c");
  header["wire/protocol.h"] = "#define X\n";
  std::set<std::string> digests;
  digests.insert(recipe_digest(kSource, kVersion, kLoader, "cc 12.2.0"));
  digests.insert(recipe_digest(std::string(64, 'b'), kVersion, kLoader, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, {1, 1, 1}, kLoader, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, {1, 2, 2}, kLoader, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, {0, 1, 2}, kLoader, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, kVersion, edited, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, kVersion, renamed, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, kVersion, header, "cc 12.2.0"));
  digests.insert(recipe_digest(kSource, kVersion, kLoader, "cc 12.3.0"));
  EXPECT_EQ(digests.size(), 9U);
}

class LoaderSources : public Scratch {};

TEST_F(LoaderSources, are_c_files_and_headers_without_the_raw_api) {
  write("guest/loader/main.c", "int main() {}\n");
  write("guest/loader/loader.h", "\n");
  write("guest/loader/api_raw.c", "raw\n");
  write("guest/loader/notes.txt", "\n");
  write("guest/wire/protocol.h", "\n");
  const auto sources = read_loader_sources(DataFolder{folder()});
  ASSERT_TRUE(sources) << sources.error().message;
  const SourceTree expected = {
      {"loader/loader.h", "\n"}, {"loader/main.c", "int main() {}\n"}, {"wire/protocol.h", "\n"}};
  EXPECT_EQ(*sources, expected);
}

TEST_F(LoaderSources, of_an_incomplete_data_folder_name_what_is_missing) {
  const auto none = read_loader_sources(DataFolder{folder()});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::ErrorKind::unavailable);
  write("guest/loader/main.c", "int main() {}\n");
  write("guest/wire/frame.h", "\n");
  const auto sources = read_loader_sources(DataFolder{folder()});
  ASSERT_FALSE(sources);
  EXPECT_THAT(sources.error().message, HasSubstr("guest/wire/protocol.h"));
}

}  // namespace
}  // namespace bpfmatrix::image
