// The single pages, for make_pages(). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "compat/pages.h"

namespace bpfmatrix::compat {

[[nodiscard]] std::string index_page(const Material& material);
[[nodiscard]] std::string law_page(const Material& material, size_t law);  // place in `laws`
[[nodiscard]] std::string loader_page(const Material& material, uint32_t loader);
[[nodiscard]] std::string btf_kinds_page(const Material& material);
[[nodiscard]] std::string strategies_page(const Material& material);
[[nodiscard]] std::string privilege_page(const Material& material);
[[nodiscard]] std::string documented_page(const Material& material);
[[nodiscard]] std::string verifier_log_page(const Material& material);
// Schema: harness/docs/compat.schema.json.
[[nodiscard]] std::string compat_json(const Material& material);

}  // namespace bpfmatrix::compat
