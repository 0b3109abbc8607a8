// Texts packed for a page: compressed, and spelt so that they can stand in HTML. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bpfmatrix::report {

// JSON in ASCII without `<`, `>` and `&`: nothing that HTML reads in a script element. What is no
// UTF-8 becomes U+FFFD.
[[nodiscard]] std::string island(const nlohmann::ordered_json& value);

// The bytes as gzip (RFC 1952), in base64; the same bytes give the same text.
[[nodiscard]] std::string pack(std::string_view bytes);

}  // namespace bpfmatrix::report
