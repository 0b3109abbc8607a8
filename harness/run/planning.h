// From a matrix file to a plan: reads catalogues, laws, matrix and objects, then expands. Runs nothing.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/plan.h"
#include "run/programs.h"
#include "spec/catalogue.h"
#include "spec/law.h"
#include "spec/matrix.h"

namespace bpfmatrix::run {

struct Planned {
  spec::KernelCatalogue kernels;
  spec::LoaderCatalogue loaders;
  std::vector<spec::Law> laws;  // all that are shipped; `matrix.laws` are those of this run
  spec::Matrix matrix;
  ProgramSet programs;
  plan::Plan plan;
};

// `matrix`: a path, or the name of a shipped one ("quick"). Errors are the user's (invalid_input),
// or unavailable when the program's own data are missing.
base::Result<Planned> make_plan(const std::string& matrix, const plan::Selection& selection,
                                const image::DataFolder& data);
// Likewise of a matrix that no file holds.
base::Result<Planned> make_plan(const spec::Matrix& matrix, const plan::Selection& selection,
                                const image::DataFolder& data);

}  // namespace bpfmatrix::run
