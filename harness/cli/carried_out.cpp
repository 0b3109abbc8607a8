#include "cli/carried_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "report/render.h"
#include "report/table.h"
#include "run/run_lock.h"

namespace bpfmatrix::cli {
namespace {

vm::AccelChoice accel_choice(const std::string& text) {
  if (text == "kvm") return vm::AccelChoice::kvm;
  return text == "tcg" ? vm::AccelChoice::tcg : vm::AccelChoice::automatic;
}

// "run X is incomplete: 12 of 500 cells were not reached".
std::string incomplete_text(const StoredRun& stored) {
  const auto missing = std::ranges::count_if(stored.run.cells, [](const auto& cell) {
    return cell.attempts == 0 || cell.attempt.state == result::AttemptState::no_space;
  });
  return fmt::format("run {} is incomplete: {} of {} cells were not reached", stored.run.header.id,
                     missing, stored.run.cells.size());
}

}  // namespace

void add_accel(CLI::App& command, run::RunRequest& request) {
  command
      .add_option_function<std::string>(
          "--accel",
          [&request](const std::string& text) { request.accel = accel_choice(text); },
          "auto: decided by a canary boot; kvm; tcg")
      ->check(CLI::IsMember({"auto", "kvm", "tcg"}))
      ->default_str("auto");
}

void add_machine_options(CLI::App& command, const std::shared_ptr<run::RunRequest>& request) {
  command.add_option("-j,--jobs", request->machines,
                     "Machines at a time (default: by cores and memory)");
  add_accel(command, *request);
  add_sandbox(command, request->sandbox);
  command
      .add_option("--retries", request->retries,
                  "So often a cell that took its machine with it runs again, in a fresh one")
      ->default_str(std::to_string(run::kRetries));
  command
      .add_option_function<uint64_t>(
          "--time-limit",
          [request](uint64_t seconds) {
            request->time_limit = std::chrono::seconds(static_cast<int64_t>(seconds));
          },
          "The run ends softly after so long, as 90m or 2h; resume goes on (default: never)")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, uint64_t>{{"s", 1}, {"m", 60}, {"h", 3600}},
          CLI::AsNumberWithUnit::DEFAULT, "TIME"))
      ->check(CLI::Range(uint64_t{1}, uint64_t{366} * 86400));
  command.add_flag("--locked", request->locked,
                   "Use exactly what the workspace's lock says, or refuse");
  command.add_flag("--offline", request->offline, "Fetch nothing: take what the workspace has");
  command.add_flag("--cold", request->cold, "Boot every machine: use no saved one, and save none");
  command.add_flag_callback(
      "--no-cache", [request] { request->cache = false; },
      "Run every cell, also those that earlier runs answer");
  command
      .add_option("--min-free", request->min_free,
                  "Room that is to stay free on the workspace's disk, as 2GiB; 0: look at nothing")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("512MiB");
  command.add_flag("-q,--quiet", request->quiet, "No progress, only what goes wrong");
  command.add_option("--qemu", request->qemu, "QEMU to use")->capture_default_str();
}

void show_run(Context& context, const image::Workspace& workspace,
              const run::RunSummary& summary, result::Flaky flaky) {
  const auto stored = read_run(workspace, summary.run, flaky);
  if (!stored) return context.fail(stored.error());
  const auto table = report::make_table(stored->run, stored->judgement, stored->findings);
  fmt::print("{}", report::render_terminal(table, {context.color_wanted(), 100}));
  std::fflush(stdout);
  if (summary.complete)
    fmt::print(stderr, "bpfmatrix: run {} is kept in {}; again: {}\n", summary.run,
               workspace.results().string(), context.to_paste("report " + summary.run));
  else
    fmt::print(stderr, "bpfmatrix: {}; go on with: {}\n", incomplete_text(*stored),
               context.to_paste("resume " + summary.run));
  context.exit_code = summary.signal == 0 ? stored->judgement.exit_code : 128 + summary.signal;
}

void tell_incomplete(Context& context, const image::Workspace& workspace,
                     const StoredRun& stored) {
  if (!stored.run.header.finished.empty()) return;
  const auto& id = stored.run.header.id;
  const auto holder = run::RunLock::holder(run::lock_folder(workspace), id);
  if (holder)
    fmt::print(stderr, "bpfmatrix: run {} is going on in {}\n", id, *holder);
  else
    fmt::print(stderr, "bpfmatrix: {}; go on with: {}\n", incomplete_text(stored),
               context.to_paste("resume " + id));
  context.exit_code = kIncomplete;
}

}  // namespace bpfmatrix::cli
