#include "report/markdown_text.h"

#include "base/text.h"

namespace bpfmatrix::report {

std::string escape_markdown(std::string_view raw) {
  constexpr std::string_view kZeroWidthSpace = "&#8203;";
  const std::string text = base::printable(raw);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '\n':
      case '\r':
      case '\t':
        out += ' ';
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '@':
        out += "@", out += kZeroWidthSpace;
        break;
      case '#':
        out += "\\#", out += kZeroWidthSpace;
        break;
      case ':':
        out += c;
        if (std::string_view(text).substr(i).starts_with("://")) out += kZeroWidthSpace;
        break;
      case '.':
        if (i >= 3 && (std::string_view(text).substr(i - 3, 3) == "www" ||
                       std::string_view(text).substr(i - 3, 3) == "WWW"))
          out += kZeroWidthSpace;
        out += c;
        break;
      default:
        if (std::string_view("\\`*_[]|~!$").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
  }
  return out;
}

}  // namespace bpfmatrix::report
