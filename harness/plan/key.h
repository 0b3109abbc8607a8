// A cell's content key: a digest over the digests of everything that can change its observation.
//
// The id is the cell's name; the key says what was really run. Same key, same observation.
// Build paths and names never enter it.
#pragma once

#include <string>

#include "base/digest.h"
#include "plan/plan.h"

namespace bpfmatrix::plan {

// What a boot is made of, the same for all its cells.
struct MachineDigests {
  std::string kernel;        // sha256 of what is booted
  std::string initramfs;     // sha256: modules and agent
  std::string agent;         // sha256
  std::string command_line;  // QEMU's whole argument line, without what varies from boot to boot
  std::string qemu_version;
  std::string cpu_model;
  std::string accel;      // "tcg", "kvm"
  std::string isolation;  // "boot": cells of a boot share one machine
};

// Keys of many cells of one machine and loader: what they share is digested once.
class CellKeys {
 public:
  CellKeys(const MachineDigests& machine, const std::string& loader_sha256);
  // As cell_key() says.
  [[nodiscard]] std::string key(const Program& program, const spec::LogMode& mode) const;

 private:
  base::Sha256 shared_;
};

// 64 hex digits. `loader_sha256` is the digest of the built binary.
[[nodiscard]] std::string cell_key(const MachineDigests& machine, const std::string& loader_sha256,
                                   const Program& program, const spec::LogMode& mode);

}  // namespace bpfmatrix::plan
