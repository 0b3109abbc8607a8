// Small runs and laws for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::law {

// Kernels debian-5.10, debian-6.1, debian-6.12, debian-7.3; loaders raw, libbpf-0.3, libbpf-1.1.2;
// programs trivial, long_fault. All cells at prog_load with levels 1 and 2 and a buffer of 4096,
// measured as loaded, with one call; ids as the plan makes them. The run is finished.
[[nodiscard]] result::RunRecord made_run();
[[nodiscard]] spec::LogMode mode_of_level(uint32_t level);

// The cell of that id; a test that names a cell which is not there dies.
[[nodiscard]] result::CellRecord& cell_at(result::RunRecord& run, const std::string& kernel,
                                          const std::string& loader, const std::string& program,
                                          uint32_t level);
// Sets errno of API and kernel in every cell that the predicate takes.
template <typename Predicate>
void refuse(result::RunRecord& run, int error, Predicate takes) {
  for (auto& cell : run.cells)
    if (takes(cell)) {
      cell.attempt.observation.error = cell.attempt.observation.kernel_errno = error;
      for (auto& call : cell.attempt.observation.calls) call.error = error;
    }
}

// Operands and checks as the reader makes them.
[[nodiscard]] spec::Operand text(std::string word);
[[nodiscard]] spec::Operand number(int64_t value);
[[nodiscard]] spec::Operand field(spec::Field of, int64_t plus = 0);
[[nodiscard]] spec::Operand other(spec::Field of, int64_t plus = 0);
[[nodiscard]] spec::Check check(spec::Field of, spec::Check::Op op,
                                std::vector<spec::Operand> operands = {}, std::string words = "…");
// errno: <word>
[[nodiscard]] spec::Check errno_is(const std::string& word);
[[nodiscard]] spec::Requirement feature(const std::string& id, bool negated = false);
[[nodiscard]] spec::Requirement version(const std::string& kind, spec::Check::Op op,
                                        const std::string& than);

// Looks at program "trivial", level 2, with loader "raw"; one case without condition: errno 0.
[[nodiscard]] spec::Law made_law(const std::string& id = "loads");
// The same as a feature.
[[nodiscard]] spec::Law made_feature(const std::string& id = "loads-it");

}  // namespace bpfmatrix::law
