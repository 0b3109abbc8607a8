#include "schema_check.h"

#include <regex.h>

#include <algorithm>
#include <set>

namespace bpfmatrix::report {
namespace {

using nlohmann::json;

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == "null" && value.is_null();
}

// POSIX extended expressions suffice for the schema's patterns.
bool matches(const std::string& pattern, const std::string& text) {
  regex_t expression;
  if (::regcomp(&expression, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool found = ::regexec(&expression, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&expression);
  return found;
}

class Checker {
 public:
  explicit Checker(const json& schema) : root_(schema) {}

  void check(const json& rule, const json& value, const std::string& at) {
    for (const auto& [keyword, argument] : rule.items())
      if (!check_keyword(keyword, argument, value, at)) tell(at, "unknown keyword " + keyword);
    if (value.is_object()) check_members(rule, value, at);
  }

  std::vector<std::string> mistakes;

 private:
  void tell(const std::string& at, const std::string& what) {
    mistakes.push_back(at + ": " + what);
  }

  bool check_keyword(const std::string& keyword, const json& argument, const json& value,
                     const std::string& at) {
    static const std::set<std::string> kSilent = {
        "$schema", "$id", "title", "description", "$defs", "properties", "additionalProperties"};
    if (kSilent.contains(keyword)) return true;
    if (keyword == "$ref") {
      check(root_.at(json::json_pointer(argument.get<std::string>().substr(1))), value, at);
    } else if (keyword == "type") {
      const json types = argument.is_array() ? argument : json::array({argument});
      if (std::ranges::none_of(types, [&](const json& type) { return has_type(value, type); }))
        tell(at, "not of type " + argument.dump());
    } else if (keyword == "enum") {
      if (std::ranges::find(argument, value) == argument.end()) tell(at, "not one of the enum");
    } else if (keyword == "pattern") {
      if (value.is_string() && !matches(argument.get<std::string>(), value.get<std::string>()))
        tell(at, "does not match " + argument.dump());
    } else if (keyword == "minimum") {
      if (value.is_number() && value < argument) tell(at, "too small");
    } else if (keyword == "maximum") {
      if (value.is_number() && value > argument) tell(at, "too large");
    } else if (keyword == "required") {
      for (const auto& name : argument)
        if (value.is_object() && !value.contains(name)) tell(at, "no member " + name.dump());
    } else if (keyword == "items") {
      for (size_t i = 0; value.is_array() && i < value.size(); ++i)
        check(argument, value[i], at + "/" + std::to_string(i));
    } else {
      return false;
    }
    return true;
  }

  void check_members(const json& rule, const json& value, const std::string& at) {
    const bool describes = rule.contains("properties") || rule.contains("additionalProperties");
    if (!describes) return;  // a $ref beside it does
    const json properties = rule.value("properties", json::object());
    for (const auto& [name, member] : value.items()) {
      if (properties.contains(name)) {
        check(properties[name], member, at + "/" + name);
      } else if (rule.contains("additionalProperties")) {
        check(rule["additionalProperties"], member, at + "/" + name);
      } else {
        tell(at, "member not described: " + name);
      }
    }
  }

  const json& root_;
};

}  // namespace

std::vector<std::string> schema_mistakes(const json& schema, const json& document) {
  Checker checker(schema);
  checker.check(schema, document, "");
  return std::move(checker.mistakes);
}

}  // namespace bpfmatrix::report
