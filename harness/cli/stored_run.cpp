#include "cli/stored_run.h"

#include <filesystem>

#include "result/store.h"

namespace bpfmatrix::cli {

base::Result<StoredRun> read_run(const image::Workspace& workspace, const std::string& name) {
  if (!std::filesystem::exists(workspace.results()))
    return base::fail(
        base::ErrorKind::invalid_input,
        "{}: no run was made in this workspace yet; start one with: bpfmatrix run quick",
        workspace.results().string());
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  StoredRun stored;
  BPFM_TRY(stored.run, store.read(name));
  stored.judgement = result::judge(stored.run);
  return stored;
}

}  // namespace bpfmatrix::cli
