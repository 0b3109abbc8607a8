// Kernels, loaders, programs and a matrix of a test, made by hand. Values only.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bpfmatrix::plan {

// Objects and their programs; references stay valid while it lives.
class Objects {
 public:
  // An object of the functions given ("f1"), with BTF.
  Object& add(const std::string& stem, std::vector<std::string> functions);
  [[nodiscard]] std::vector<Program> programs() const;

 private:
  std::deque<Object> objects_;
};

struct Fixture {
  Fixture();
  // Adds an entry to `programs:` of the matrix.
  spec::ProgramChoice& choose(std::vector<std::string> match, std::vector<spec::LogMode> modes);
  [[nodiscard]] base::Result<Plan> expand(const Selection& selection = {}) const;
  // The ids of all cells; a failed test when there is no plan.
  [[nodiscard]] std::vector<std::string> ids(const Selection& selection = {}) const;

  spec::KernelCatalogue kernels;  // k1, k2
  spec::LoaderCatalogue loaders;  // raw, lib
  Objects objects;
  spec::Matrix matrix;  // k1 and raw, /m/x.yaml
};

[[nodiscard]] spec::LogMode mode(spec::Interface interface, uint32_t level,
                                 const std::string& buffer);
[[nodiscard]] spec::LogMode prog(uint32_t level, const std::string& buffer = "none");

}  // namespace bpfmatrix::plan
