// The part of JSON Schema 2020-12 that harness/docs/results.schema.json uses.
//
// No validator for C++ is packaged, so this is one: type, enum, pattern, minimum, maximum,
// required, properties, additionalProperties, items, $ref into $defs. Any other keyword in the
// schema, and any member of a document that the schema does not describe, is told as a mistake, so
// that neither can grow past what is checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bpfmatrix::report {

// "/cells/0/status: …", one each; empty when `document` is as `schema` says.
[[nodiscard]] std::vector<std::string> schema_mistakes(const nlohmann::json& schema,
                                                       const nlohmann::json& document);

}  // namespace bpfmatrix::report
