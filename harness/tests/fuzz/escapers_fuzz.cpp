// Text of a guest on its way to a terminal and into Markdown.
#include "base/text.h"
#include "input.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace {

using namespace bpfmatrix;

// Markdown's own characters must stand behind a backslash.
void check_markdown(std::string_view text) {
  fuzz::require(fuzz::harmless(text), "Markdown with a control character");
  fuzz::require(text.find_first_of("<>\n\r\t") == text.npos, "Markdown with a tag or a line end");
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
      fuzz::require(at < text.size(), "a backslash at the end would escape what follows");
      continue;
    }
    fuzz::require(std::string_view("`*_[]|~!$").find(text[at]) == std::string_view::npos,
                  "Markdown's own character, bare");
    fuzz::require(text[at] != '&' || text.substr(at, 4) == "&lt;" || text.substr(at, 4) == "&gt;" ||
                      text.substr(at, 5) == "&amp;" || text.substr(at, 7) == "&#8203;",
                  "an entity that is not ours");
    fuzz::require(text[at] != '@' || text.substr(at + 1, 7) == "&#8203;", "a mention");
    fuzz::require(text.substr(at, 3) != "://", "an address");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const std::string clean = base::printable(raw);
  fuzz::require(fuzz::harmless(clean), "a terminal gets a control character");
  fuzz::require(base::printable(clean) == clean, "what is clean stays as it is");
  fuzz::require(!fuzz::harmless(raw) || clean == raw, "harmless text is left alone");
  check_markdown(report::escape_markdown(raw));
  const auto line = report::single_line(clean, 60);
  fuzz::require(line.find_first_of("\n\t") == line.npos, "one line is several");
  fuzz::require(line.size() <= 60 + 3, "a line beyond its limit");
  fuzz::require(fuzz::harmless(line), "cutting broke a character");
  (void)report::display_width(raw);
  std::string joined;
  for (const auto& part : report::wrap(line, 20, 0)) joined += (joined.empty() ? "" : " ") + part;
  fuzz::require(joined == line, "wrapping changes words");
  const auto bytes = base::parse_bytes(raw.substr(0, 32));
  if (bytes)
    fuzz::require(base::parse_bytes(base::format_bytes(*bytes)) == bytes, "a size changes");
  return 0;
}
