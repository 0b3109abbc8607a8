// What is taken out of a kernel's packages or folder: image, config, the modules for virtio.
//
// Packages are read in a process apart (base/apart.h). Blocking; reads the disk, writes nothing.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

struct KernelContents {
  std::string release;
  std::string image;                                         // bzImage or vmlinux
  std::string config;                                        // empty: not known
  std::vector<std::pair<std::string, std::string>> modules;  // name, content; loading order
};

// The .deb files of one kernel. `config` and `modules` are empty where the archive has no such
// package; both are then looked for in `image`.
struct KernelDebs {
  std::filesystem::path image, config, modules;
};
// The image and config of a Debian kernel; modules are left to add_modules().
base::Result<KernelContents> read_kernel_debs(const KernelDebs& debs);

// Does the guest need modules of this kernel, as far as its config tells? True without a config.
// invalid_input when the config has virtio off.
base::Result<bool> needs_modules(const KernelContents& kernel);

// Adds the modules out of a .deb or a folder (lib/modules/<release>). unavailable when the config
// has a driver as a module that is not there.
base::Status add_modules_from_deb(KernelContents& kernel, const std::filesystem::path& deb);
base::Status add_modules_from_folder(KernelContents& kernel, const std::filesystem::path& folder);
// unavailable when the config wants a module that was not added.
base::Status check_modules(const KernelContents& kernel);

// A kernel file on this machine, with its modules and config where they are found: `modules`/config
// or config-<release> beside the image. `modules` may be empty.
base::Result<KernelContents> read_kernel_files(const std::filesystem::path& image,
                                               const std::filesystem::path& modules);

}  // namespace bpfmatrix::image
