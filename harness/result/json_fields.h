// Lists and maps of a run as the store keeps them: JSON text in one column. Pure.
//
// Part of the store's format: additions only, unknown members are ignored when read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "spec/matrix.h"

namespace bpfmatrix::result {

[[nodiscard]] std::string strings_to_json(const std::vector<std::string>& strings);
[[nodiscard]] std::string map_to_json(const std::map<std::string, std::string>& map);
[[nodiscard]] std::string expectations_to_json(const std::vector<spec::Expectation>& expectations);

// invalid_input when the text is not what the functions above write.
base::Result<std::vector<std::string>> strings_from_json(std::string_view text);
base::Result<std::map<std::string, std::string>> map_from_json(std::string_view text);
base::Result<std::vector<spec::Expectation>> expectations_from_json(std::string_view text);

}  // namespace bpfmatrix::result
