// What a kernel image and its config tell about themselves. Pure.
//
// A bzImage says its release in its own header (Documentation/arch/x86/boot.rst), a vmlinux in its
// banner (init/version.c, linux_banner). The name of the file is never believed.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::image {

// "6.1.0-50-cloud-amd64" of a 64-bit x86 bzImage or vmlinux. invalid_input with the reason for
// everything else: not a kernel, cut off, a 32-bit kernel.
base::Result<std::string> kernel_release(std::string_view image);

// How a config has an option: `absent` for "is not set" and for no word of it at all.
enum class Built { in, module, absent };
[[nodiscard]] Built built(std::string_view config, std::string_view option);

// Both options that the agent's channel needs, CONFIG_VIRTIO_PCI and CONFIG_VIRTIO_CONSOLE.
// invalid_input when the config has one of them off; else whether modules are needed.
base::Result<bool> needs_virtio_modules(std::string_view config);

}  // namespace bpfmatrix::image
