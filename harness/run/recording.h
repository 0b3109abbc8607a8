// Turns a plan and what was prepared for it into the records of the store, and keeps results coming
// in in batches.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/key.h"
#include "plan/plan.h"
#include "result/run_record.h"
#include "result/store.h"
#include "run/preparation.h"

namespace bpfmatrix::run {

// A new run: header, axes with what is known of them, every cell as not yet reached.
[[nodiscard]] result::RunRecord make_record(const spec::Matrix& matrix,
                                            const plan::Selection& selection,
                                            const plan::Plan& plan, const Preparation& preparation,
                                            const std::string& accel,
                                            const std::string& qemu_version);

// "2026-11-22T13:15:00Z": a label, nothing is ordered by it.
[[nodiscard]] std::string utc_now();

// Collects results and writes them in transactions of up to 500 cells or one second.
class Recorder {
 public:
  Recorder(result::Store& store, std::string run) : store_(store), run_(std::move(run)) {}
  base::Status add(result::CellResult result);
  base::Status flush();

 private:
  result::Store& store_;
  std::string run_;
  std::vector<result::CellResult> pending_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Cells that are settled before any machine runs: excluded, not expressible, kernel or loader
// missing.
[[nodiscard]] std::vector<result::CellResult> settled_cells(const plan::Plan& plan,
                                                            const Preparation& preparation);

}  // namespace bpfmatrix::run
