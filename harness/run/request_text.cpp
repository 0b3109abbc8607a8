#include "run/request_text.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "result/json_fields.h"

namespace bpfmatrix::run {
namespace {

using base::ErrorKind;
using base::fail;
using Strings = std::vector<std::string>;

// The lists of a selection by their names in the text.
template <typename Selection>
auto lists_of(Selection& selection) {
  using List = decltype(&selection.kernels);
  return std::map<std::string, List>{{"kernels", &selection.kernels},
                                     {"loaders", &selection.loaders},
                                     {"programs", &selection.programs},
                                     {"modes", &selection.modes}};
}

}  // namespace

std::string request_text(const RunRequest& request) {
  if (request.made) return {};
  std::map<std::string, std::string> parts;
  std::error_code ec;
  parts["matrix"] = request.matrix;  // the name of a shipped one
  if (std::filesystem::exists(request.matrix, ec))
    parts["matrix"] = std::filesystem::absolute(request.matrix, ec).string();
  for (const auto& [name, list] : lists_of(request.selection))
    parts[name] = result::strings_to_json(*list);
  parts["cache"] = request.cache ? "yes" : "no";
  if (request.retries) parts["retries"] = std::to_string(*request.retries);
  return result::map_to_json(parts);
}

base::Status apply_request(const std::string& text, RunRequest* request) {
  if (request->made) return {};
  if (text.empty())
    return fail(ErrorKind::invalid_input,
                "it was not started by bpfmatrix run with a matrix, or by an older version: start "
                "it anew; what it has measured answers");
  BPFM_TRY(const auto parts, result::map_from_json(text));
  const auto part = [&](const std::string& name) {
    const auto at = parts.find(name);
    return at == parts.end() ? std::string() : at->second;
  };
  request->matrix = part("matrix");
  if (request->matrix.empty())
    return fail(ErrorKind::invalid_input, "the store does not say which matrix it is of");
  for (const auto& [name, list] : lists_of(request->selection)) {
    BPFM_TRY(*list, result::strings_from_json(part(name)));
  }
  if (part("cache") == "no") request->cache = false;
  if (const auto retries = part("retries"); !retries.empty() && !request->retries)
    request->retries = static_cast<uint32_t>(std::strtoul(retries.c_str(), nullptr, 10));
  return {};
}

}  // namespace bpfmatrix::run
