#include "image/kernel_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using testing::HasSubstr;

// A workspace whose lock and store hold debian-6.1, and an apt root that no test here may touch.
class KernelProviderTest : public testing::Test {
 protected:
  KernelProviderTest()
      : folder_(test::make_folder()),
        workspace_{folder_.path() / "ws"},
        store_(workspace_.store()),
        apt_(workspace_.apt(), {{"bookworm-security", "debian-security"}}),
        lock_(*Lock::read(workspace_.lock())) {
    LockedKernel& locked = lock_.kernels["debian-6.1"];
    locked.suite = "bookworm-security";
    locked.release = "6.1.0-50-cloud-amd64";
    locked.package_version = "6.1.176-1";
    locked.packages = {
        {"linux-image-6.1.0-50-cloud-amd64", "6.1.176-1", std::string(64, 'a')}};
    locked.image_sha256 = *store_.put("image");
    locked.config_sha256 = *store_.put("config");
    locked.modules = {{"virtio_ring", *store_.put("ring")}, {"virtio", *store_.put("virtio")}};
  }
  base::Result<Kernel> provide(const spec::KernelEntry& entry, KernelProvider::Options options) {
    KernelProvider provider(workspace_, apt_, lock_, options);
    auto kernel = provider.provide(entry);
    EXPECT_FALSE(fs::exists(workspace_.apt())) << "apt was asked";
    return kernel;
  }
  static spec::KernelEntry debian(const std::string& series, const std::string& suite) {
    return {"debian-6.1", "debian", series, "x86_64",
            spec::DebianKernel{suite, series, "cloud-amd64"}, {}};
  }

  base::TemporaryFolder folder_;
  Workspace workspace_;
  ContentStore store_;
  AptRoot apt_;
  Lock lock_;
};

TEST_F(KernelProviderTest, what_the_lock_says_and_the_store_has_needs_no_network) {
  for (const auto& options :
       {KernelProvider::Options{}, KernelProvider::Options{.locked = true},
        KernelProvider::Options{.offline = true}}) {
    const auto kernel = provide(debian("6.1", "bookworm-security"), options);
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(kernel->id, "debian-6.1");
    EXPECT_EQ(kernel->vendor, "debian");
    EXPECT_EQ(kernel->arch, "x86_64");
    EXPECT_EQ(kernel->release, "6.1.0-50-cloud-amd64");
    EXPECT_EQ(kernel->package_version, "6.1.176-1");
    EXPECT_EQ(kernel->source,
              "debian bookworm-security linux-image-6.1.0-50-cloud-amd64 6.1.176-1");
    EXPECT_EQ(kernel->sha256, lock_.kernels["debian-6.1"].image_sha256);
    EXPECT_EQ(*base::read_file(kernel->image), "image");
    ASSERT_EQ(kernel->modules.size(), 2u);
    EXPECT_EQ(kernel->modules[0].name, "virtio_ring");
  }
}

TEST_F(KernelProviderTest, a_damaged_file_in_the_store_counts_as_missing) {
  for (const std::string& sha256 : {lock_.kernels["debian-6.1"].image_sha256,
                                    lock_.kernels["debian-6.1"].config_sha256,
                                    lock_.kernels["debian-6.1"].modules[1].second}) {
    const auto path = **store_.verified_path(sha256);
    const std::string whole = *base::read_file(path);
    test::put_file(path, whole + "!");
    const auto kernel = provide(debian("6.1", "bookworm-security"), {.offline = true});
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(kernel.error().message, HasSubstr("debian-6.1: it is not in the store"));
    ASSERT_TRUE(store_.put(whole));
  }
}

TEST_F(KernelProviderTest, a_lock_of_another_suite_series_or_flavour_does_not_count) {
  auto flavour = debian("6.1", "bookworm-security");
  flavour.source = spec::DebianKernel{"bookworm-security", "6.1", "rt-amd64"};
  for (const auto& entry :
       {debian("6.1", "trixie"), debian("6.12", "bookworm-security"), flavour}) {
    const auto kernel = provide(entry, {.locked = true});
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(kernel.error().message, HasSubstr("--locked"));
    EXPECT_FALSE(provide(entry, {.offline = true}));
  }
}

TEST_F(KernelProviderTest, a_local_kernel_is_kept_in_the_store_and_not_in_the_lock) {
  const auto image = test::put_file(folder_.path() / "bzImage", test::make_bzimage("6.9.0-mine x"));
  test::put_file(folder_.path() / "modules/kernel/virtio_console.ko",
                 test::make_module_of("6.9.0-mine", ""));
  const spec::KernelEntry entry{
      "mine", "local", "6.9", "x86_64", spec::FileKernel{image, folder_.path() / "modules"}, {}};
  const auto kernel = provide(entry, {.locked = true, .offline = true});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.9.0-mine");
  EXPECT_EQ(kernel->package_version, "");
  EXPECT_EQ(kernel->config_sha256, "");
  EXPECT_EQ(kernel->source, "file " + image.string());
  EXPECT_EQ(*base::read_file(kernel->image), *base::read_file(image));
  ASSERT_EQ(kernel->modules.size(), 1u);
  EXPECT_TRUE(store_.get(kernel->modules[0].sha256)->has_value());
  EXPECT_FALSE(lock_.kernels.contains("mine"));
}

TEST_F(KernelProviderTest, a_local_file_that_is_no_kernel_names_its_entry_and_its_place) {
  const auto image = test::put_file(folder_.path() / "bzImage", std::string(5000, 'x'));
  const auto kernel =
      provide({"mine", "local", "6.9", "x86_64", spec::FileKernel{image, {}}, {}}, {});
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(kernel.error().message, HasSubstr("mine: " + image.string()));
}

}  // namespace
}  // namespace bpfmatrix::image
