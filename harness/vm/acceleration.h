// KVM or TCG, decided by a canary boot and not by the presence of /dev/kvm: on hosts whose KVM is
// itself emulated the device opens and no ordinary guest gets anywhere.
//
// The answer is remembered in a file, for one host boot and one QEMU version. One thread: the one
// that runs `io`; asking QEMU for its version blocks it for some 30 ms.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "vm/qemu_command.h"

namespace bpfmatrix::vm {

enum class AccelChoice { automatic, kvm, tcg };

struct Acceleration {
  Accel accel = Accel::tcg;
  // How much slower than KVM, 1 to 10: timeouts are multiplied by it. 10 when not measured under
  // TCG.
  double slowdown = 10;
  std::string sentence;     // for the user: what is used and why
  bool measured = false;    // a canary answered under `accel`
  bool remembered = false;  // from the file: nothing was booted now
};

// Where the answer holds.
struct HostState {
  std::string boot_id;       // /proc/sys/kernel/random/boot_id
  std::string qemu_version;  // "7.2.22"
  bool kvm_opens = false;    // the device: a user who has joined the group kvm is asked anew
  std::string isolation;     // of QEMU under KVM: it may be a user who cannot open the device
};

// What the choice depends on besides QEMU; tests change it.
struct CanaryLimits {
  std::filesystem::path kvm_device = "/dev/kvm";
  std::chrono::milliseconds kvm{10'000};  // a guest under a working KVM answers within 1 to 2 s
  std::chrono::milliseconds tcg{60'000};
};

// `canary` names a kernel and an initramfs whose agent says something by itself; its accel and
// nonce are set here. `automatic` boots it under KVM and, when nothing comes in time, under TCG,
// which also measures the speed. `kvm`: Error unavailable when no guest comes up under it. `tcg`:
// taken at its word, speed from the file or 10. A file that cannot be read or written is ignored.
boost::asio::awaitable<base::Result<Acceleration>> choose_acceleration(boost::asio::io_context& io,
                                                                       MachineConfig canary,
                                                                       AccelChoice choice,
                                                                       std::filesystem::path memory,
                                                                       CanaryLimits limits = {});

// For a kernel that gets nowhere under KVM, though KVM was chosen: boots it under TCG. `measured`: it
// comes up there, so KVM is to blame, as `why` tells; the answer is remembered. Else KVM is not.
boost::asio::awaitable<base::Result<Acceleration>> try_without_kvm(
    boost::asio::io_context& io, MachineConfig canary, std::string why,
    std::filesystem::path memory, CanaryLimits limits = {});

// What choose_acceleration() would choose without booting anything; nothing when it would have to try.
// `version` is that of the QEMU that runs in `sandbox`.
[[nodiscard]] std::optional<Accel> known_accel(AccelChoice choice,
                                               const std::filesystem::path& memory,
                                               const std::string& version, const Sandbox& sandbox,
                                               const CanaryLimits& limits = {});

// The processor that a guest sees, for keys: the model, and under KVM the host's own besides, which
// is passed on to the guest (/proc/cpuinfo: its first model name and flags).
[[nodiscard]] std::string processor(Accel accel);

// Time to the agent's first byte against the nominal 1 s of KVM, within 1 to 10.
[[nodiscard]] double slowdown_of(std::chrono::duration<double> first_byte);

// The remembered answer; nothing when there is none for this host boot and QEMU, or the file is not
// one of ours.
[[nodiscard]] std::optional<Acceleration> recall(const std::filesystem::path& memory,
                                                 const HostState& host);
base::Status remember(const std::filesystem::path& memory, const HostState& host,
                      const Acceleration& acceleration);

}  // namespace bpfmatrix::vm
