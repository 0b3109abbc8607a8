#include "image/kernel_packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace bpfmatrix::image {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kBig = 26 << 20, kMeta = 2000;

Package package(const std::string& name, const std::string& version, uint64_t size = kBig) {
  return {name, version, "suite", "pool/" + name, "digest of " + name + version, size};
}

std::vector<std::string> names(const std::vector<KernelPackages>& kernels) {
  std::vector<std::string> found;
  for (const auto& kernel : kernels) found.push_back(kernel.image.name + " " + kernel.version);
  return found;
}

// As bookworm-security had them in one and the same list.
const std::vector<Package> kOnePackage = {
    package("linux-image-6.1.0-54-cloud-amd64", "6.1.190-1"),
    package("linux-image-6.1.0-56-cloud-amd64-unsigned", "6.1.192-2"),
    package("linux-image-6.1.0-56-cloud-amd64-dbg", "6.1.192-2"),
    package("linux-image-6.1.0-56-cloud-amd64", "6.1.192-2"),
    package("linux-image-6.1.0-56-rt-amd64", "6.1.192-2"),
    package("linux-image-6.1.0-56-amd64", "6.1.192-2"),
    package("linux-image-6.1.0-9-cloud-amd64", "6.1.27-1"),
    package("linux-headers-6.1.0-56-cloud-amd64", "6.1.192-2"),
    package("linux-image-cloud-amd64", "6.1.192-2", kMeta),
    package("linux-image-6.12.117+deb12-cloud-amd64", "6.12.117-1~deb12u1"),
    package("linux-image-6.12-cloud-amd64", "6.12.117-1~deb12u1", kMeta)};

TEST(KernelPackages, kernels_of_a_series_come_newest_first_and_signed_before_unsigned) {
  EXPECT_THAT(names(kernels_of_series(kOnePackage, "6.1", "cloud-amd64")),
              ElementsAre("linux-image-6.1.0-56-cloud-amd64 6.1.192-2",
                          "linux-image-6.1.0-56-cloud-amd64-unsigned 6.1.192-2",
                          "linux-image-6.1.0-54-cloud-amd64 6.1.190-1",
                          "linux-image-6.1.0-9-cloud-amd64 6.1.27-1"));
}

TEST(KernelPackages, a_flavour_is_not_mistaken_for_one_that_ends_alike) {
  EXPECT_THAT(names(kernels_of_series(kOnePackage, "6.1", "amd64")),
              ElementsAre("linux-image-6.1.0-56-amd64 6.1.192-2"));
  // "6.12.117+deb12-cloud" is no release.
  EXPECT_THAT(kernels_of_series(kOnePackage, "6.12", "amd64"), IsEmpty());
}

TEST(KernelPackages, meta_packages_are_no_kernels_whatever_their_size) {
  EXPECT_THAT(names(kernels_of_series(kOnePackage, "6.12", "cloud-amd64")),
              ElementsAre("linux-image-6.12.117+deb12-cloud-amd64 6.12.117-1~deb12u1"));
  EXPECT_THAT(kernels_of_series(std::vector<Package>{package("linux-image-6.12-cloud-amd64",
                                                             "6.12.117-1")},
                                "6.12", "cloud-amd64"),
              IsEmpty());
  EXPECT_THAT(kernels_of_series(kOnePackage, "6.6", "cloud-amd64"), IsEmpty());
}

TEST(KernelPackages, a_backport_of_an_older_release_counts_by_its_version) {
  const std::vector<Package> packages = {
      package("linux-image-6.1.0-0.deb11.52-cloud-amd64", "6.1.180-1~deb11u1"),
      package("linux-image-5.10.0-46-cloud-amd64", "5.10.262-1")};
  EXPECT_THAT(names(kernels_of_series(packages, "6.1", "cloud-amd64")),
              ElementsAre("linux-image-6.1.0-0.deb11.52-cloud-amd64 6.1.180-1~deb11u1"));
}

TEST(KernelPackages, a_kernel_in_parts_has_its_binary_modules_and_config) {
  const std::string release = "7.3.4+deb13-cloud-amd64", version = "7.3.4-1~bpo13+1";
  const auto kernels = kernels_of_series(
      std::vector<Package>{package("linux-image-" + release, version, kMeta),
                           package("linux-binary-unsigned-" + release, version),
                           package("linux-binary-" + release, version),
                           package("linux-modules-" + release, version),
                           package("linux-base-" + release, version),
                           package("linux-base-7.3.3+deb13-cloud-amd64", "7.3.3-1~bpo13+1"),
                           package("linux-modules-cloud-amd64", version, kMeta)},
      "7.3", "cloud-amd64");
  EXPECT_THAT(names(kernels), ElementsAre("linux-binary-" + release + " " + version,
                                          "linux-binary-unsigned-" + release + " " + version));
  ASSERT_TRUE(kernels[0].config);
  EXPECT_EQ(kernels[0].config->name, "linux-base-" + release);
  ASSERT_TRUE(kernels[0].modules);
  EXPECT_EQ(kernels[0].modules->name, "linux-modules-" + release);
}

TEST(KernelPackages, parts_that_have_left_the_archive_are_told_as_absent) {
  const std::string version = "7.0.13-1~bpo13+1";
  const auto kernels = kernels_of_series(
      std::vector<Package>{package("linux-image-7.0.13+deb13-cloud-amd64", version, kMeta),
                           package("linux-binary-7.0.13+deb13-cloud-amd64", version),
                           package("linux-base-7.0.13+deb13-cloud-amd64", "7.0.13-2~bpo13+1")},
      "7.0", "cloud-amd64");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_FALSE(kernels[0].config);
  EXPECT_FALSE(kernels[0].modules);
}

TEST(KernelPackages, the_glob_for_find_covers_signed_and_unsigned_names) {
  const std::string glob = kernel_package_glob("cloud-amd64");
  for (const auto& kernel : kernels_of_series(kOnePackage, "6.1", "cloud-amd64"))
    EXPECT_TRUE(base::glob_matches(glob, kernel.image.name)) << kernel.image.name;
  EXPECT_TRUE(base::glob_matches(glob, "linux-binary-unsigned-7.3.4+deb13-cloud-amd64"));
  EXPECT_FALSE(base::glob_matches(glob, "linux-image-6.1.0-56-rt-amd64"));
}

LockedKernel locked_to(const std::string& name, const std::string& version) {
  LockedKernel lock;
  lock.package_version = version;
  lock.packages = {{name, version, "digest of " + name + version}};
  return lock;
}

TEST(ChooseKernel, the_newest_without_a_lock) {
  const auto kernels = kernels_of_series(kOnePackage, "6.1", "cloud-amd64");
  const auto choice = choose_kernel(kernels, nullptr, false);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->packages.version, "6.1.192-2");
  EXPECT_FALSE(choice->moved);
}

TEST(ChooseKernel, the_locked_version_while_it_is_there_though_there_is_a_newer_one) {
  const auto kernels = kernels_of_series(kOnePackage, "6.1", "cloud-amd64");
  const auto lock = locked_to("linux-image-6.1.0-54-cloud-amd64", "6.1.190-1");
  for (const bool keep : {false, true}) {
    const auto choice = choose_kernel(kernels, &lock, keep);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->packages.version, "6.1.190-1");
    EXPECT_FALSE(choice->moved);
  }
}

TEST(ChooseKernel, a_version_that_is_gone_moves_to_the_newest_unless_that_is_forbidden) {
  const auto kernels = kernels_of_series(kOnePackage, "6.1", "cloud-amd64");
  const auto lock = locked_to("linux-image-6.1.0-53-cloud-amd64", "6.1.187-1");
  const auto choice = choose_kernel(kernels, &lock, false);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->packages.version, "6.1.192-2");
  EXPECT_TRUE(choice->moved);
  const auto refused = choose_kernel(kernels, &lock, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("6.1.187-1 has left the mirror"));
}

TEST(ChooseKernel, the_same_version_with_another_digest_is_another_package) {
  const auto kernels = kernels_of_series(kOnePackage, "6.1", "cloud-amd64");
  auto lock = locked_to("linux-image-6.1.0-54-cloud-amd64", "6.1.190-1");
  lock.packages[0].sha256 = "of another build";
  EXPECT_TRUE(choose_kernel(kernels, &lock, false)->moved);
  EXPECT_FALSE(choose_kernel(kernels, &lock, true));
}

TEST(ChooseKernel, a_series_that_is_gone_is_unavailable) {
  const auto choice = choose_kernel({}, nullptr, false);
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace bpfmatrix::image
