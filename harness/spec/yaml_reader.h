// YAML text to a tree in which every node knows its place. The only part that knows the YAML
// library.
//
// Takes a plain subset: mappings with text keys, lists, text (never a number: 5.10 stays "5.10").
// Refuses, and reports each with its place: duplicate keys, anchors and aliases (so that a small
// file cannot grow into a large tree), merge keys, tags, several documents, control characters,
// more than 32 levels. What was refused leaves a `refused` node or a `partial` parent, so that no
// reader complains of it a second time. Pure but for read_yaml_file(); any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/diagnostics.h"

namespace bpfmatrix::spec {

inline constexpr uint64_t kMaxYamlBytes = uint64_t{1} << 20;
inline constexpr size_t kMaxYamlDepth = 32;

struct Entry;

struct Node {
  enum class Kind { empty, text, list, mapping, refused };
  Kind kind = Kind::empty;
  bool partial = false;  // something inside was refused: what is missing is not to be reported
  Place place;           // of an empty value: its key's
  std::string text;
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a mapping, in the file's order, each key once
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Node value;
};

// The tree; nothing after a syntax error. `file` is what places are to say.
[[nodiscard]] std::optional<Node> parse_yaml(std::string_view text, const std::string& file,
                                             Diagnostics& diagnostics);

// Likewise from a file of at most kMaxYamlBytes. What keeps it from being read is reported at
// `asked_at`, or at the file itself without one.
[[nodiscard]] std::optional<Node> read_yaml_file(const std::filesystem::path& file,
                                                 Diagnostics& diagnostics,
                                                 const std::optional<Place>& asked_at = {});

}  // namespace bpfmatrix::spec
