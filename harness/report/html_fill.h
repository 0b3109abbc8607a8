// Parts put into a template of harness/page/. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::report {

struct TemplatePart {
  std::string_view mark;  // in the template, once
  std::string text;
};

// The template with each mark replaced by its text, in one pass, so that what stands in a text is
// never taken for a mark. invalid_input when a mark is not there once, in the order of `parts`.
[[nodiscard]] base::Result<std::string> fill_template(std::string_view page_template,
                                                      std::span<const TemplatePart> parts);

// Text for an element or an attribute in quotes; control characters are left out.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace bpfmatrix::report
