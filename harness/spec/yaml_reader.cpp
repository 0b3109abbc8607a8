#include "spec/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>

#include "base/files.h"
#include "base/text.h"

namespace bpfmatrix::spec {
namespace {

// Builds the tree from events. The library's own loader takes the first of two equal keys in
// silence and shares the nodes of aliases (yaml-cpp 0.7); its events show both.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 1) report(mark, "a second document: a file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    add(make(Node::Kind::empty, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (skipped_ == 0) report(mark, "aliases (\"*name\") are not taken: write the value out");
    add(make(Node::Kind::refused, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    Node node = make(Node::Kind::text, mark);
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or mapping that is not yet at its end.
  struct Open {
    Node node;
    bool value_next = false;     // of a mapping: the key has been seen
    std::optional<Entry> entry;  // it and its place; nothing when the key was refused
    std::map<std::string, int, std::less<>> lines;  // keys so far
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    return {file_, mark.line + 1, mark.column + 1};
  }
  void report(const YAML::Mark& mark, std::string message) {
    diagnostics_.add(place(mark), std::move(message));
  }
  [[nodiscard]] Node make(Node::Kind kind, const YAML::Mark& mark) const {
    Node node;
    node.kind = kind;
    node.place = place(mark);
    return node;
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (skipped_ != 0) return;
    if (anchor != YAML::NullAnchor)
      report(mark, "anchors (\"&name\") are not taken: write the value out");
    // "?" and "!" are the library's own marks of plain and of quoted text.
    if (!tag.empty() && tag != "?" && tag != "!") report(mark, "tags (\"!name\") are not taken");
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check(mark, tag, anchor);
    if (skipped_ != 0 || open_.size() >= kMaxYamlDepth) {
      if (skipped_++ == 0) {
        report(mark, fmt::format("more than {} levels deep", kMaxYamlDepth));
        too_deep_ = make(Node::Kind::refused, mark);
      }
      return;
    }
    open_.push_back({.node = make(kind, mark), .entry = {}, .lines = {}});
  }

  void close() {
    if (skipped_ != 0) {
      if (--skipped_ == 0) add(std::move(too_deep_));
      return;
    }
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node&& node) {
    if (skipped_ != 0) return;
    if (open_.empty()) {
      // Of a second document, which was reported, nothing is kept.
      if (documents_ == 1) root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (node.kind == Node::Kind::refused) parent.node.partial = true;
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.value_next) {
      parent.value_next = true;
      parent.entry = take_key(parent, std::move(node));
    } else {
      parent.value_next = false;
      if (!parent.entry) return;
      if (node.kind == Node::Kind::empty) node.place = parent.entry->place;
      parent.entry->value = std::move(node);
      parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    }
  }

  std::optional<Entry> take_key(Open& parent, Node&& key) {
    if (key.kind != Node::Kind::text || key.text == "<<") {
      parent.node.partial = true;  // whatever it stood for
      if (key.kind == Node::Kind::text) {
        diagnostics_.add(key.place, "merge keys (\"<<\") are not taken: write the keys out");
      } else if (key.kind != Node::Kind::refused) {
        diagnostics_.add(key.place, "a key must be plain text");
      }
      return std::nullopt;
    }
    const auto [first, is_new] = parent.lines.try_emplace(key.text, key.place.line);
    if (!is_new) {
      diagnostics_.add(key.place, fmt::format("key \"{}\" is given twice: first in line {}",
                                              base::printable(key.text), first->second));
      return std::nullopt;
    }
    Entry entry;
    entry.key = std::move(key.text);
    entry.place = std::move(key.place);
    return entry;
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Open> open_;
  size_t skipped_ = 0;  // open lists and mappings below the depth limit
  Node too_deep_;
  int documents_ = 0;
};

// The library ends a document in silence at byte 4 and reads UTF-16 by itself; no matrix needs
// control characters.
bool refuse_control_characters(std::string_view text, const std::string& file,
                               Diagnostics& diagnostics) {
  int line = 1;
  int column = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ++column;
    if (byte == '\n') {
      ++line;
      column = 0;
    } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f) {
      diagnostics.add({file, line, column}, fmt::format("control character {:#04x}", byte));
      return true;
    }
  }
  return false;
}

// Whether the place of a syntax error is an alias: the library gives up at one whose anchor it
// does not know, and a glob such as *-6.1 without quotes is one.
bool at_asterisk(std::string_view text, const YAML::Mark& mark) {
  return mark.pos >= 0 && static_cast<size_t>(mark.pos) < text.size() &&
         text[static_cast<size_t>(mark.pos)] == '*';
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, const std::string& file,
                               Diagnostics& diagnostics) {
  if (refuse_control_characters(text, file, diagnostics)) return std::nullopt;
  TreeBuilder builder(file, diagnostics);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    Place place{file, e.mark.is_null() ? 0 : e.mark.line + 1, e.mark.column + 1};
    diagnostics.add(std::move(place),
                    at_asterisk(text, e.mark)
                        ? "aliases (\"*name\") are not taken: quote text that begins with \"*\""
                        : fmt::format("not YAML: {}", e.msg));
    return std::nullopt;
  }
  Node root = builder.take_root();
  if (root.kind == Node::Kind::empty) root.place = {file, 1, 1};
  return root;
}

std::optional<Node> read_yaml_file(const std::filesystem::path& file, Diagnostics& diagnostics,
                                   const std::optional<Place>& asked_at) {
  const auto text = base::read_file(file, kMaxYamlBytes);
  if (!text) {
    diagnostics.add(asked_at.value_or(Place{file.string()}), text.error().message);
    return std::nullopt;
  }
  return parse_yaml(*text, file.string(), diagnostics);
}

}  // namespace bpfmatrix::spec
