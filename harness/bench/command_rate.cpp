// How many cells a second, and how many of the bare bpf() calls: both in one machine, in turns,
// since nothing else makes the two comparable on a host that also does other work.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include "base/files.h"
#include "bench/bench.h"
#include "bench/one_kernel.h"
#include "result/observation.h"
#include "run/nonce.h"
#include "vm/machine.h"

namespace bpfmatrix::bench {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using base::ErrorKind;
using base::RunClock;

constexpr char kBareLoop[] = "bare-loop";
constexpr uint32_t kWarmUp = 200;  // loads and cells of the round before the first

struct Options {
  std::string kernel = "debian-6.12";
  uint32_t cells = 1000, loads = 1000, rounds = 20, level = 1, buffer = 4096;
  bool announced = false;
};

// What one round cost.
struct Cost {
  double wall = 0;      // seconds; of the bare loop as its guest measured it
  double machine = 0;   // seconds of QEMU's processor time
  double driver = 0;    // seconds of this process
};

struct Costs {
  std::vector<Cost> bare, cells;  // one for each round
  std::string release;
};

double seconds(RunClock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Processor time of a process that lives: fields 14 and 15 of /proc/PID/stat, in ticks. What is
// before the last ")" may hold spaces.
double processor_seconds_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Of this process alone, finer.
double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

// One cell of the bare loop, then the cells, for each round; a short round goes before them so that
// files, caches and translated code are there.
std::deque<run::Job> jobs_of(const Options& options, const run::Job& cell) {
  std::deque<run::Job> jobs;
  for (uint32_t round = 0; round <= options.rounds; ++round) {
    const uint32_t loads = round == 0 ? kWarmUp : options.loads;
    const uint32_t cells = round == 0 ? kWarmUp : options.cells;
    run::Job bare = cell;
    bare.loader = kBareLoop;
    bare.request.limit_ms = 300'000;
    bare.request.extra = {{"loads", std::to_string(loads)}};
    jobs.push_back(std::move(bare));
    for (uint32_t i = 0; i < cells; ++i) jobs.push_back(cell);
  }
  for (uint32_t i = 0; i < jobs.size(); ++i) {
    jobs[i].cell = i;
    jobs[i].announce = options.announced;
  }
  return jobs;
}

class Measurement {
 public:
  Measurement(const Options& options, run::Session& session, int machine)
      : options_(options), session_(session), machine_(machine) {}

  asio::awaitable<base::Status> run(vm::Machine& machine) {
    while (!session_.done()) {
      if (auto bytes = session_.to_send(); !bytes.empty()) {
        if (!session_.loader().empty() && !began_) began_ = now();
        auto sent = co_await machine.write_agent(std::move(bytes), RunClock::now() + 60s);
        if (!sent) co_return sent;
        continue;
      }
      auto bytes = co_await machine.read_agent(RunClock::now() + 400s);
      if (!bytes) co_return bytes.error();
      if (bytes->empty()) co_return base::fail(ErrorKind::process, "the machine ended");
      if (auto taken = session_.take(*bytes); !taken) co_return taken;
      for (const auto& one : session_.take_finished())
        if (auto status = take(one); !status) co_return status;
    }
    co_return base::Status{};
  }
  [[nodiscard]] const Costs& costs() const { return costs_; }

 private:
  struct Moment {
    RunClock::time_point wall;
    double machine = 0, driver = 0;
  };
  [[nodiscard]] Moment now() const {
    return {RunClock::now(), processor_seconds_of(machine_), processor_seconds()};
  }

  base::Status take(const run::Finished& one) {
    const auto& observed = one.attempt.observation;
    if (one.attempt.state != result::AttemptState::measured || observed.error != 0)
      return base::fail(ErrorKind::process, "a load failed: errno {} {}", observed.error,
                        one.attempt.note);
    const bool bare = done_++ == 0;
    const bool warm_up = round_ == 0;
    if (!bare && done_ <= (warm_up ? kWarmUp : options_.cells)) return {};
    const Moment end = now();
    Cost cost{seconds(end.wall - began_->wall), end.machine - began_->machine,
              end.driver - began_->driver};
    if (bare) cost.wall = std::chrono::duration<double>(observed.duration).count();
    if (!warm_up) (bare ? costs_.bare : costs_.cells).push_back(cost);
    began_.reset();
    if (bare) return {};
    done_ = 0;
    ++round_;
    return {};
  }

  const Options& options_;
  run::Session& session_;
  int machine_;
  Costs costs_;
  uint32_t round_ = 0, done_ = 0;
  std::optional<Moment> began_;  // when the RUN of what is under way was sent
};

base::Result<Costs> measure(const Options& options, const OneKernel& one,
                            const run::FileSet& files) {
  const auto nonce = run::make_nonce();
  auto config = one.machine;
  config.nonce = nonce.digits;
  asio::io_context io;
  BPFM_TRY(auto machine, vm::Machine::start(io, config));
  run::Session session(nonce.bytes, files, jobs_of(options, one.cell));
  Measurement measurement(options, session, machine.pid());
  base::Status status;
  asio::co_spawn(io, measurement.run(machine), [&](std::exception_ptr error, base::Status ended) {
    status = error ? base::fail(ErrorKind::internal, "the measurement threw an exception") : ended;
    io.stop();
  });
  io.run();
  if (!status) return status.error().in("measure");
  auto costs = measurement.costs();
  if (session.hello()) costs.release = session.hello()->release;
  return costs;
}

void print_row(const char* what, const char* unit, std::vector<double> values) {
  std::ranges::sort(values);
  fmt::print("{:<32} {:>8.1f} {}   ({:.1f} to {:.1f})\n", what, values[values.size() / 2],
             unit, values.front(), values.back());
}

void print(const Options& options, const Costs& costs) {
  std::vector<double> loads, cells, by_wall, by_processor, driver;
  for (size_t i = 0; i < costs.cells.size(); ++i) {
    const Cost &bare = costs.bare[i], &cell = costs.cells[i];
    loads.push_back(options.loads / bare.wall);
    cells.push_back(options.cells / cell.wall);
    by_wall.push_back(100 * cells.back() / loads.back());
    by_processor.push_back(100 * (options.cells / cell.machine) / (options.loads / bare.machine));
    driver.push_back(1e6 * cell.driver / options.cells);
  }
  print_row("bare loads", "/s", loads);
  print_row("raw cells", "/s", cells);
  print_row("cells to loads, by time", "% ", by_wall);
  print_row("cells to loads, by QEMU's work", "% ", by_processor);
  print_row("driver's work, without a store", "µs", driver);
}

base::Status rate(const Options& options, const image::Workspace& workspace) {
  spec::LogMode mode;
  mode.level = options.level;
  mode.buffer = {spec::Buffer::Kind::fixed, options.buffer};
  BPFM_TRY(const auto one, prepare_one(options.kernel, mode, workspace));
  BPFM_TRY(const auto data, image::find_data_folder());
  BPFM_TRY(const auto bare_loop, base::read_file(data.root / "bench" / kBareLoop));
  auto files = one.preparation.files;
  files[kBareLoop] = run::GuestFile{&bare_loop, true};
  BPFM_TRY(const auto costs, measure(options, one, files));
  fmt::print("{} ({}), {}; level {}, buffer of {} bytes; {} rounds of {} bare loads and {} cells\n",
             options.kernel, costs.release, vm::name(one.machine.accel), options.level,
             options.buffer, options.rounds, options.loads, options.cells);
  print(options, costs);
  return {};
}

}  // namespace

void add_rate(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "rate", "Cells a second against a bare loop of the same bpf() calls, in one machine");
  auto options = std::make_shared<Options>();
  command->add_option("--kernel", options->kernel, "Id of the kernel")->capture_default_str();
  command->add_option("--cells", options->cells, "Cells of a round")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--loads", options->loads, "Loads of a round of the bare loop")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "Rounds; medians are printed")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--level", options->level, "Log level")->capture_default_str();
  command->add_option("--buffer", options->buffer, "Bytes of the log buffer")
      ->capture_default_str();
  command->add_flag("--announced", options->announced, "Announce each cell, as after a crash");
  command->callback([&context, options] {
    if (auto status = rate(*options, context.open_workspace()); !status)
      context.fail(status.error());
  });
}

}  // namespace bpfmatrix::bench
