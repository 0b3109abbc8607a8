// From the start of a machine to the first result: as a bzImage, as we boot, and restored, with and
// without the sandbox around QEMU; in turns, since nothing else makes them comparable on a host that
// also does other work.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "base/files.h"
#include "bench/bench.h"
#include "bench/one_kernel.h"
#include "run/boot.h"
#include "run/machine_setup.h"
#include "vm/machine.h"

namespace bpfmatrix::bench {
namespace {

namespace asio = boost::asio;
using base::ErrorKind;
using std::chrono::steady_clock;

struct Options {
  std::string kernel = "debian-6.12";
  uint32_t rounds = 5;
  bool each = false;  // also without each measure that shortens the boot
};

// Seconds until the first result of one machine.
base::Result<double> first_result(const OneKernel& one, vm::MachineConfig machine,
                                  vm::SavedStates* states, const vm::StateParts& parts,
                                  const std::filesystem::path& folder) {
  run::BootRequest request;
  request.kernel = one.planned.plan.kernels.front().id;
  request.machine = std::move(machine);
  request.files = &one.preparation.files;
  request.jobs.push_back(one.cell);
  request.boot_limit = std::chrono::seconds(120);
  request.evidence = folder / "evidence";
  request.states = states;
  request.state = parts;
  asio::io_context io;
  std::optional<steady_clock::time_point> result;
  std::string problem;
  run::BootEvents events;
  events.finished = [&](const std::vector<run::Finished>& finished) {
    if (finished.front().attempt.state == result::AttemptState::measured)
      result = steady_clock::now();
  };
  events.note = [&](const std::string& text) { problem = text; };
  const auto began = steady_clock::now();
  asio::co_spawn(io, run::run_boot(io, std::move(request), events),
                 [&](std::exception_ptr, const run::BootReport& report) {
                   if (!report.problem.empty()) problem = report.problem;
                 });
  io.run();
  if (!problem.empty()) return base::fail(ErrorKind::process, "{}", problem);
  if (!result) return base::fail(ErrorKind::process, "no result came");
  return std::chrono::duration<double>(*result - began).count();
}

// One way to start the machine, and what it took in each round, s.
struct Way {
  std::string text;
  vm::MachineConfig machine;
  bool restored = false;
  std::vector<double> seconds;
};

// Ours, ours without one of the measures each, and restored. The first is what all are held against;
// a larger machine is the last.
std::vector<Way> all_ways(const OneKernel& one, bool each) {
  const auto& ours = one.machine;
  std::vector<Way> ways = {{"booted as a bzImage", ours}, {"booted as bpfmatrix does it", ours}};
  ways[0].machine.kernel = one.preparation.kernels.front().kernel->image.string();
  if (each) {
    for (const auto* word : {"cryptomgr.notests", "loglevel=5"}) {
      ways.push_back({fmt::format("  without {}", word), ours});
      ways.back().machine.leave_out = {word};
    }
  }
  ways.push_back({"restored", ours, true});
  ways.push_back({"restored, without bubblewrap", ours, true});
  ways.back().machine.sandbox = {};
  if (each) {
    ways.push_back({"  with 1 GiB of memory", ours});
    ways.back().machine.memory = uint64_t{1} << 30;
  }
  return ways;
}

double median_of(const std::vector<double>& sorted) {
  return sorted[sorted.size() / 2];
}

void print(const Way& way, double against) {
  const double median = median_of(way.seconds);
  fmt::print("{:<34} {:>7.3f} s   ({:.3f} to {:.3f})   {:.1f} x\n", way.text, median,
             way.seconds.front(), way.seconds.back(), against / median);
}

base::Status start(const Options& options, const image::Workspace& workspace) {
  spec::LogMode mode;
  mode.level = 2;
  mode.buffer = {spec::Buffer::Kind::fixed, 4096};
  BPFM_TRY(const auto one, prepare_one(options.kernel, mode, workspace));
  BPFM_TRY(const auto folder, base::TemporaryFolder::make(workspace.temporary(), "bench-"));
  BPFM_TRY(const auto version, vm::qemu_version(one.machine.qemu));
  const auto& slot = one.preparation.kernels.front();
  const auto parts = run::state_parts(one.machine, slot, version);
  auto ways = all_ways(one, options.each);
  long most_memory = 0;  // KiB, of a QEMU with a guest of the usual size
  for (uint32_t i = 0; i <= options.rounds; ++i) {
    // The first round saves the state and warms the host's page cache: it does not count.
    for (auto& way : ways) {
      // A new object each time: the digest of the state is checked as in a new run.
      vm::SavedStates states(folder.path() / "states");
      BPFM_TRY(const double seconds, first_result(one, way.machine, way.restored ? &states : nullptr,
                                                  parts, folder.path()));
      if (i > 0) way.seconds.push_back(seconds);
      // The most of all machines so far: true until the first larger one has run.
      struct rusage children {};
      ::getrusage(RUSAGE_CHILDREN, &children);
      if (i == 0 && way.machine.memory == one.machine.memory) most_memory = children.ru_maxrss;
    }
  }
  const bool kvm = one.machine.accel == vm::Accel::kvm;
  fmt::print("{} ({}), {}, {}: start of the machine to the first result, {} rounds\n",
             options.kernel, slot.kernel->release, vm::name(one.machine.accel),
             one.machine.sandbox.level(kvm), options.rounds);
  for (auto& way : ways) std::ranges::sort(way.seconds);
  for (const auto& way : ways) print(way, median_of(ways.front().seconds));
  fmt::print("{:<34} {:>7} MiB\n", "most memory of a QEMU (RSS)", most_memory / 1024);
  return {};
}

}  // namespace

void add_start(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "start", "From the start of a machine to its first result: bzImage, our boot, restored");
  auto options = std::make_shared<Options>();
  command->add_option("--kernel", options->kernel, "Id of the kernel")->capture_default_str();
  command->add_option("--rounds", options->rounds, "Rounds; medians are printed")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--each", options->each,
                    "Also our boot without each of the measures that shorten it");
  command->callback([&context, options] {
    if (auto status = start(*options, context.open_workspace()); !status)
      context.fail(status.error());
  });
}

}  // namespace bpfmatrix::bench
