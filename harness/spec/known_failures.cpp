#include "spec/known_failures.h"

#include <algorithm>

#include "spec/console_lists.h"
#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

std::string text_of(const Mapping& mapping, const char* key, bool required,
                    Diagnostics& diagnostics) {
  const Node* node = required ? mapping.require(key) : mapping.find(key);
  if (node == nullptr) return {};
  const std::string* text = read_text(*node, fmt::format("\"{}\"", key), diagnostics);
  if (text == nullptr) return {};
  if (text->empty()) diagnostics.add(node->place, fmt::format("\"{}\" is empty", key));
  return *text;
}

void read_entry(const Node& node, KnownFailures& known, Diagnostics& diagnostics) {
  const auto entry = Mapping::of(node, "a known failure", {"cell", "law", "reason", "expires"},
                                 diagnostics);
  if (!entry) return;
  KnownFailure one;
  one.place = node.place;
  one.cell = text_of(*entry, "cell", false, diagnostics);
  one.law = text_of(*entry, "law", false, diagnostics);
  one.reason = text_of(*entry, "reason", true, diagnostics);
  one.expires = text_of(*entry, "expires", true, diagnostics);
  if (one.cell.empty() == one.law.empty())
    diagnostics.add(node.place, "a known failure has either \"cell\" or \"law\"");
  const auto& glob = one.cell.empty() ? one.law : one.cell;
  if (!glob.empty() && glob.find_first_not_of("*?/") == std::string::npos)
    diagnostics.add(node.place, "that would excuse everything");
  if (!one.expires.empty() && !is_date(one.expires))
    diagnostics.add(node.place, fmt::format("{} is no day such as 2027-03-31", quote(one.expires)));
  known.push_back(std::move(one));
}

}  // namespace

base::Result<KnownFailures> read_known_failures(const std::filesystem::path& file) {
  Diagnostics diagnostics;
  KnownFailures known;
  if (const auto root = read_yaml_file(file, diagnostics)) {
    if (const auto top = Mapping::of(*root, "the known failures", {"known"}, diagnostics)) {
      if (const Node* list = top->require("known"))
        for (const Node* node : read_list(*list, "\"known\"", diagnostics))
          read_entry(*node, known, diagnostics);
    }
  }
  if (!diagnostics.empty()) return diagnostics.error();
  return known;
}

}  // namespace bpfmatrix::spec
