// The driver: everything is prepared, machines run side by side, results go to the store.
//
// One thread, one event loop, one driver for a run (run_lock.h). While machines run, SIGINT, SIGTERM
// and SIGHUP end the run softly, a second one at once, and SIGTSTP pauses it (machines.h). What was
// stored stays, however the run ends.
#pragma once

#include <chrono>
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

inline constexpr uint32_t kRetries = 1;

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
  // A cell that took its machine with it runs so many times more, in a fresh machine. Not given:
  // kRetries, or what the run that is continued was begun with.
  std::optional<uint32_t> retries;
  // The run ends softly when its machines have worked so long; 0: it may take its time.
  std::chrono::seconds time_limit{0};
  uint64_t min_free = uint64_t{512} << 20;  // bytes of the disk that are to stay free
  bool quiet = false;  // only notes on standard error
  std::string qemu = "qemu-system-x86_64";
};

struct RunSummary {
  std::string run;            // id in the store; empty when nothing was selected or is incomplete
  int signal = 0;             // that ended the run; 0: none
  bool complete = false;      // every cell came to something; else resume_run() goes on
  bool was_complete = false;  // already, when it was to be continued: nothing was done
};

base::Result<RunSummary> run_matrix(const RunRequest& request, const image::Workspace& workspace,
                                    const image::DataFolder& data);

// Goes on with a run that did not come to its end: same id, same plan. `run` is an id or a unique
// beginning of one; empty for the newest without an end. Matrix and selection are those of the run;
// the rest of `request` goes. What was stored stays, but for cells whose content key is not what it
// was. invalid_input when the plan cannot be had again, or another process is at it.
base::Result<RunSummary> resume_run(const std::string& run, RunRequest request,
                                    const image::Workspace& workspace,
                                    const image::DataFolder& data);

}  // namespace bpfmatrix::run
