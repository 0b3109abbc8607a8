// What runs on which machine, and in which order. Pure.
//
// Longest first, by what the same kernel and program cost in earlier runs: the last machine to end
// then ends soon after the others. A kernel that would hold up the whole run alone is cut into parts,
// each with a machine of its own; a part is a row of whole loaders where there are enough.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "run/session.h"
#include "spec/matrix.h"

namespace bpfmatrix::run {

// Seconds that a cell took from one result to the next, by (kernel id, program id); of a kernel or a
// program without history the mean of the other's, of both 2 ms.
class Costs {
 public:
  void learn(const std::string& kernel, const std::string& program, double seconds, uint64_t cells);
  [[nodiscard]] double of(const std::string& kernel, const std::string& program) const;

 private:
  struct Sum {
    double seconds = 0;
    uint64_t cells = 0;
  };
  std::map<std::pair<std::string, std::string>, Sum> both_;
  std::map<std::string, Sum> kernels_, programs_;
};

// A kernel's cells, or a part of them: groups that run one after the other, each on its own machine.
struct Task {
  uint32_t kernel = 0;
  std::vector<std::deque<Job>> groups;
  double cost = 0;  // seconds, expected
};

// `jobs`: of each kernel, in the plan's order. `slots`: machines at a time.
[[nodiscard]] std::vector<Task> make_tasks(const plan::Plan& plan,
                                           std::vector<std::deque<Job>> jobs,
                                           spec::Isolation isolation, const Costs& costs,
                                           uint32_t slots);

// How many machines of `memory` bytes fit side by side: as many as there are cores, as far as the
// memory goes that is available now. At least one.
[[nodiscard]] uint32_t machines_that_fit(uint64_t memory, uint32_t cores, uint64_t available);
// Bytes that the host can give without swapping (MemAvailable of /proc/meminfo); 0: not known.
[[nodiscard]] uint64_t available_memory();

}  // namespace bpfmatrix::run
