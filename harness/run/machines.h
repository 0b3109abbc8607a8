// The machines of a run, side by side on one event loop, until everything has run or the run is to
// end. What they come to goes to the store as it comes.
//
// Asked to end (a signal, its time limit, little room on the disk), no cell is handed out any more; those that
// machines have already may end, after a signal for some seconds at most, then the machines are killed. A
// second signal kills them at once.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/key.h"
#include "result/store.h"
#include "run/driver.h"
#include "run/jobs.h"
#include "run/planning.h"
#include "run/preparation.h"
#include "run/progress.h"
#include "vm/acceleration.h"
#include "vm/sandbox.h"

namespace bpfmatrix::run {

// All that is there before the first machine starts; outlives the work.
struct Ready {
  const RunRequest& request;
  const image::Workspace& workspace;
  const Planned& planned;
  const Preparation& preparation;
  const vm::Acceleration& acceleration;
  const std::string& qemu_version;
  const vm::Sandbox& sandbox;
  const Tried& tried;
};

// What the machine of a kernel is made of, for the keys of its cells.
[[nodiscard]] plan::MachineDigests digests_of(const Ready& ready, uint32_t kernel);

struct WorkEnd {
  int signal = 0;                      // that ended it; 0: none
  bool out_of_time = false;            // its time limit ended it
  std::optional<base::Error> no_room;  // why it was ended for want of room
  std::optional<base::Error> failure;  // of the store: what was not stored is lost
};

// Runs the cells of `ready.planned` that are to run. `record` learns what is found out of kernels.
WorkEnd run_machines(const Ready& ready, result::RunRecord& record, result::Store& store,
                     Progress& progress);

}  // namespace bpfmatrix::run
