#include "image/kernel_contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using test::Entry;
using test::make_bzimage;
using test::make_deb;
using test::make_module_of;
using test::put_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kModular = "CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_CONSOLE=m\n";
const std::string kBuiltIn = "CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_CONSOLE=y\n";

std::vector<std::string> names(const KernelContents& kernel) {
  std::vector<std::string> found;
  for (const auto& [name, content] : kernel.modules) found.push_back(name);
  return found;
}

// linux-image of 5.10 to 6.18: everything in one package, `lib` being "lib" or "usr/lib".
std::vector<Entry> one_package(const std::string& release, const std::string& config,
                               const std::string& lib, const std::string& compression) {
  const std::string end = compression == "none" ? ".ko" : ".ko." + compression;
  const std::string drivers = "./" + lib + "/modules/" + release + "/kernel/drivers/";
  const auto module = [&](const std::string& depends) {
    return test::compress(make_module_of(release, depends), compression);
  };
  return {{"./boot/System.map-" + release, "map"},
          {"./boot/config-" + release, config},
          {"./boot/vmlinuz-" + release, make_bzimage(release + " (x) #1")},
          {drivers + "char/virtio_console" + end, module("virtio,virtio_ring")},
          {drivers + "net/virtio_net" + end, module("virtio")},
          {drivers + "virtio/virtio" + end, module("virtio_ring")},
          {drivers + "virtio/virtio_pci" + end, module("virtio,virtio_ring")},
          {drivers + "virtio/virtio_ring" + end, module("")},
          {"./usr/share/doc/virtio.ko", "no module"}};
}

TEST(KernelDebs, a_kernel_in_one_package_gives_image_config_and_modules) {
  const auto folder = test::make_folder();
  struct Layout {
    const char *lib, *compression;
  };
  for (const auto& [lib, compression] : {Layout{"lib", "none"}, Layout{"usr/lib", "xz"}}) {
    const auto deb = put_file(folder.path() / "x.deb",
                              make_deb(one_package("6.1.0-50-amd64", kModular, lib, compression)));
    auto kernel = read_kernel_debs({deb, {}, {}});
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(kernel->release, "6.1.0-50-amd64");
    EXPECT_EQ(kernel->config, kModular);
    EXPECT_EQ(kernel->image, make_bzimage("6.1.0-50-amd64 (x) #1"));
    EXPECT_TRUE(*needs_modules(*kernel));
    const auto added = add_modules_from_deb(*kernel, deb);
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_THAT(names(*kernel),
                ElementsAre("virtio_ring", "virtio", "virtio_pci", "virtio_console"));
    EXPECT_EQ(kernel->modules[0].second, make_module_of("6.1.0-50-amd64", "")) << compression;
  }
}

TEST(KernelDebs, a_kernel_in_three_packages_is_put_together) {
  const auto folder = test::make_folder();
  const std::string release = "7.3.4+deb13-cloud-amd64";
  const std::string lib = "./usr/lib/modules/" + release + "/";
  const auto image = put_file(folder.path() / "binary.deb",
                              make_deb({{lib + "vmlinuz", make_bzimage(release + " x")}}, "zstd"));
  const auto config = put_file(
      folder.path() / "base.deb",
      make_deb({{lib + "config", "CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_CONSOLE=m\n"},
                {lib + "modules.builtin", "kernel/drivers/virtio/virtio.ko\n"}}));
  const auto modules =
      put_file(folder.path() / "modules.deb",
               make_deb({{lib + "kernel/drivers/char/virtio_console.ko.xz",
                          test::compress(make_module_of(release, ""), "xz")}}));
  auto kernel = read_kernel_debs({image, config, modules});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, release);
  EXPECT_TRUE(*needs_modules(*kernel));
  ASSERT_TRUE(add_modules_from_deb(*kernel, modules));
  EXPECT_THAT(names(*kernel), ElementsAre("virtio_console"));
}

TEST(KernelDebs, a_kernel_with_virtio_built_in_needs_no_modules) {
  const auto folder = test::make_folder();
  const auto deb =
      put_file(folder.path() / "x.deb", make_deb(one_package("6.12.1", kBuiltIn, "lib", "none")));
  EXPECT_FALSE(*needs_modules(*read_kernel_debs({deb, {}, {}})));
}

TEST(KernelDebs, a_kernel_whose_config_is_gone_takes_what_modules_there_are) {
  const auto folder = test::make_folder();
  const auto deb = put_file(
      folder.path() / "x.deb",
      make_deb({{"./usr/lib/modules/7.0.13/vmlinuz", make_bzimage("7.0.13 x")}}));
  auto kernel = read_kernel_debs({deb, {}, {}});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->config, "");
  EXPECT_TRUE(*needs_modules(*kernel));
  EXPECT_TRUE(add_modules_from_deb(*kernel, deb));
  EXPECT_THAT(kernel->modules, IsEmpty());
}

TEST(KernelDebs, a_driver_that_is_a_module_and_not_there_is_unavailable) {
  const auto folder = test::make_folder();
  const auto deb = put_file(folder.path() / "x.deb",
                            make_deb({{"./boot/vmlinuz-6.1.0", make_bzimage("6.1.0 x")},
                                      {"./boot/config-6.1.0", kModular}}));
  auto kernel = read_kernel_debs({deb, {}, {}});
  ASSERT_TRUE(kernel);
  const auto added = add_modules_from_deb(*kernel, deb);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(added.error().message, HasSubstr("virtio_pci as a module"));
}

TEST(KernelDebs, a_package_without_a_kernel_or_with_two_is_refused) {
  const auto folder = test::make_folder();
  const auto read = [&](const std::vector<Entry>& entries) {
    const auto kernel =
        read_kernel_debs({put_file(folder.path() / "x.deb", make_deb(entries)), {}, {}});
    if (kernel) return std::string("taken");
    EXPECT_EQ(kernel.error().kind, ErrorKind::invalid_input);
    return kernel.error().message;
  };
  EXPECT_THAT(read({{"./usr/share/doc/readme", "meta"}}), HasSubstr("holds no kernel"));
  EXPECT_THAT(read({{"./boot/vmlinuz-1", "", 'l', "/etc/shadow"}}), HasSubstr("holds no kernel"));
  EXPECT_THAT(read({{"./boot/vmlinuz-1", make_bzimage("6.1.0 x")},
                    {"./boot/vmlinuz-2", make_bzimage("6.1.0 x")}}),
              HasSubstr("more than one kernel"));
  EXPECT_THAT(read({{"./boot/vmlinuz-1", "no kernel"}}), HasSubstr("are no kernel"));
}

TEST(KernelFiles, a_local_kernel_is_read_with_config_and_modules) {
  const auto folder = test::make_folder();
  const auto image = put_file(folder.path() / "boot/bzImage", make_bzimage("6.9.0-mine x"));
  const fs::path modules = folder.path() / "lib/modules/6.9.0-mine";
  put_file(modules / "kernel/drivers/virtio/virtio_pci.ko.zst",
           test::compress(make_module_of("6.9.0-mine", ""), "zstd"));
  put_file(modules / "kernel/drivers/char/virtio_console.ko", make_module_of("6.9.0-mine", ""));
  put_file(folder.path() / "boot/config-6.9.0-mine", kModular);
  const auto kernel = read_kernel_files(image, modules);
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.9.0-mine");
  EXPECT_EQ(kernel->config, kModular);
  EXPECT_THAT(names(*kernel), ElementsAre("virtio_pci", "virtio_console"));
}

TEST(KernelFiles, without_config_and_modules_everything_is_taken_to_be_built_in) {
  const auto folder = test::make_folder();
  const auto kernel = read_kernel_files(
      put_file(folder.path() / "vmlinux", test::make_vmlinux("Linux version 6.9.0 (x)")), {});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.9.0");
  EXPECT_THAT(kernel->modules, IsEmpty());
}

TEST(KernelFiles, what_is_not_there_or_cannot_talk_is_told_apart) {
  const auto folder = test::make_folder();
  EXPECT_EQ(read_kernel_files(folder.path() / "no", {}).error().kind, ErrorKind::invalid_input);
  const auto image = put_file(folder.path() / "bzImage", make_bzimage("6.9.0 x"));
  EXPECT_EQ(read_kernel_files(image, folder.path() / "no").error().kind, ErrorKind::invalid_input);
  put_file(folder.path() / "config-6.9.0", kModular);
  EXPECT_EQ(read_kernel_files(image, {}).error().kind, ErrorKind::unavailable);
  put_file(folder.path() / "config-6.9.0", "# CONFIG_VIRTIO_PCI is not set\n");
  EXPECT_EQ(read_kernel_files(image, {}).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace bpfmatrix::image
