#include "report/html_fill.h"

namespace bpfmatrix::report {

using base::ErrorKind;

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    }
  }
  return out;
}

base::Result<std::string> fill_template(std::string_view page_template,
                                        std::span<const TemplatePart> parts) {
  std::string page;
  size_t from = 0;
  for (const auto& part : parts) {
    const auto at = page_template.find(part.mark, from);
    if (at == std::string_view::npos || page_template.find(part.mark) != at ||
        page_template.rfind(part.mark) != at)
      return base::fail(ErrorKind::invalid_input,
                        "the page's template does not have {} once, in its place", part.mark);
    page.append(page_template.substr(from, at - from)).append(part.text);
    from = at + part.mark.size();
  }
  page.append(page_template.substr(from));
  return page;
}

}  // namespace bpfmatrix::report
