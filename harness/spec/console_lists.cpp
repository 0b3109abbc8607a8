#include "spec/console_lists.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

// Shorter texts would stand in lines that mean nothing.
constexpr size_t kLeastDenied = 8;

std::string required_text(const Mapping& mapping, const char* key, Diagnostics& diagnostics) {
  const Node* node = mapping.require(key);
  if (node == nullptr) return {};
  const std::string* text = read_text(*node, fmt::format("\"{}\"", key), diagnostics);
  if (text == nullptr) return {};
  if (text->empty()) diagnostics.add(node->place, fmt::format("\"{}\" is empty", key));
  return *text;
}

void read_denied(const Node& node, ConsoleLists& lists, Diagnostics& diagnostics) {
  const auto entry = Mapping::of(node, "a denied line", {"text", "reason"}, diagnostics);
  if (!entry) return;
  DeniedLine line{required_text(*entry, "text", diagnostics),
                  required_text(*entry, "reason", diagnostics)};
  if (!line.text.empty() && line.text.size() < kLeastDenied)
    diagnostics.add(node.place,
                    fmt::format("\"text\" is shorter than {} characters", kLeastDenied));
  lists.deny.push_back(std::move(line));
}

void read_allowed(const Node& node, ConsoleLists& lists, Diagnostics& diagnostics) {
  const auto entry = Mapping::of(node, "an allowed report",
                                 {"title", "kernels", "reason", "expires"}, diagnostics);
  if (!entry) return;
  AllowedReport report;
  report.place = node.place;
  report.title = required_text(*entry, "title", diagnostics);
  report.reason = required_text(*entry, "reason", diagnostics);
  report.expires = required_text(*entry, "expires", diagnostics);
  if (const Node* kernels = entry->find("kernels"))
    for (const Node* kernel : read_texts(*kernels, "\"kernels\"", diagnostics))
      report.kernels.push_back(kernel->text);
  if (!report.expires.empty() && !is_date(report.expires))
    diagnostics.add(node.place,
                    fmt::format("{} is no day such as 2027-03-31", quote(report.expires)));
  if (!report.title.empty() && report.title.find_first_not_of("*?") == std::string::npos)
    diagnostics.add(node.place, "\"title\" would allow everything");
  lists.allow.push_back(std::move(report));
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int year = 0;
  unsigned month = 0, day = 0;
  const auto number = [&](size_t from, size_t size, auto& into) {
    const char* begin = text.data() + from;
    const auto [end, error] = std::from_chars(begin, begin + size, into);
    return error == std::errc{} && end == begin + size;
  };
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day)) return false;
  return std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month},
                                     std::chrono::day{day}}
      .ok();
}

base::Result<ConsoleLists> read_console_lists(const std::filesystem::path& file) {
  Diagnostics diagnostics;
  ConsoleLists lists;
  if (const auto root = read_yaml_file(file, diagnostics)) {
    if (const auto top = Mapping::of(*root, "the lists for consoles", {"deny", "allow"}, diagnostics)) {
      if (const Node* deny = top->find("deny"))
        for (const Node* node : read_list(*deny, "\"deny\"", diagnostics))
          read_denied(*node, lists, diagnostics);
      if (const Node* allow = top->find("allow"))
        for (const Node* node : read_list(*allow, "\"allow\"", diagnostics))
          read_allowed(*node, lists, diagnostics);
    }
  }
  if (!diagnostics.empty()) return diagnostics.error();
  return lists;
}

}  // namespace bpfmatrix::spec
