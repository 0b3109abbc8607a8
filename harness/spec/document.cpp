#include "spec/document.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxChain = 16;

Entry* find(std::vector<Entry>& entries, std::string_view key) {
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.key == key; });
  return at != entries.end() ? &*at : nullptr;
}

// Adds what only the parent has.
void add_missing(Node& child, Node&& parent) {
  child.partial = child.partial || parent.partial;
  std::set<std::string> own;
  for (const auto& entry : child.entries) own.insert(entry.key);
  for (auto& entry : parent.entries) {
    if (own.count(entry.key) == 0) {
      child.entries.push_back(std::move(entry));
      continue;
    }
    if (entry.key != "mode_sets") continue;
    Node& sets = find(child.entries, entry.key)->value;
    if (sets.kind == Node::Kind::mapping && entry.value.kind == Node::Kind::mapping)
      add_missing(sets, std::move(entry.value));
  }
}

class Chain {
 public:
  explicit Chain(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  std::optional<Node> read(const fs::path& file, const std::optional<Place>& asked_at) {
    std::error_code ignored;
    // Two spellings of one file must be known as one.
    const fs::path canonical = fs::weakly_canonical(file, ignored);
    if (std::find(files_.begin(), files_.end(), canonical) != files_.end()) {
      diagnostics_.add(*asked_at, fmt::format("{} extends itself", quote(file.string())));
      return std::nullopt;
    }
    if (files_.size() == kMaxChain) {
      diagnostics_.add(*asked_at, fmt::format("a chain of more than {} files", kMaxChain));
      return std::nullopt;
    }
    files_.push_back(canonical);
    auto root = read_yaml_file(file, diagnostics_, asked_at);
    if (!root || root->kind != Node::Kind::mapping) return root;
    if (const Entry* extends = find(root->entries, "extends")) add_parent(*root, extends->value);
    return root;
  }

 private:
  void add_parent(Node& root, const Node& extends) {
    const std::string* text = read_text(extends, "\"extends\"", diagnostics_);
    std::optional<Node> parent;
    if (text != nullptr) parent = read(resolve_path(*text, extends.place), extends.place);
    if (parent && parent->kind == Node::Kind::mapping) {
      add_missing(root, std::move(*parent));
      return;
    }
    if (parent) diagnostics_.add(parent->place, "a matrix must be a mapping");
    // What is missing may be in the file that could not be read.
    root.partial = true;
    if (Entry* sets = find(root.entries, "mode_sets")) sets->value.partial = true;
  }

  Diagnostics& diagnostics_;
  std::vector<fs::path> files_;
};

}  // namespace

std::optional<Node> read_document(const fs::path& file, Diagnostics& diagnostics) {
  return Chain(diagnostics).read(file, std::nullopt);
}

fs::path resolve_path(const std::string& text, const Place& written_at) {
  return (fs::path(written_at.file).parent_path() / text).lexically_normal();
}

}  // namespace bpfmatrix::spec
