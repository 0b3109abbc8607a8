// A run read back from the store, with its verdicts.
#pragma once

#include <string>

#include "base/error.h"
#include "image/workspace.h"
#include "result/run_record.h"

namespace bpfmatrix::cli {

struct StoredRun {
  result::RunRecord run;
  result::Judgement judgement;
};

// `name`: an id, a unique beginning of one, or "latest".
base::Result<StoredRun> read_run(const image::Workspace& workspace, const std::string& name);

}  // namespace bpfmatrix::cli
