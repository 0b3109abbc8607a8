#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "image/saved_states.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;
using Days = std::chrono::duration<int64_t, std::ratio<86400>>;

constexpr int kDefaultDays = 30;
constexpr int kMostDays = 36500;
constexpr Days kUnfinished{7};  // a run without an end that began since may be going on

struct Options {
  int days = kDefaultDays;
  bool dry_run = false;
};

std::string size_text(uint64_t bytes) {
  constexpr double kMiB = 1 << 20;
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB);
}

std::string counted(uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

uint64_t bytes_of(const std::vector<image::SavedState>& states) {
  uint64_t bytes = 0;
  for (const auto& state : states) bytes += state.bytes;
  return bytes;
}

// The time some days ago, as a run's header has it.
std::string utc_ago(Days days) {
  const auto when = std::chrono::floor<std::chrono::seconds>(system_clock::now() - days);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(system_clock::to_time_t(when)));
}

base::Status print_info(const image::Workspace& workspace) {
  result::StoreSize size;
  std::error_code ignored;
  if (fs::exists(workspace.results(), ignored)) {
    BPFM_TRY(auto store, result::Store::open(workspace.results()));
    BPFM_TRY(size, store.size());
  }
  const auto states = image::list_states(workspace.states());
  fmt::print("observations    {} of {}, {} can answer a later run\n", size.observations,
             counted(size.runs, "run"), size.answering);
  fmt::print("log texts       {}, {}\n", size.texts, size_text(size.text_bytes));
  fmt::print("database        {}, {}\n", size_text(size.file_bytes), workspace.results().string());
  fmt::print("machine states  {}, {}, {}\n", states.size(), size_text(bytes_of(states)),
             workspace.states().string());
  return {};
}

base::Status collect(const image::Workspace& workspace, const Options& options) {
  const Days days(options.days);
  result::Dropped dropped;
  uint64_t bytes = 0;
  std::error_code ignored;
  if (fs::exists(workspace.results(), ignored)) {
    BPFM_TRY(auto store, result::Store::open(workspace.results()));
    BPFM_TRY(const auto before, store.size());
    BPFM_TRY(dropped, store.drop_unused(utc_ago(days), utc_ago(std::max(days, kUnfinished)),
                                        options.dry_run));
    BPFM_TRY(const auto after, store.size());
    bytes = before.file_bytes - std::min(before.file_bytes, after.file_bytes);
  }
  const auto states =
      image::unused_states(workspace.states(), fs::file_time_type::clock::now() - days);
  if (!options.dry_run) {
    for (const auto& run : dropped.runs) fs::remove_all(workspace.evidence() / run, ignored);
    BPFM_CHECK(image::remove_states(states, workspace.temporary()));
  }
  const char* verb = options.dry_run ? "would drop" : "dropped";
  fmt::print("{} {}, {} and {} that only they used{}\n", verb, counted(dropped.runs.size(), "run"),
             counted(dropped.observations, "observation"), counted(dropped.texts, "log text"),
             options.dry_run ? "" : fmt::format(": {} freed", size_text(bytes)));
  fmt::print("{} {} that no run used for {}: {}\n", verb, counted(states.size(), "machine state"),
             counted(static_cast<uint64_t>(options.days), "day"), size_text(bytes_of(states)));
  return {};
}

}  // namespace

void add_cache(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "cache", "What earlier runs left to answer later ones: observations, machine states");
  command->footer("Example: bpfmatrix cache gc --older-than 90 --dry-run");
  command->require_subcommand(1);
  auto* info = command->add_subcommand("info", "How much there is");
  info->callback([&context] {
    if (const auto status = print_info(context.open_workspace()); !status)
      context.fail(status.error());
  });
  auto* gc = command->add_subcommand(
      "gc",
      "Delete old runs but for the newest of each matrix, what only they used, and machine\n"
      "states that no run used since");
  auto options = std::make_shared<Options>();
  gc->add_option("--older-than", options->days, "Days")
      ->check(CLI::Range(0, kMostDays))
      ->capture_default_str();
  gc->add_flag("--dry-run", options->dry_run, "Say what would go, and delete nothing");
  gc->callback([&context, options] {
    if (const auto status = collect(context.open_workspace(), *options); !status)
      context.fail(status.error());
  });
}

}  // namespace bpfmatrix::cli
