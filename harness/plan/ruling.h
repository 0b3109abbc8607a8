// What is known of a cell without running it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/choose.h"
#include "plan/plan.h"
#include "spec/matrix.h"

namespace bpfmatrix::plan {

// Why no loader of kind `loader_kind` can load `program` by `interface`, as told by the object
// alone: "RELOCATIONS: ..."; nothing when it can be tried.
[[nodiscard]] std::optional<std::string> not_expressible(const std::string& loader_kind,
                                                         const Program& program,
                                                         spec::Interface interface);

// The exclusions of a matrix, their globs resolved once over the axes of a plan, so that a cell
// costs a few bit tests.
class Exclusions {
 public:
  // All must outlive the object.
  Exclusions(const std::vector<spec::Exclusion>& rules,
             const std::vector<spec::KernelEntry>& kernels,
             const std::vector<spec::LoaderEntry>& loaders, const std::vector<Choice>& choices);

  // The reasons in force for (kernel, loader, program), one for each of the program's modes in
  // their order; null where none is.
  [[nodiscard]] std::vector<const std::string*> reasons(size_t kernel, size_t loader,
                                                        size_t program) const;

 private:
  struct Rule {
    const std::string* reason;
    std::vector<bool> kernels, loaders, programs;
    std::vector<std::vector<bool>> modes;  // by program, then by mode
  };
  std::vector<Rule> rules_;
  std::vector<size_t> mode_counts_;
};

}  // namespace bpfmatrix::plan
