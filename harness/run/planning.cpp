#include "run/planning.h"

#include <algorithm>
#include <iterator>

namespace bpfmatrix::run {
namespace {

namespace fs = std::filesystem;

base::Result<fs::path> find_matrix(const std::string& name, const image::DataFolder& data) {
  if (fs::exists(name)) return fs::path(name);
  const fs::path shipped = data.matrices() / (name + ".yaml");
  if (name.find('/') == std::string::npos && fs::exists(shipped)) return shipped;
  std::string known;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(data.matrices(), ignored))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  for (const auto& one : names) known += (known.empty() ? "" : ", ") + one;
  return base::fail(base::ErrorKind::invalid_input,
                    "{}: no such matrix file; give a path, or the name of a shipped matrix ({})",
                    name, known);
}

base::Result<Planned> read_catalogues(const image::DataFolder& data,
                                      const spec::TagLister& list_tags) {
  Planned out;
  BPFM_TRY(out.kernels, spec::read_kernel_catalogue(data.kernel_catalogue()));
  BPFM_TRY(out.loaders, spec::read_loader_catalogue(data.loader_catalogue(), list_tags));
  BPFM_TRY(out.console, spec::read_console_lists(data.root / "images/console.yaml"));
  BPFM_TRY(out.laws, spec::read_laws(data.laws()));
  return out;
}

base::Status expand(Planned& out, const plan::Selection& selection, const image::DataFolder& data) {
  BPFM_TRY(out.programs, read_programs(data, &out.matrix));
  BPFM_TRY(out.plan,
           plan::expand(out.matrix, out.kernels, out.loaders, out.programs.programs, selection));
  return {};
}

}  // namespace

base::Result<Planned> make_plan(const std::string& matrix, const plan::Selection& selection,
                                const image::DataFolder& data, const spec::TagLister& list_tags) {
  BPFM_TRY(auto out, read_catalogues(data, list_tags));
  BPFM_TRY(const auto file, find_matrix(matrix, data));
  BPFM_TRY(out.matrix, spec::parse_matrix(file, out.kernels, out.loaders, out.laws, list_tags));
  BPFM_CHECK(expand(out, selection, data));
  return out;
}

base::Result<Planned> make_plan(const spec::Matrix& matrix, const plan::Selection& selection,
                                const image::DataFolder& data, const spec::TagLister& list_tags) {
  BPFM_TRY(auto out, read_catalogues(data, list_tags));
  out.matrix = matrix;
  BPFM_CHECK(expand(out, selection, data));
  return out;
}

}  // namespace bpfmatrix::run
