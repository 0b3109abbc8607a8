// The driver: everything is prepared, machines run side by side, results go to the store.
//
// One thread, one event loop. While machines run, SIGINT, SIGTERM and SIGHUP end them at once; what
// was finished is in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/plan.h"
#include "spec/matrix.h"
#include "vm/acceleration.h"
#include "vm/sandbox.h"

namespace bpfmatrix::run {

struct RunRequest {
  std::string matrix;  // path, or name of a shipped matrix
  std::optional<spec::Matrix> made;  // instead of `matrix`: one that no file holds
  plan::Selection selection;
  uint32_t machines = 0;  // at a time; 0: by cores and memory
  vm::AccelChoice accel = vm::AccelChoice::automatic;
  vm::SandboxChoice sandbox = vm::SandboxChoice::automatic;
  bool locked = false;
  bool offline = false;
  bool cold = false;   // boot every machine: no saved one is used, and none saved
  bool cache = true;   // cells of which an earlier run has an observation are not run
  bool quiet = false;  // only notes on standard error
  std::string qemu = "qemu-system-x86_64";
};

struct RunSummary {
  std::string run;  // id in the store; empty when nothing was selected
  int signal = 0;   // that ended the run; 0: it ran to its end
};

base::Result<RunSummary> run_matrix(const RunRequest& request, const image::Workspace& workspace,
                                    const image::DataFolder& data);

}  // namespace bpfmatrix::run
