#include "result/json_fields.h"

#include <nlohmann/json.hpp>

#include "spec/log_mode.h"

namespace bpfmatrix::result {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Runs `read` on the parsed text; whatever the library throws is an invalid_input Error.
template <typename T, typename Read>
base::Result<T> parsed(std::string_view text, const char* what, Read read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return base::fail(base::ErrorKind::invalid_input, "{}: {}", what, error.what());
  }
}

json to_json(const spec::Selector& selector) {
  json interfaces = json::array();
  for (const auto interface : selector.interfaces) interfaces.push_back(spec::name(interface));
  json buffers = json::array();
  for (const auto& buffer : selector.buffers) buffers.push_back(spec::to_text(buffer));
  return {{"kernels", selector.kernels},   {"loaders", selector.loaders},
          {"programs", selector.programs}, {"interfaces", std::move(interfaces)},
          {"levels", selector.levels},     {"buffers", std::move(buffers)}};
}

base::Result<spec::Selector> selector_from(const json& value) {
  spec::Selector selector;
  selector.kernels = value.at("kernels").get<std::vector<std::string>>();
  selector.loaders = value.at("loaders").get<std::vector<std::string>>();
  selector.programs = value.at("programs").get<std::vector<std::string>>();
  selector.levels = value.at("levels").get<std::vector<uint32_t>>();
  for (const auto& text : value.at("interfaces").get<std::vector<std::string>>()) {
    const auto interface = spec::parse_interface(text);
    if (!interface) return base::fail(base::ErrorKind::invalid_input, "interface \"{}\"", text);
    selector.interfaces.push_back(*interface);
  }
  for (const auto& text : value.at("buffers").get<std::vector<std::string>>()) {
    const auto buffer = spec::parse_buffer(text);
    if (!buffer) return base::fail(base::ErrorKind::invalid_input, "buffer \"{}\"", text);
    selector.buffers.push_back(*buffer);
  }
  return selector;
}

void put(json& object, const char* field, const std::optional<std::string>& value) {
  if (value) object[field] = *value;
}

std::optional<std::string> get(const json& object, const char* field) {
  const auto at = object.find(field);
  if (at == object.end()) return std::nullopt;
  return at->get<std::string>();
}

json to_json(const spec::Expectation& expectation) {
  json object = {{"selector", to_json(expectation.selector)},
                 {"reason", expectation.reason},
                 {"file", expectation.place.file},
                 {"line", expectation.place.line},
                 {"column", expectation.place.column}};
  put(object, "outcome", expectation.outcome);
  put(object, "error", expectation.error);
  put(object, "decided_by", expectation.decided_by);
  put(object, "kept", expectation.kept);
  return object;
}

base::Result<spec::Expectation> expectation_from(const json& value) {
  spec::Expectation expectation;
  BPFM_TRY(expectation.selector, selector_from(value.at("selector")));
  expectation.outcome = get(value, "outcome");
  expectation.error = get(value, "error");
  expectation.decided_by = get(value, "decided_by");
  expectation.kept = get(value, "kept");
  expectation.reason = value.at("reason").get<std::string>();
  expectation.place.file = value.at("file").get<std::string>();
  expectation.place.line = value.at("line").get<int>();
  expectation.place.column = value.at("column").get<int>();
  return expectation;
}

}  // namespace

std::string strings_to_json(const std::vector<std::string>& strings) {
  return dump(json(strings));
}

std::string map_to_json(const std::map<std::string, std::string>& map) {
  return dump(json(map));
}

std::string expectations_to_json(const std::vector<spec::Expectation>& expectations) {
  json list = json::array();
  for (const auto& expectation : expectations) list.push_back(to_json(expectation));
  return dump(list);
}

base::Result<std::vector<std::string>> strings_from_json(std::string_view text) {
  using Strings = std::vector<std::string>;
  return parsed<Strings>(text, "list of strings", [](const json& value) -> base::Result<Strings> {
    return value.get<Strings>();
  });
}

base::Result<std::map<std::string, std::string>> map_from_json(std::string_view text) {
  using Map = std::map<std::string, std::string>;
  return parsed<Map>(text, "map of strings",
                     [](const json& value) -> base::Result<Map> { return value.get<Map>(); });
}

base::Result<std::vector<spec::Expectation>> expectations_from_json(std::string_view text) {
  using Expectations = std::vector<spec::Expectation>;
  return parsed<Expectations>(text, "expectations",
                              [](const json& value) -> base::Result<Expectations> {
                                Expectations expectations;
                                for (const auto& one : value) {
                                  BPFM_TRY(auto expectation, expectation_from(one));
                                  expectations.push_back(std::move(expectation));
                                }
                                return expectations;
                              });
}

}  // namespace bpfmatrix::result
