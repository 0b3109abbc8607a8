#include "spec/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "line:column: message" of each mistake.
std::vector<std::string> mistakes_in(const std::string& text) {
  Diagnostics diagnostics;
  static_cast<void>(parse_yaml(text, "f", diagnostics));
  std::vector<std::string> lines;
  for (const auto& d : diagnostics.list())
    lines.push_back(fmt::format("{}:{}: {}", d.place.line, d.place.column, d.message));
  return lines;
}

Node tree(const std::string& text) {
  Diagnostics diagnostics;
  auto root = parse_yaml(text, "f", diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.error().message;
  return root.value_or(Node{});
}

TEST(YamlReader, every_node_knows_its_place) {
  const Node root = tree("a: 1\nlong:\n  - x\n  - {k: v}\n");
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(to_text(root.entries[0].place), "f:1:1");
  EXPECT_EQ(to_text(root.entries[0].value.place), "f:1:4");
  const Node& list = root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(to_text(list.items[0].place), "f:3:5");
  EXPECT_EQ(to_text(list.items[1].entries.at(0).value.place), "f:4:9");
}

TEST(YamlReader, numbers_and_truths_stay_text) {
  const Node root = tree("[5.10, 0x10, true, 1<<31, null:4KiB, '']");
  std::vector<std::string> texts;
  for (const auto& item : root.items) {
    EXPECT_EQ(item.kind, Node::Kind::text);
    texts.push_back(item.text);
  }
  EXPECT_THAT(texts, ElementsAre("5.10", "0x10", "true", "1<<31", "null:4KiB", ""));
}

TEST(YamlReader, an_empty_value_has_its_keys_place) {
  const Node root = tree("a:\n\n\nb: 1\n");
  EXPECT_EQ(root.entries.at(0).value.kind, Node::Kind::empty);
  EXPECT_EQ(to_text(root.entries.at(0).value.place), "f:1:1");
}

TEST(YamlReader, an_empty_file_is_an_empty_node) {
  EXPECT_EQ(tree("").kind, Node::Kind::empty);
  EXPECT_EQ(tree("# nothing\n").kind, Node::Kind::empty);
}

TEST(YamlReader, duplicate_keys_are_refused_with_both_places) {
  EXPECT_THAT(mistakes_in("a: 1\nb: 2\na: 3\n"),
              ElementsAre("3:1: key \"a\" is given twice: first in line 1"));
  EXPECT_THAT(mistakes_in("x: {k: 1, k: 2}\n"),
              ElementsAre("1:11: key \"k\" is given twice: first in line 1"));
}

TEST(YamlReader, equal_keys_of_two_mappings_are_fine) {
  EXPECT_THAT(mistakes_in("a: {k: 1}\nb: {k: 1}\n"), ElementsAre());
}

TEST(YamlReader, the_first_of_two_equal_keys_is_kept_and_nothing_is_missing) {
  Diagnostics diagnostics;
  const auto root = parse_yaml("a: 1\na: [2, 3]\n", "f", diagnostics);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->entries.size(), 1u);
  EXPECT_EQ(root->entries[0].value.text, "1");
  EXPECT_FALSE(root->partial);
}

TEST(YamlReader, a_parent_of_something_refused_is_partial) {
  for (const char* text :
       {"a: 1\n<<: {b: 1}\n", "[a]: 1\nb: 2\n", "[&x a, *x]", "- x: &y 1\n- *y\n"}) {
    Diagnostics diagnostics;
    const auto root = parse_yaml(text, "f", diagnostics);
    ASSERT_TRUE(root) << text;
    EXPECT_FALSE(diagnostics.empty()) << text;
    EXPECT_TRUE(root->partial) << text;
  }
}

TEST(YamlReader, anchors_and_aliases_are_refused_where_they_stand) {
  EXPECT_THAT(mistakes_in("a: &x [1]\nb: *x\n"),
              ElementsAre("1:4: anchors (\"&name\") are not taken: write the value out",
                          "2:4: aliases (\"*name\") are not taken: write the value out"));
}

TEST(YamlReader, an_alias_bomb_costs_no_more_than_its_text) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += fmt::format("a{}: &a{} [{}, {}, {}]\n", i, i, last, last, last);
  }
  EXPECT_EQ(mistakes_in(bomb).size(), 60u + 59u * 3u);
}

TEST(YamlReader, an_unquoted_glob_is_told_to_be_quoted) {
  EXPECT_THAT(
      mistakes_in("kernels:\n  - *-6.1\n"),
      ElementsAre("2:5: aliases (\"*name\") are not taken: quote text that begins with \"*\""));
  EXPECT_THAT(mistakes_in("kernels: [\"*-6.1\"]\n"), ElementsAre());
}

TEST(YamlReader, merge_keys_are_refused) {
  EXPECT_THAT(mistakes_in("a: 1\n<<: {b: 2}\n"),
              ElementsAre("2:1: merge keys (\"<<\") are not taken: write the keys out"));
}

TEST(YamlReader, tags_are_refused_and_quotes_are_not_tags) {
  EXPECT_THAT(mistakes_in("a: !!str 5\nb: \"5\"\n"),
              ElementsAre("1:4: tags (\"!name\") are not taken"));
}

TEST(YamlReader, a_key_must_be_text) {
  EXPECT_THAT(mistakes_in("? [a, b]\n: 1\nc: 2\n"), ElementsAre("1:3: a key must be plain text"));
}

TEST(YamlReader, a_file_holds_one_document) {
  EXPECT_THAT(mistakes_in("a: 1\n---\na: 2\n"),
              ElementsAre("2:1: a second document: a file holds one"));
  EXPECT_THAT(mistakes_in("---\na: 1\n"), ElementsAre());
}

TEST(YamlReader, a_syntax_error_has_its_place) {
  const auto lines = mistakes_in("a: 1\nb: [1, 2\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(": not YAML: "));
  EXPECT_THAT(mistakes_in("a: b\n\tc: d\n").at(0), HasSubstr("2:1: not YAML: illegal tab"));
}

TEST(YamlReader, mistakes_before_a_syntax_error_are_told_too) {
  const auto lines = mistakes_in("a: 1\na: 2\nb: 1\n c: 2\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "2:1: key \"a\" is given twice: first in line 1");
  EXPECT_THAT(lines[1], HasSubstr("not YAML"));
}

std::string nested(size_t depth) {
  return std::string(depth, '[') + "x" + std::string(depth, ']');
}

TEST(YamlReader, depth_is_limited_at_exactly_32) {
  EXPECT_THAT(mistakes_in(nested(32)), ElementsAre());
  EXPECT_THAT(mistakes_in(nested(33)), ElementsAre("1:33: more than 32 levels deep"));
}

TEST(YamlReader, reading_goes_on_behind_what_is_too_deep) {
  EXPECT_THAT(mistakes_in("a: " + nested(40) + "\nb: 1\nb: 2\n"),
              ElementsAre("1:35: more than 32 levels deep",
                          "3:1: key \"b\" is given twice: first in line 2"));
}

TEST(YamlReader, a_tower_of_brackets_is_an_error_and_no_crash) {
  EXPECT_FALSE(mistakes_in(std::string(200'000, '[')).empty());
  EXPECT_FALSE(mistakes_in(std::string(200'000, '{')).empty());
}

TEST(YamlReader, any_text_gives_a_tree_or_a_mistake) {
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ab:: --\n\n  [[{{]]}},,&*!?<<'\"#|>%@`\t")));
    Diagnostics diagnostics;
    const auto root = parse_yaml(text, "f", diagnostics);
    RC_ASSERT(root.has_value() || !diagnostics.empty());
    for (const auto& d : diagnostics.list()) RC_ASSERT(d.place.line >= 0 && d.place.column >= 0);
  }));
}

TEST(YamlReader, control_characters_are_refused) {
  EXPECT_THAT(mistakes_in("a: 1\nb: \x04 2\n"), ElementsAre("2:4: control character 0x04"));
  EXPECT_THAT(mistakes_in(std::string("a: \0", 4)), ElementsAre("1:4: control character 0x00"));
  EXPECT_THAT(mistakes_in("a: 1\r\nb: \"\t\"\r\n"), ElementsAre());
}

TEST(YamlReader, a_file_of_more_than_a_mebibyte_is_refused) {
  Scratch scratch;
  const std::string comment = "a: 1\n#";
  const auto fits =
      scratch.write("fits", comment + std::string(kMaxYamlBytes - comment.size(), 'x'));
  const auto large =
      scratch.write("large", comment + std::string(kMaxYamlBytes - comment.size() + 1, 'x'));
  Diagnostics diagnostics;
  EXPECT_TRUE(read_yaml_file(fits, diagnostics));
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_FALSE(read_yaml_file(large, diagnostics));
  EXPECT_THAT(diagnostics.error().message, HasSubstr("more than the limit of 1048576"));
}

TEST(YamlReader, a_missing_file_is_reported_where_it_was_asked_for) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read_yaml_file("/nowhere/x.yaml", diagnostics, Place{"child.yaml", 3, 10}));
  EXPECT_THAT(diagnostics.error().message,
              HasSubstr("child.yaml:3:10: open /nowhere/x.yaml: No such file"));
}

}  // namespace
}  // namespace bpfmatrix::spec
