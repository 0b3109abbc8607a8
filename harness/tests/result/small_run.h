// Small runs for the tests of this folder: axes of given sizes and every cell of them.
#pragma once

#include <fmt/core.h>

#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::result {

// Kernels k0, k1 …, loaders l0 …, programs p0 …; each cell at prog_load, level 1, a buffer of 4096
// plus the mode's number. Cells are not_reached.
inline RunRecord make_run(uint32_t kernels, uint32_t loaders, uint32_t programs,
                          uint32_t modes = 1) {
  RunRecord run;
  run.header.id = "20261122-131500-quick";
  run.header.matrix = "quick";
  run.header.started = "2026-11-22T13:15:00Z";
  for (uint32_t i = 0; i < kernels; ++i)
    run.kernels.push_back({.id = fmt::format("k{}", i), .release = "6.1.0"});
  for (uint32_t i = 0; i < loaders; ++i) run.loaders.push_back({.id = fmt::format("l{}", i)});
  for (uint32_t i = 0; i < programs; ++i) run.programs.push_back({.id = fmt::format("p{}", i)});
  for (uint32_t k = 0; k < kernels; ++k)
    for (uint32_t l = 0; l < loaders; ++l)
      for (uint32_t p = 0; p < programs; ++p)
        for (uint32_t m = 0; m < modes; ++m) {
          CellRecord cell;
          cell.kernel = k;
          cell.loader = l;
          cell.program = p;
          cell.mode.level = 1;
          cell.mode.buffer = {spec::Buffer::Kind::fixed, 4096 + m};
          cell.id = fmt::format("k{}/l{}/p{}/{}", k, l, p, spec::to_text(cell.mode));
          run.cells.push_back(std::move(cell));
        }
  return run;
}

// A load that the kernel took.
inline Attempt loaded() {
  Attempt attempt;
  attempt.state = AttemptState::measured;
  attempt.observation.decided_by = DecidedBy::kernel;
  attempt.observation.kept = Kept::all;
  return attempt;
}

// A load that the verifier rejected with EACCES.
inline Attempt rejected() {
  Attempt attempt = loaded();
  attempt.observation.error = attempt.observation.kernel_errno = 13;
  attempt.observation.verified = true;
  return attempt;
}

inline Attempt broken(AttemptState state, std::string note = {}) {
  Attempt attempt;
  attempt.state = state;
  attempt.note = std::move(note);
  return attempt;
}

inline spec::Expectation expect_outcome(std::string outcome) {
  spec::Expectation expectation;
  expectation.outcome = std::move(outcome);
  expectation.reason = "it always did";
  expectation.place = {"quick.yaml", 31, 5};
  return expectation;
}

}  // namespace bpfmatrix::result
