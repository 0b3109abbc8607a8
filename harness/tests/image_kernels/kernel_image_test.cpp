#include "image/kernel_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using base::ErrorKind;
using testing::HasSubstr;

std::string refusal(const std::string& image) {
  const auto release = kernel_release(image);
  if (release) return "taken: " + *release;
  EXPECT_EQ(release.error().kind, ErrorKind::invalid_input);
  return release.error().message;
}

TEST(KernelImage, a_bzimage_says_its_release_in_its_header) {
  const auto release = kernel_release(test::make_bzimage(
      "6.1.0-50-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC"));
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(*release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(*kernel_release(test::make_bzimage("7.3.4+deb13-cloud-amd64 (x) #1")),
            "7.3.4+deb13-cloud-amd64");
}

TEST(KernelImage, a_vmlinux_says_its_release_in_its_banner_and_not_in_its_format_strings) {
  EXPECT_EQ(*kernel_release(test::make_vmlinux("Linux version %s (%s)\nLinux version 5.10.0-rc1 "
                                               "(gcc) #1\n")),
            "5.10.0-rc1");
  EXPECT_THAT(refusal(test::make_vmlinux("Linux version %s")), HasSubstr("no banner"));
  std::string arm = test::make_vmlinux("Linux version 6.1.0 (x)");
  arm[18] = static_cast<char>(183);
  EXPECT_THAT(refusal(arm), HasSubstr("64-bit x86"));
}

TEST(KernelImage, what_is_no_kernel_is_refused) {
  EXPECT_THAT(refusal(""), HasSubstr("no kernel"));
  EXPECT_THAT(refusal("\x7f" "ELF"), HasSubstr("no kernel"));
  EXPECT_THAT(refusal(std::string(5000, 'x')), HasSubstr("neither"));
  std::string flag = test::make_bzimage("6.1.0 x");
  flag[0x1fe] = 0;
  EXPECT_THAT(refusal(flag), HasSubstr("neither"));
}

TEST(KernelImage, a_32_bit_kernel_is_refused) {
  std::string image = test::make_bzimage("6.1.0 x");
  image[0x236] = 0x06;
  EXPECT_THAT(refusal(image), HasSubstr("32-bit"));
  image = test::make_bzimage("6.1.0 x");
  image[0x206] = 0x04;
  EXPECT_THAT(refusal(image), HasSubstr("32-bit"));
}

TEST(KernelImage, a_header_that_points_outside_or_a_cut_image_is_refused) {
  std::string image = test::make_bzimage("6.1.0 x");
  image[0x20f] = 0x07;  // 0x700 + 0x200 is behind the four setup sectors
  EXPECT_THAT(refusal(image), HasSubstr("does not say its release"));
  image[0x20e] = image[0x20f] = 0;
  EXPECT_THAT(refusal(image), HasSubstr("does not say its release"));
  image = test::make_bzimage("6.1.0 x");
  image.resize(0x700);
  EXPECT_THAT(refusal(image), HasSubstr("cut off"));
}

TEST(KernelImage, a_release_that_could_not_stand_in_a_file_name_is_refused) {
  EXPECT_THAT(refusal(test::make_bzimage("../6.1.0 x")), HasSubstr("does not say"));
  EXPECT_THAT(refusal(test::make_bzimage("6.1.0/../x y")), HasSubstr("does not say"));
  EXPECT_THAT(refusal(test::make_bzimage("6.1.0\x1b[31m y")), HasSubstr("does not say"));
  EXPECT_THAT(refusal(test::make_bzimage("6" + std::string(65, '1') + " y")),
              HasSubstr("does not say"));
}

constexpr const char* kConfig =
    "# CONFIG_VIRTIO_MMIO is not set\n"
    "CONFIG_VIRTIO_PCI=y\n"
    "CONFIG_VIRTIO_PCI_LEGACY=y\n"
    "CONFIG_VIRTIO_CONSOLE=m\n"
    "CONFIG_VIRTIO_MEM=maybe\n"
    "CONFIG_LAST=y";

TEST(KernelConfig, tells_built_in_module_and_absent_apart) {
  EXPECT_EQ(built(kConfig, "CONFIG_VIRTIO_PCI"), Built::in);
  EXPECT_EQ(built(kConfig, "CONFIG_VIRTIO_CONSOLE"), Built::module);
  EXPECT_EQ(built(kConfig, "CONFIG_VIRTIO_MMIO"), Built::absent);
  EXPECT_EQ(built(kConfig, "CONFIG_VIRTIO"), Built::absent);
  EXPECT_EQ(built(kConfig, "VIRTIO_PCI"), Built::absent);
  EXPECT_EQ(built(kConfig, "CONFIG_VIRTIO_MEM"), Built::absent);
  EXPECT_EQ(built(kConfig, "CONFIG_LAST"), Built::in);
}

TEST(KernelConfig, modules_are_needed_when_one_of_both_drivers_is_a_module) {
  EXPECT_TRUE(*needs_virtio_modules(kConfig));
  EXPECT_TRUE(*needs_virtio_modules("CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_CONSOLE=y\n"));
  EXPECT_FALSE(*needs_virtio_modules("CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_CONSOLE=y\n"));
}

TEST(KernelConfig, a_kernel_without_virtio_is_refused_by_name) {
  const auto needs = needs_virtio_modules(
      "CONFIG_VIRTIO_PCI=y\n# CONFIG_VIRTIO_CONSOLE is not set\n");
  ASSERT_FALSE(needs);
  EXPECT_EQ(needs.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(needs.error().message, HasSubstr("CONFIG_VIRTIO_CONSOLE"));
}

}  // namespace
}  // namespace bpfmatrix::image
