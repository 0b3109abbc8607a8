// Typed access to the nodes of a YAML tree: each function reports what is wrong at its place and
// returns nothing then; nodes that were refused already stay silent. Any thread.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "spec/diagnostics.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// `word` in quotes, safe for a terminal, cut after 80 bytes.
[[nodiscard]] std::string quote(std::string_view word);
// ": did you mean "x"?", or "" where nothing is near.
[[nodiscard]] std::string did_you_mean(const std::string& word,
                                       const std::vector<std::string>& candidates);
// "a, b, c".
[[nodiscard]] std::string listed(const std::vector<std::string>& words);

// A mapping with a fixed set of keys. Refers to the node, which must outlive it.
class Mapping {
 public:
  // `what` names it in messages: "an exclusion". Reports unknown keys.
  static std::optional<Mapping> of(const Node& node, const std::string& what,
                                   std::vector<std::string> known, Diagnostics& diagnostics);

  // The value of a key; null when it is not there.
  [[nodiscard]] const Node* find(std::string_view key) const;
  // Likewise, but a missing key is reported at the mapping's place.
  [[nodiscard]] const Node* require(std::string_view key) const;
  [[nodiscard]] const Place& place() const { return node_->place; }

 private:
  Mapping(const Node& node, std::string what, Diagnostics& diagnostics)
      : node_(&node), what_(std::move(what)), diagnostics_(&diagnostics) {}
  const Node* node_;
  std::string what_;
  Diagnostics* diagnostics_;
};

// The text of a node; reported when it is anything else or empty. `what` names it: "\"kernel\"".
[[nodiscard]] const std::string* read_text(const Node& node, std::string_view what,
                                           Diagnostics& diagnostics);
// The items of a list that is not empty; none, and reported, otherwise.
[[nodiscard]] std::vector<const Node*> read_list(const Node& node, std::string_view what,
                                                 Diagnostics& diagnostics);
// A list that is not empty, or one text alone: its text nodes.
[[nodiscard]] std::vector<const Node*> read_texts(const Node& node, std::string_view what,
                                                  Diagnostics& diagnostics);

// The text of a node turned into a value by `parse` (an optional of it); `expected` says what is
// taken: "a level such as 2, 0x8 or 1<<31".
template <typename Parse>
auto read_value(const Node& node, std::string_view what, std::string_view expected,
                Diagnostics& diagnostics, Parse&& parse) -> decltype(parse(std::string())) {
  const std::string* text = read_text(node, what, diagnostics);
  if (text == nullptr) return std::nullopt;
  auto value = std::invoke(std::forward<Parse>(parse), *text);
  if (!value) {
    diagnostics.add(node.place, fmt::format("{} is {}: must be {}", what, quote(*text), expected));
  }
  return value;
}

// One of `words`, else reported with a suggestion.
[[nodiscard]] std::optional<std::string> read_word(const Node& node, std::string_view what,
                                                   const std::vector<std::string>& words,
                                                   Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
