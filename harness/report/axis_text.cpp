#include "report/axis_text.h"

#include <algorithm>
#include <map>
#include <utility>

#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using result::RunRecord;

// "libbpf" and "1.1.2" of "libbpf-1.1.2"; the second is empty for "raw".
std::pair<std::string, std::string> split_id(const result::LoaderRecord& loader) {
  if (!loader.kind.empty() && loader.id.starts_with(loader.kind + "-"))
    return {loader.kind, loader.id.substr(loader.kind.size() + 1)};
  return {loader.id, ""};
}

// "6.1.176" of "6.1.176-generic"; empty for Debian's "6.1.0-50-cloud-amd64", whose third number is
// that of an ABI and says nothing of the upstream version.
std::string upstream_of(const std::string& release) {
  const auto version = release.substr(0, release.find_first_not_of("0123456789."));
  const bool abi = version.ends_with(".0") && release.size() > version.size() + 1 &&
                   release[version.size()] == '-' && release[version.size() + 1] >= '0' &&
                   release[version.size() + 1] <= '9';
  return abi ? std::string() : version;
}

}  // namespace

bool can_share_row(const result::LoaderRecord& a, const result::LoaderRecord& b) {
  return a.kind == b.kind && split_id(a).first == split_id(b).first;
}

std::string loaders_text(const RunRecord& run, const std::vector<uint32_t>& loaders) {
  const auto& kind = run.loaders[loaders.front()].kind;
  std::vector<uint32_t> family;  // all loaders of the run that a range may speak of
  for (uint32_t i = 0; i < run.loaders.size(); ++i)
    if (run.loaders[i].kind == kind) family.push_back(i);
  const auto neighbours = [&](uint32_t a, uint32_t b) {
    const auto at = std::ranges::find(family, a);
    return at + 1 != family.end() && *(at + 1) == b;
  };
  std::vector<std::string> parts;
  for (size_t first = 0; first < loaders.size();) {
    size_t last = first;
    while (last + 1 < loaders.size() && neighbours(loaders[last], loaders[last + 1])) ++last;
    const auto name = [&](size_t i) {
      const auto [head, tail] = split_id(run.loaders[loaders[i]]);
      return tail.empty() ? head : tail;
    };
    if (last - first >= 2) {
      parts.push_back(name(first) + " … " + name(last));
    } else {
      for (size_t i = first; i <= last; ++i) parts.push_back(name(i));
    }
    first = last + 1;
  }
  const auto [head, tail] = split_id(run.loaders[loaders.front()]);
  return (tail.empty() ? "" : head + " ") + join(parts, ", ");
}

std::vector<std::string> kernel_titles(const RunRecord& run) {
  std::vector<std::string> columns;
  std::map<std::string, uint32_t> seen;
  for (const auto& kernel : run.kernels) {
    std::string title = kernel.upstream.empty() ? upstream_of(kernel.release) : kernel.upstream;
    if (title.empty()) title = kernel.id;
    columns.push_back(single_line(title, 40));
    ++seen[columns.back()];
  }
  for (size_t i = 0; i < columns.size(); ++i)
    if (seen[columns[i]] > 1) columns[i] = run.kernels[i].id;
  return columns;
}

}  // namespace bpfmatrix::report
