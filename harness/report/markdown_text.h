// Text as GitHub's Markdown, inert. Pure.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix::report {

// One line. Markdown's own characters lose their meaning; what GitHub makes links of (mentions,
// issue numbers, addresses) is broken up with a zero-width space, since escaping does not reach
// that step.
[[nodiscard]] std::string escape_markdown(std::string_view raw);

}  // namespace bpfmatrix::report
