#include "run/programs.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "image/object_file.h"
#include "plan/plan.h"

namespace bpfmatrix::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kObjectSuffix = ".o";
constexpr size_t kLongestName = 255;  // guest/loader/loader.h, MAX_NAME

std::vector<fs::path> shipped_objects(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == kObjectSuffix) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

base::Result<ProgramSet> read_programs(const image::DataFolder& data, const spec::Matrix* matrix) {
  ProgramSet set;
  auto paths = shipped_objects(data.programs());
  if (matrix != nullptr)
    for (auto& path : plan::objects_named(*matrix)) paths.push_back(std::move(path));
  std::set<fs::path> seen;
  for (const auto& path : paths) {
    if (!seen.insert(path).second) continue;
    BPFM_TRY(auto object, image::read_object(path));
    for (const auto& function : object.functions)
      if (function.name.size() > kLongestName)
        return base::fail(
            base::ErrorKind::invalid_input,
            "{}: a program's name has {} characters, more than the {} that a guest takes",
            path.string(), function.name.size(), kLongestName);
    set.objects.push_back(std::make_unique<plan::Object>(std::move(object)));
    for (auto& program : plan::programs_of(*set.objects.back()))
      set.programs.push_back(std::move(program));
  }
  return set;
}

}  // namespace bpfmatrix::run
