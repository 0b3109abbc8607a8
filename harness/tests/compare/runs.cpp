#include "runs.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace bpfmatrix::compare {

using result::DecidedBy;
using result::Kept;

result::RunRecord small_run(const std::string& id) {
  result::RunRecord run;
  run.header = {.id = id,
                .matrix = "small",
                .started = "2026-11-25T02:00:00Z",
                .finished = "2026-11-25T02:01:00Z",
                .program_version = "0.1.0",
                .qemu_version = "7.2.22",
                .accel = "tcg",
                .host = "2 cores",
                .matrix_file = "matrices/small.yaml"};
  for (const char* version : {"6.1", "6.12"})
    run.kernels.push_back({.id = std::string("debian-") + version,
                           .release = std::string(version) + ".1-amd64",
                           .vendor = "debian",
                           .series = version,
                           .arch = "x86_64",
                           .backend = "qemu",
                           .accel = "tcg",
                           .source = "debian",
                           .sha256 = std::string(64, version[2]),
                           .upstream = std::string(version) + ".1"});
  run.loaders = {{"raw", "raw", "", std::string(64, 'a'), "built", ""},
                 {"libbpf-1.1.2", "libbpf", "1.1.2", std::string(64, 'b'), "debian", ""}};
  run.programs = {{"trivial", std::string(64, 'c'), "trivial", "socket"},
                  {"long_fault", std::string(64, 'd'), "long_fault", "socket"}};
  const spec::LogMode mode{
      spec::Interface::prog_load, 2, {spec::Buffer::Kind::fixed, 4096}, {}};
  for (uint32_t kernel = 0; kernel < 2; ++kernel)
    for (uint32_t loader = 0; loader < 2; ++loader)
      for (uint32_t program = 0; program < 2; ++program) {
        result::CellRecord one;
        one.id = fmt::format("{}/{}/{}/{}", run.kernels[kernel].id, run.loaders[loader].id,
                             run.programs[program].id, spec::to_text(mode));
        one.key = fmt::format("key of {}", one.id);
        one.kernel = kernel;
        one.loader = loader;
        one.program = program;
        one.mode = mode;
        one.attempt.state = result::AttemptState::measured;
        auto& seen = one.attempt.observation;
        seen.decided_by = DecidedBy::kernel;
        seen.touched = seen.verified = true;
        seen.kept = Kept::all;
        seen.log_head =
            "0: R1=ctx() R10=fp0\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 "
            "total_states 0 peak_states 0 mark_read 0\n";
        seen.log_length = seen.log_head.size();
        run.cells.push_back(std::move(one));
        if (program == 1) refuse(run.cells.back(), EACCES);
      }
  spec::Expectation expectation;
  expectation.selector.programs = {"long_fault"};
  expectation.outcome = "VERIFIER_REJECTION";
  expectation.reason = "it reads a register that nothing wrote";
  expectation.place = {"small.yaml", 7, 3};
  run.expectations = {expectation};
  return run;
}

result::CellRecord& cell(result::RunRecord& run, const std::string& id) {
  const auto at = std::ranges::find(run.cells, id, &result::CellRecord::id);
  if (at != run.cells.end()) return *at;
  ADD_FAILURE() << "there is no cell " << id;
  return run.cells.front();
}

void refuse(result::CellRecord& cell, int error) {
  auto& seen = cell.attempt.observation;
  seen.error = seen.kernel_errno = error;
  seen.return_value = -error;
  seen.log_head = "0: R1=ctx() R10=fp0\nR9 !read_ok\nprocessed 1 insns (limit 1000000)\n";
}

Pair::Pair(result::RunRecord before, result::RunRecord after)
    : runs{std::move(before), std::move(after)},
      judgements_{result::judge(runs[0]), result::judge(runs[1])} {}

Side Pair::side(size_t which) const {
  return {runs[which].header.id, &runs[which], &judgements_[which], nullptr, {}, {}};
}

Comparison Pair::compare(const Limits& limits, const spec::KnownFailures& known) const {
  return compare::compare(before(), after(), limits, known, "2026-11-26");
}

}  // namespace bpfmatrix::compare
