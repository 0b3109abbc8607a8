// A run read back from the store or from a file, with its verdicts and what its laws came to.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/workspace.h"
#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::cli {

// Moved, never copied: `findings` points into `laws`.
struct StoredRun {
  StoredRun() = default;
  StoredRun(StoredRun&&) = default;
  StoredRun& operator=(StoredRun&&) = default;

  result::RunRecord run;
  result::Judgement judgement;  // its exit code counts what the laws found
  std::vector<spec::Law> laws;
  law::Findings findings;
};

// `name`: an id, a unique beginning of one, or "latest".
base::Result<StoredRun> read_run(const image::Workspace& workspace, const std::string& name,
                                 result::Flaky flaky = result::Flaky::fail);

// Which run a command is about: RUN, or --from FILE in its place.
struct RunChoice {
  std::string run = "latest";
  std::string file;  // empty: the store
  result::Flaky flaky = result::Flaky::fail;
};
// --flaky fail|pass: what cells are whose attempts disagree.
void add_flaky(CLI::App& command, result::Flaky& flaky);
void add_run_choice(CLI::App& command, RunChoice& choice);
base::Result<StoredRun> read_run(const image::Workspace& workspace, const RunChoice& choice);

}  // namespace bpfmatrix::cli
