// The objects of a run: the shipped test programs and those that a matrix names by path.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "image/workspace.h"
#include "plan/program.h"
#include "spec/matrix.h"

namespace bpfmatrix::run {

struct ProgramSet {
  std::vector<std::unique_ptr<plan::Object>> objects;  // stable addresses: programs point to them
  std::vector<plan::Program> programs;                 // shipped ones first, by name
};

// All shipped objects, and those in `matrix` (may be null) given by path. Errors name the object.
base::Result<ProgramSet> read_programs(const image::DataFolder& data, const spec::Matrix* matrix);

}  // namespace bpfmatrix::run
