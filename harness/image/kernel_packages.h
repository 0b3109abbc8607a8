// Which packages of a Debian suite make up a kernel. Pure: works on what find() returned.
//
// Up to 6.18 one package, linux-image-<release>, holds everything. From 6.19 on it is a meta
// package of 2 kB and the kernel lies in linux-binary-<release>, its modules in
// linux-modules-<release>, its config in linux-base-<release>; of versions that were replaced in a
// backports suite only linux-binary may be left. Names without a full release
// (linux-image-cloud-amd64) are meta packages, -dbg and -unsigned ones hold nothing else or the
// same.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "image/apt_root.h"
#include "image/lock.h"

namespace bpfmatrix::image {

struct KernelPackages {
  std::string version;             // "6.1.176-1"
  Package image;                   // holds the bzImage
  std::optional<Package> config;   // nothing: in `image`, or not to be had
  std::optional<Package> modules;  // the same
};

// What find() has to be asked for: linux-<anything>-<flavour>, signed and unsigned.
[[nodiscard]] std::string kernel_package_glob(std::string_view flavour);

// All kernels of the series and flavour among `packages`, newest first; of one version the signed
// one first.
[[nodiscard]] std::vector<KernelPackages> kernels_of_series(std::span<const Package> packages,
                                                            std::string_view series,
                                                            std::string_view flavour);

struct KernelChoice {
  KernelPackages packages;
  bool moved = false;  // not what the lock says
};
// What `lock` says (may be null) if all its packages are there byte for byte, else the newest of
// `kernels`, which are newest first. unavailable when there is none, and when `keep_to_lock`
// forbids to move.
base::Result<KernelChoice> choose_kernel(std::span<const KernelPackages> kernels,
                                         const LockedKernel* lock, bool keep_to_lock);

}  // namespace bpfmatrix::image
