#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/workspace.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

TEST(DataFolder, is_found_beside_the_executable) {
  const auto folder = test::make_folder();
  test::put_file(folder.path() / "share/bpfmatrix/images/kernels.yaml", "x");
  const auto data = data_folder_beside(folder.path() / "bin/bpfmatrix");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->root, std::filesystem::canonical(folder.path()) / "share/bpfmatrix");
}

TEST(DataFolder, without_the_catalogue_it_is_unavailable_and_the_place_is_named) {
  const auto folder = test::make_folder();
  const auto data = data_folder_beside(folder.path() / "bin/bpfmatrix");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(data.error().message, testing::HasSubstr("share/bpfmatrix/images/kernels.yaml"));
}

}  // namespace
}  // namespace bpfmatrix::image
