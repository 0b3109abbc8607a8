// How far QEMU is shut in, besides its own seccomp filter: bubblewrap around it where that works, and
// a user other than root. Found out by trying, as the accelerator is.
//
// Inside bubblewrap QEMU has namespaces of its own: no network device but an unconnected loopback, no
// process that it could see, no file but its libraries, its firmware, the kernel and the initramfs,
// all read-only, and /dev/null (/dev/kvm under KVM). Its channels are descriptors that it inherits.
// Refuses nothing by itself: whoever starts machines decides what is enough. One thread; trying
// blocks it for some 50 ms.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "base/error.h"

namespace bpfmatrix::vm {

enum class SandboxChoice {
  automatic,  // the best that works
  require,    // bubblewrap, or nothing is run
  off,        // QEMU as this user, with its seccomp filter alone
};

// A default one is `off` for an ordinary user.
struct Sandbox {
  using User = base::Confinement::User;
  std::string bwrap;             // its path; empty: QEMU is not wrapped
  std::string setpriv;           // its path, for a wrapped QEMU that changes its user
  std::optional<User> user;      // who QEMU is; nothing: who we are
  std::optional<User> kvm_user;  // the same under KVM, whose device that user must be able to open
  bool started_by_root = false;
  bool as_asked = false;  // `off`
  std::string reason;  // why it is no better: one clause; empty when it is the best there is

  // "bwrap+seccomp" or "seccomp-only", and ", root" behind it where QEMU runs as root.
  [[nodiscard]] std::string level(bool kvm) const;
};

struct FoundSandbox {
  Sandbox sandbox;
  std::string qemu_version;  // "7.2.22": what QEMU said when it was tried
};

// What the choice depends on; tests change it.
struct SandboxHost {
  std::string bwrap = "bwrap";
  std::string kvm_device = "/dev/kvm";
};

// Starts `qemu --version` in one sandbox after the other, the best first, until one works. Errors:
// unavailable when QEMU is not there, or with `require` when bubblewrap is not or does not work.
base::Result<FoundSandbox> choose_sandbox(const std::string& qemu, SandboxChoice choice,
                                          const SandboxHost& host = {});

// What a person should know before machines run; empty when there is nothing. Emulation is no
// boundary, so that it stands alone without bubblewrap; KVM is one.
[[nodiscard]] std::string warning(const Sandbox& sandbox, bool kvm);

// A command inside bubblewrap. `files`: {path on the host, path inside}. The program's own prefix
// (its lib and share) is there as well.
[[nodiscard]] std::vector<std::string> wrap(
    const Sandbox& sandbox, bool kvm, const std::vector<std::pair<std::string, std::string>>& files,
    std::vector<std::string> argv);

// What the child that is started must be confined to. `largest_file`: bytes.
[[nodiscard]] base::Confinement confinement(const Sandbox& sandbox, bool kvm,
                                            uint64_t largest_file);

}  // namespace bpfmatrix::vm
