// A run as it is stored and read back: header, axes, cells with their attempts.
//
// Outcome, status and reason are computed by judge() when a run is read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "result/observation.h"
#include "result/outcome.h"
#include "spec/matrix.h"

namespace bpfmatrix::result {

struct KernelRecord {
  std::string id, release, vendor, series, arch, backend, accel, source, sha256;
  std::string problem;   // why none of its cells ran; empty when it booted
  std::string upstream;   // "6.1.176": the package version up to its first "-"; empty: not known
  std::string isolation;  // of its QEMU: "bwrap+seccomp", "seccomp-only", …; empty: not known
};
struct LoaderRecord {
  std::string id, kind, version, sha256, source;
  std::string problem;  // why it is not there
};
struct ProgramRecord {
  std::string id, object_sha256, function, section;
};

struct CellRecord {
  std::string id;   // the cell's name
  std::string key;  // its content key; empty when it never got one (kernel or loader missing)
  uint32_t kernel = 0, loader = 0, program = 0;  // indexes into the run's axes
  spec::LogMode mode;
  Attempt attempt;        // the one that counts: the last
  uint32_t attempts = 1;  // 0 when read from the store before the first
  bool flaky = false;     // attempts that got as far as the cell disagree
  bool cached = false;    // of the last attempt: taken from an earlier run of the same key
};

struct RunHeader {
  std::string id;        // "20261122-131500.042-quick": unique; nothing is ordered by it
  std::string matrix;    // name
  std::string started;   // UTC, ISO 8601, a label only
  std::string finished;  // empty while it runs or when it was cut off
  std::string program_version, qemu_version, accel, host;
  std::vector<std::string> notes;  // sentences for people: a kernel that moved, ...
  std::string matrix_file;         // as the user gave it, for commands to paste; empty: not known
  std::string selection;  // "-k debian-6.1 -m '*:2:*'"; empty: all of the matrix was planned
};

struct RunRecord {
  RunHeader header;
  std::vector<KernelRecord> kernels;
  std::vector<LoaderRecord> loaders;
  std::vector<ProgramRecord> programs;
  std::vector<CellRecord> cells;                // plan order
  std::vector<spec::Expectation> expectations;  // of the matrix
  std::vector<std::string> required_kernels;    // globs
  std::vector<std::string> laws;                // of the matrix: globs or paths of law files
};

// What a cell came to, held against what was expected.
struct Verdict {
  Outcome outcome = Outcome::NOT_RUN;
  Status status = Status::MISS;
  std::string reason;  // reason code of interface.md: "OK", "VERIFIER_REJECTION", "MEASURED", …
  std::string text;    // for people: which expectation failed and how; why it did not run
};

struct Judgement {
  std::vector<Verdict> verdicts;      // one per cell, same order
  std::vector<std::string> findings;  // e.g. an expectation that no cell exercised
  std::map<Status, uint32_t> counts;  // statuses that occur
  int exit_code = 0;                  // 0, 5, 100 or 101 of the documented codes
};
// What a flaky cell is when its last attempt is as expected: FAIL with the reason FLAKY, or what the
// last attempt says.
enum class Flaky { fail, pass };
// Holds every cell against the expectations that match it. Pure; globs are matched once per axis
// entry, so that 100,000 cells take well under a second.
[[nodiscard]] Judgement judge(const RunRecord& run, Flaky flaky = Flaky::fail);

}  // namespace bpfmatrix::result
