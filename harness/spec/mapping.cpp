#include "spec/mapping.h"

#include <algorithm>
#include <cctype>

namespace bpfmatrix::spec {
namespace {

constexpr size_t kMaxQuoted = 80;
constexpr size_t kMostUnknown = 100;  // keys of one mapping that are told; nobody reads more

std::string_view kind_text(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::empty:
      return "empty";
    case Node::Kind::text:
      return "text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
    case Node::Kind::refused:
      break;
  }
  return "refused";
}

// Reports that `node` is not `wanted`; silent about what was refused before.
void wrong_kind(const Node& node, std::string_view what, std::string_view wanted,
                Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::refused) return;
  diagnostics.add(node.place,
                  fmt::format("{} must be {}, not {}", what, wanted, kind_text(node.kind)));
}

}  // namespace

std::string quote(std::string_view word) {
  if (word.size() <= kMaxQuoted) return fmt::format("\"{}\"", base::printable(word));
  return fmt::format("\"{}…\"", base::printable(word.substr(0, kMaxQuoted)));
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > kMaxQuoted) return "";  // no name is that long; distances would only cost time
  auto near = base::nearest(word, candidates);
  if (!near) {
    std::string upper = word;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    near = base::nearest(upper, candidates);
  }
  return near ? fmt::format(": did you mean \"{}\"?", *near) : "";
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::optional<Mapping> Mapping::of(const Node& node, const std::string& what,
                                   std::vector<std::string> known, Diagnostics& diagnostics) {
  if (node.kind != Node::Kind::mapping) {
    wrong_kind(node, what, "a mapping", diagnostics);
    return std::nullopt;
  }
  size_t unknown = 0;
  for (const auto& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    if (++unknown > kMostUnknown) break;
    const std::string near = did_you_mean(entry.key, known);
    diagnostics.add(
        entry.place,
        fmt::format(
            "unknown key {} in {}{}", quote(entry.key), what,
            near.empty() ? ": it has " + (known.empty() ? "no keys" : listed(known)) : near));
  }
  return Mapping(node, what, diagnostics);
}

const Node* Mapping::find(std::string_view key) const {
  for (const auto& entry : node_->entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

const Node* Mapping::require(std::string_view key) const {
  const Node* value = find(key);
  if (value == nullptr && !node_->partial)
    diagnostics_->add(node_->place, fmt::format("{} has no \"{}\"", what_, key));
  return value;
}

const std::string* read_text(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::text && !node.text.empty()) return &node.text;
  if (node.kind == Node::Kind::text) {
    diagnostics.add(node.place, fmt::format("{} is empty", what));
  } else {
    wrong_kind(node, what, "text", diagnostics);
  }
  return nullptr;
}

std::vector<const Node*> read_list(const Node& node, std::string_view what,
                                   Diagnostics& diagnostics) {
  std::vector<const Node*> items;
  if (node.kind != Node::Kind::list) {
    wrong_kind(node, what, "a list", diagnostics);
    return items;
  }
  for (const auto& item : node.items)
    if (item.kind != Node::Kind::refused) items.push_back(&item);
  if (node.items.empty()) diagnostics.add(node.place, fmt::format("{} is an empty list", what));
  return items;
}

std::vector<const Node*> read_texts(const Node& node, std::string_view what,
                                    Diagnostics& diagnostics) {
  std::vector<const Node*> texts;
  if (node.kind == Node::Kind::text) {
    if (read_text(node, what, diagnostics) != nullptr) texts.push_back(&node);
    return texts;
  }
  if (node.kind != Node::Kind::list) {
    wrong_kind(node, what, "text or a list", diagnostics);
    return texts;
  }
  for (const Node* item : read_list(node, what, diagnostics))
    if (read_text(*item, what, diagnostics) != nullptr) texts.push_back(item);
  return texts;
}

std::optional<std::string> read_word(const Node& node, std::string_view what,
                                     const std::vector<std::string>& words,
                                     Diagnostics& diagnostics) {
  const std::string* text = read_text(node, what, diagnostics);
  if (text == nullptr) return std::nullopt;
  if (std::find(words.begin(), words.end(), *text) != words.end()) return *text;
  const std::string near = did_you_mean(*text, words);
  diagnostics.add(node.place, fmt::format("{} {} is not known{}", what, quote(*text),
                                          near.empty() ? ": one of " + listed(words) : near));
  return std::nullopt;
}

}  // namespace bpfmatrix::spec
