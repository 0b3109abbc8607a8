// From the start of a machine to the first result: as a bzImage, as we boot, and restored; in turns,
// since nothing else makes them comparable on a host that also does other work.
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

void print_row(const char* what, std::vector<double> values, double against) {
  std::ranges::sort(values);
  const double median = values[values.size() / 2];
  fmt::print("{:<34} {:>7.3f} s   ({:.3f} to {:.3f})   {:.1f} x\n", what, median, values.front(),
             values.back(), against / median);
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
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
  auto packed = one.machine;
  packed.kernel = slot.kernel->image.string();
  std::vector<double> bzimage, booted, restored;
  for (uint32_t i = 0; i <= options.rounds; ++i) {
    // A new object each time: the digest of the state is checked as in a new run. The first round
    // saves the state and warms the host's page cache: it does not count.
    vm::SavedStates states(folder.path() / "states");
    BPFM_TRY(const double a, first_result(one, packed, nullptr, parts, folder.path()));
    BPFM_TRY(const double b, first_result(one, one.machine, nullptr, parts, folder.path()));
    BPFM_TRY(const double c, first_result(one, one.machine, &states, parts, folder.path()));
    if (i == 0) continue;
    bzimage.push_back(a);
    booted.push_back(b);
    restored.push_back(c);
  }
  struct rusage children {};
  ::getrusage(RUSAGE_CHILDREN, &children);
  fmt::print("{} ({}), {}: start of the machine to the first result, {} rounds\n", options.kernel,
             slot.kernel->release, vm::name(one.machine.accel), options.rounds);
  const double base = median_of(bzimage);
  print_row("booted as a bzImage", bzimage, base);
  print_row("booted as bpfmatrix does it", booted, base);
  print_row("restored", restored, base);
  fmt::print("{:<34} {:>7} MiB\n", "most memory of a QEMU (RSS)", children.ru_maxrss / 1024);
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
  command->callback([&context, options] {
    if (auto status = start(*options, context.open_workspace()); !status)
      context.fail(status.error());
  });
}

}  // namespace bpfmatrix::bench
