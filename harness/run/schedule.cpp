#include "run/schedule.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace bpfmatrix::run {
namespace {

constexpr double kUnknownCell = 0.002;  // s: the trivial program under TCG
constexpr double kRestore = 0.3;        // s
// A part that runs for less is not worth a machine of its own.
constexpr double kLeastPart = 5;  // s
// What QEMU takes besides the guest's memory: 32 MiB of translated code, some 60 of a mapped kernel.
// 229 MiB in all were seen with a guest of 256 MiB, of which it touches about half.
constexpr uint64_t kQemuItself = uint64_t{96} << 20;

double cost_of(const plan::Plan& plan, const Costs& costs, const Job& job) {
  const auto& cell = plan.cells[job.cell];
  return costs.of(plan.kernels[cell.kernel].id, plan.programs[cell.program].id);
}

double cost_of(const plan::Plan& plan, const Costs& costs, const std::deque<Job>& jobs) {
  double sum = kRestore;
  for (const auto& job : jobs) sum += cost_of(plan, costs, job);
  return sum;
}

// One group per program, in the order in which they come first.
std::vector<std::deque<Job>> by_program(const plan::Plan& plan, std::deque<Job> jobs) {
  std::vector<std::deque<Job>> groups;
  std::map<uint32_t, size_t> place;
  for (auto& job : jobs) {
    const auto at = place.try_emplace(plan.cells[job.cell].program, groups.size());
    if (at.second) groups.emplace_back();
    groups[at.first->second].push_back(std::move(job));
  }
  return groups;
}

std::vector<std::deque<Job>> groups_of(const plan::Plan& plan, std::deque<Job> jobs,
                                       spec::Isolation isolation) {
  if (isolation == spec::Isolation::program) return by_program(plan, std::move(jobs));
  std::vector<std::deque<Job>> groups;
  if (isolation == spec::Isolation::boot) {
    groups.push_back(std::move(jobs));
    return groups;
  }
  for (auto& job : jobs) groups.emplace_back().push_back(std::move(job));
  return groups;
}

// Cuts one row of cells into `parts` of about the same cost, where a new loader begins; in the midst
// of a loader when it is the only one.
std::vector<std::deque<Job>> cut(const plan::Plan& plan, const Costs& costs, std::deque<Job> jobs,
                                 uint32_t parts) {
  const bool one_loader = jobs.empty() || jobs.front().loader == jobs.back().loader;
  // Sums of the same numbers in another order differ in their last digits.
  const double share = (cost_of(plan, costs, jobs) - kRestore) / parts * (1 - 1e-9);
  std::vector<std::deque<Job>> out(1);
  double sum = 0;
  for (auto& job : jobs) {
    const bool boundary = one_loader || out.back().empty() || out.back().back().loader != job.loader;
    if (boundary && sum >= share * static_cast<double>(out.size()) && out.size() < parts)
      out.emplace_back();
    sum += cost_of(plan, costs, job);
    out.back().push_back(std::move(job));
  }
  return out;
}

double cost_of(const plan::Plan& plan, const Costs& costs,
               const std::vector<std::deque<Job>>& groups) {
  double sum = 0;
  for (const auto& group : groups) sum += cost_of(plan, costs, group);
  return sum;
}

}  // namespace

void Costs::learn(const std::string& kernel, const std::string& program, double seconds,
                  uint64_t cells) {
  for (Sum* sum : {&both_[{kernel, program}], &kernels_[kernel], &programs_[program]}) {
    sum->seconds += seconds;
    sum->cells += cells;
  }
}

double Costs::of(const std::string& kernel, const std::string& program) const {
  const auto mean = [](const auto& map, const auto& key) -> double {
    const auto at = map.find(key);
    if (at == map.end() || at->second.cells == 0) return 0;
    return at->second.seconds / static_cast<double>(at->second.cells);
  };
  for (const double known :
       {mean(both_, std::pair(kernel, program)), mean(programs_, program), mean(kernels_, kernel)})
    if (known > 0) return known;
  return kUnknownCell;
}

std::vector<Task> make_tasks(const plan::Plan& plan, std::vector<std::deque<Job>> jobs,
                             spec::Isolation isolation, const Costs& costs, uint32_t slots) {
  double total = 0;
  std::vector<Task> tasks;
  for (uint32_t kernel = 0; kernel < jobs.size(); ++kernel) {
    if (jobs[kernel].empty()) continue;
    Task task;
    task.kernel = kernel;
    task.groups = groups_of(plan, std::move(jobs[kernel]), isolation);
    task.cost = cost_of(plan, costs, task.groups);
    total += task.cost;
    tasks.push_back(std::move(task));
  }
  const double share = total / std::max(1U, slots);
  std::vector<Task> out;
  for (auto& task : tasks) {
    const auto parts = static_cast<uint32_t>(
        std::clamp(std::min(task.cost / share + 0.5, task.cost / kLeastPart), 1.0,
                   static_cast<double>(std::max(1U, slots))));
    if (parts == 1) {
      out.push_back(std::move(task));
    } else if (task.groups.size() == 1) {
      for (auto& part : cut(plan, costs, std::move(task.groups[0]), parts)) {
        const double cost = cost_of(plan, costs, part);
        out.push_back({task.kernel, {}, cost});
        out.back().groups.push_back(std::move(part));
      }
    } else {  // groups dealt out like cards
      const size_t first = out.size();
      for (uint32_t i = 0; i < parts; ++i) out.push_back({task.kernel, {}, 0});
      for (size_t i = 0; i < task.groups.size(); ++i) {
        Task& part = out[first + i % parts];
        part.cost += cost_of(plan, costs, task.groups[i]);
        part.groups.push_back(std::move(task.groups[i]));
      }
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Task& a, const Task& b) { return a.cost > b.cost; });
  return out;
}

uint32_t machines_that_fit(uint64_t memory, uint32_t cores, uint64_t available) {
  const uint64_t by_memory = available == 0 ? cores : available / (memory + kQemuItself);
  return static_cast<uint32_t>(std::clamp<uint64_t>(by_memory, 1, std::max(1U, cores)));
}

uint64_t available_memory() {
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("MemAvailable:")) continue;
    return std::stoull(line.substr(line.find(':') + 1)) << 10;  // "MemAvailable:   123 kB"
  }
  return 0;
}

}  // namespace bpfmatrix::run
