// From a matrix file to a plan: reads catalogues, laws, matrix and objects, then expands. Runs no
// machine; only git, where a loader stands for the tags of a repository.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/plan.h"
#include "run/programs.h"
#include "spec/catalogue.h"
#include "spec/console_lists.h"
#include "spec/law.h"
#include "spec/matrix.h"

namespace bpfmatrix::run {

struct Planned {
  spec::KernelCatalogue kernels;
  spec::LoaderCatalogue loaders;
  spec::ConsoleLists console;
  std::vector<spec::Law> laws;  // all that are shipped; `matrix.laws` are those of this run
  spec::Matrix matrix;
  ProgramSet programs;
  plan::Plan plan;
};

// `matrix`: a path, or the name of a shipped one ("quick"). Errors are the user's (invalid_input),
// or unavailable when the program's own data are missing. `list_tags` finds the loaders of a family
// (image/git_source.h); one that cannot be listed is a single loader that cannot be had.
base::Result<Planned> make_plan(const std::string& matrix, const plan::Selection& selection,
                                const image::DataFolder& data, const spec::TagLister& list_tags);
// Likewise of a matrix that no file holds.
base::Result<Planned> make_plan(const spec::Matrix& matrix, const plan::Selection& selection,
                                const image::DataFolder& data, const spec::TagLister& list_tags);

}  // namespace bpfmatrix::run
