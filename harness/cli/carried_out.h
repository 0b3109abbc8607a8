// What run and resume share: options of machines, and what is printed of a run that was carried out.
// And what every command says of a run that did not come to its end.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/stored_run.h"
#include "run/driver.h"

namespace bpfmatrix::cli {

// --accel; `request` outlives the command.
void add_accel(CLI::App& command, run::RunRequest& request);
// -j, --accel, --sandbox, --retries, --time-limit, --locked, --offline, --cold, --no-cache,
// --min-free, --quiet, --qemu.
void add_machine_options(CLI::App& command, const std::shared_ptr<run::RunRequest>& request);

// The table of a run that was just carried out, where it is kept, and the exit code.
void show_run(Context& context, const image::Workspace& workspace, const run::RunSummary& summary,
              result::Flaky flaky);

// Says on standard error that a run of the store is incomplete, or going on, and how to go on; the
// exit code is then kIncomplete. Nothing for a run that has ended.
void tell_incomplete(Context& context, const image::Workspace& workspace, const StoredRun& stored);

}  // namespace bpfmatrix::cli
