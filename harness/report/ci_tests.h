// A run as test suites, the way continuous integration thinks: what JUnit and KTAP have in common.
// Pure. Texts are inert (inert_text.h): what is left to a format is to escape its own characters.
//
// A suite is a (kernel, loader), a test one cell of it. Laws and findings have a suite of their
// own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

struct CiTest {
  // DONE counts as passed, MISS as an error: neither kind of format has a word for them.
  enum class Result { passed, failed, error, skipped };
  std::string name;  // unique in its suite; stable from run to run; letters of inert_name()
  Result result = Result::passed;
  std::string reason;                // "VERIFIER_REJECTION", "OK", …
  std::string headline;              // one line: why it did not pass; empty when it did
  std::vector<std::string> details;  // of failed and error: lines, the last is the command
  double seconds = 0;                // what the loader's call took in the guest; 0: not measured
  bool flaky = false;                // its attempts disagree
  bool measured_only = false;        // DONE: nothing was expected
};

struct CiSuite {
  uint32_t kernel = 0, loader = 0;  // indexes into the run
  std::vector<uint32_t> cells;      // indexes into the run, in its order; not empty
};

// By kernel, then loader.
[[nodiscard]] std::vector<CiSuite> suites_of(const result::RunRecord& run);

[[nodiscard]] CiTest test_of(const result::RunRecord& run, const result::CellRecord& cell,
                             const result::Verdict& verdict);

// One test for each law (features are no tests): undecided and not exercised ones are skipped. Then
// one test "findings", which fails with all of them. Empty where there are neither.
[[nodiscard]] std::vector<CiTest> law_tests(const result::RunRecord& run,
                                            const result::Judgement& judgement,
                                            const law::Findings& laws);

// Why a cell is not PASS or DONE, one line; its kernel's or loader's problem where it has no text.
[[nodiscard]] std::string why_text(const result::RunRecord& run, const result::CellRecord& cell,
                                   const result::Verdict& verdict);

// The last lines of what the library and the kernel said: "library| …", "log| …".
[[nodiscard]] std::vector<std::string> log_lines(const result::Observation& seen, size_t count);

}  // namespace bpfmatrix::report
