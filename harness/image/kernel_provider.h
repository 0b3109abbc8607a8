// From a catalogue entry to a kernel that can be booted, in the content store and in the lock.
//
// Debian kernels come through apt in a private root (apt_root.h); only the image, its config and
// the modules that the guest needs are kept. A kernel whose lock entry is whole in the store is
// taken from there without any look at the network: to move to a newer version, remove its entry
// from the lock first. Blocking; talks to the network and the disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/apt_root.h"
#include "image/content_store.h"
#include "image/kernel_packages.h"
#include "image/lock.h"
#include "image/workspace.h"
#include "spec/catalogue.h"

namespace bpfmatrix::image {

struct Module {
  std::string name;    // "virtio_ring"
  std::string sha256;  // of the uncompressed .ko, in the store
};

struct Kernel {
  std::string id;
  std::string vendor, series, arch;
  std::string release;          // "6.1.0-50-cloud-amd64": from the image's own header
  std::string package_version;  // "6.1.176-1"; empty for local files
  std::string source;           // for people: "debian bookworm-security linux-image-… 6.1.176-1"
  std::string sha256;           // of the image, in the store
  std::string config_sha256;    // of the config; empty when there is none
  std::filesystem::path image;  // verified path in the store
  std::vector<Module> modules;  // those that virtio-serial needs, in loading order
};

class KernelProvider {
 public:
  struct Options {
    bool locked = false;   // refuse to move from what the lock says, and to add to it
    bool offline = false;  // take only what is in the store
  };
  KernelProvider(const Workspace& workspace, AptRoot& apt, Lock& lock, Options options);

  // The kernel, fetched when it is not yet there. An Error of kind unavailable is
  // MISS/IMAGE_UNAVAILABLE for this kernel, invalid_input MISS/BAD_IMAGE; others are ours.
  // Sentences for people (a version that moved) are added to notes().
  base::Result<Kernel> provide(const spec::KernelEntry& entry);
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  base::Result<Kernel> provide_debian(const spec::KernelEntry& entry,
                                      const spec::DebianKernel& source);
  base::Result<Kernel> provide_file(const spec::KernelEntry& entry, const spec::FileKernel& source);
  // What the lock says, when all of it is in the store; nothing otherwise.
  base::Result<std::optional<Kernel>> from_store(const spec::KernelEntry& entry,
                                                 const LockedKernel& locked);
  base::Result<KernelPackages> choose(const spec::KernelEntry& entry,
                                      const spec::DebianKernel& source, const LockedKernel* locked);
  base::Result<LockedKernel> fetch(const spec::KernelEntry& entry, const KernelPackages& packages);
  const Workspace& workspace_;
  ContentStore store_;
  AptRoot& apt_;
  Lock& lock_;
  Options options_;
  std::vector<std::string> notes_;
};

}  // namespace bpfmatrix::image
