#include "report/inert_text.h"

#include <algorithm>

#include "base/text.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

constexpr size_t kLongestName = 400;

void break_old_commands(std::string& text) {
  for (size_t at = text.find("##["); at != std::string::npos; at = text.find("##[", at))
    text.insert(at + 1, " ");
}

// Of valid UTF-8 without control characters. U+FFFE and U+FFFF are no characters of XML 1.0.
std::string without_markers(std::string text) {
  for (const std::string_view found : {"\xef\xbf\xbe", "\xef\xbf\xbf"})
    for (size_t at = text.find(found); at != std::string::npos; at = text.find(found, at))
      text.replace(at, found.size(), "?");
  break_old_commands(text);
  return text;
}

std::string cut_to(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return text.substr(0, cut) + "…";
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool is_harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" ._:,/+=@{}()-").find(c) != std::string_view::npos;
}

}  // namespace

std::string inert_line(std::string_view raw, size_t limit) {
  // White space first: of what is left, printable() makes "?".
  return cut_to(without_markers(base::printable(single_line(raw, raw.size()))), limit);
}

std::vector<std::string> inert_tail(std::string_view raw, size_t count, size_t limit) {
  std::vector<std::string> lines;
  while (!raw.empty() && lines.size() < count) {
    const size_t before = raw.rfind('\n');
    const auto line = before == std::string_view::npos ? raw : raw.substr(before + 1);
    if (!is_blank(line)) {
      std::string text(line);
      std::ranges::replace(text, '\t', ' ');
      lines.push_back(cut_to(without_markers(base::printable(text)), limit));
    }
    raw = before == std::string_view::npos ? std::string_view() : raw.substr(0, before);
  }
  std::ranges::reverse(lines);
  return lines;
}

std::string without_commands(std::string line) {
  break_old_commands(line);
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin != std::string::npos && line.compare(begin, 2, "::") == 0) line.insert(begin + 1, " ");
  return line;
}

std::string inert_name(std::string_view raw) {
  std::string name(raw.substr(0, kLongestName));
  for (char& c : name)
    if (!is_harmless(c)) c = '_';
  return name.empty() ? "_" : name;
}

}  // namespace bpfmatrix::report
