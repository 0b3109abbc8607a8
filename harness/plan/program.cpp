#include "plan/program.h"

namespace bpfmatrix::plan {

std::vector<Program> programs_of(const Object& object) {
  std::vector<Program> programs;
  if (object.functions.empty()) programs.push_back({object.stem, &object, nullptr});
  for (const auto& function : object.functions) {
    const bool several = object.functions.size() > 1;
    programs.push_back(
        {several ? object.stem + ":" + function.name : object.stem, &object, &function});
  }
  return programs;
}

}  // namespace bpfmatrix::plan
