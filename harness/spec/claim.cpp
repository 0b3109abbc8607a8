#include "spec/claim.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "spec/catalogue.h"
#include "spec/mapping.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

// Longer operators first.
constexpr std::array<std::pair<std::string_view, VersionBound::Op>, 5> kOperators = {{
    {"<=", VersionBound::Op::less_equal},
    {">=", VersionBound::Op::greater_equal},
    {"==", VersionBound::Op::equal},
    {"<", VersionBound::Op::less},
    {">", VersionBound::Op::greater},
}};

std::optional<VersionBound> parse_bound(const std::string& text) {
  for (const auto& [sign, op] : kOperators) {
    if (!text.starts_with(sign)) continue;
    auto version = text.substr(sign.size());
    version.erase(0, version.find_first_not_of(' '));
    if (!is_version(version)) return std::nullopt;
    return VersionBound{op, version};
  }
  return std::nullopt;
}

const std::vector<std::string>& answers_of(Law::Kind kind) {
  static const std::vector<std::string> feature = {"yes", "no", "mixed"};
  static const std::vector<std::string> law = {"holds", "broken", "excepted"};
  return kind == Law::Kind::feature ? feature : law;
}

std::vector<std::string> texts_of(const Mapping& mapping, const char* key,
                                  Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  if (const Node* node = mapping.find(key))
    for (const Node* text : read_texts(*node, fmt::format("\"{}\"", key), diagnostics))
      texts.push_back(text->text);
  return texts;
}

std::string text_of(const Mapping& mapping, const char* key, bool required,
                    Diagnostics& diagnostics) {
  const Node* node = required ? mapping.require(key) : mapping.find(key);
  if (node == nullptr) return {};
  const std::string* text = read_text(*node, fmt::format("\"{}\"", key), diagnostics);
  return text == nullptr ? std::string() : *text;
}

class ClaimReader {
 public:
  ClaimReader(const std::vector<Law>& laws, Diagnostics& diagnostics)
      : laws_(laws), diagnostics_(diagnostics) {
    for (const auto& law : laws) ids_.push_back(law.id);
  }

  void read(const Node& node, std::vector<Claim>& claims) {
    const auto mapping = Mapping::of(
        node, "a claim", {"id", "claim", "quote", "source", "note", "checks"}, diagnostics_);
    if (!mapping) return;
    Claim claim;
    claim.place = node.place;
    claim.id = id_of(*mapping, claims);
    claim.claim = text_of(*mapping, "claim", true, diagnostics_);
    claim.quote = text_of(*mapping, "quote", false, diagnostics_);
    claim.note = text_of(*mapping, "note", false, diagnostics_);
    if (mapping->require("source") != nullptr)
      claim.sources = texts_of(*mapping, "source", diagnostics_);
    if (const Node* checks = mapping->find("checks"))
      for (const Node* check : read_list(*checks, "\"checks\"", diagnostics_))
        read_check(*check, claim);
    claims.push_back(std::move(claim));
  }

 private:
  std::string id_of(const Mapping& mapping, const std::vector<Claim>& claims) {
    const Node* node = mapping.require("id");
    if (node == nullptr) return {};
    const auto id = read_value(*node, "\"id\"", kIdRule, diagnostics_,
                               [](const std::string& text) -> std::optional<std::string> {
                                 return is_id(text) ? std::optional(text) : std::nullopt;
                               });
    if (!id) return {};
    if (std::ranges::find(claims, *id, &Claim::id) != claims.end())
      diagnostics_.add(node->place, fmt::format("there is a claim {} already", quote(*id)));
    return *id;
  }

  void read_check(const Node& node, Claim& claim) {
    const auto mapping = Mapping::of(
        node, "a check", {"law", "kernel", "loader", "version", "supports"}, diagnostics_);
    if (!mapping) return;
    ClaimCheck check;
    check.place = node.place;
    const Law* law = nullptr;
    if (const Node* id = mapping->require("law"))
      if (const auto word = read_word(*id, "\"law\"", ids_, diagnostics_)) {
        check.law = *word;
        law = &*std::ranges::find(laws_, *word, &Law::id);
      }
    check.kernels = texts_of(*mapping, "kernel", diagnostics_);
    check.loaders = texts_of(*mapping, "loader", diagnostics_);
    if (const Node* versions = mapping->find("version"))
      for (const Node* one : read_texts(*versions, "\"version\"", diagnostics_))
        if (const auto bound = read_value(*one, "\"version\"", "a bound such as \"< 6.4\"",
                                          diagnostics_, parse_bound))
          check.versions.push_back(*bound);
    if (const Node* supports = mapping->require("supports"))
      for (const Node* one : read_texts(*supports, "\"supports\"", diagnostics_)) {
        if (law == nullptr) break;  // reported already, and which words there are is not known
        if (const auto word =
                read_word(*one, "\"supports\"", answers_of(law->kind), diagnostics_))
          check.supports.push_back(*word);
      }
    check.text = said(*mapping, check);
    claim.checks.push_back(std::move(check));
  }

  std::string said(const Mapping& mapping, const ClaimCheck& check) {
    std::string where;
    const auto add = [&](const char* what, const std::vector<std::string>& values) {
      if (!values.empty())
        where += fmt::format("{}{} {}", where.empty() ? "" : "; ", what, listed(values));
    };
    add("kernels", check.kernels);
    // What was written wrong has been reported by now.
    Diagnostics ignored;
    add("kernel", texts_of(mapping, "version", ignored));
    add("loaders", check.loaders);
    std::string answers;
    for (const auto& word : check.supports) answers += (answers.empty() ? "" : " or ") + word;
    return fmt::format("{}{}{}", answers, where.empty() ? "" : " on ", where);
  }

  const std::vector<Law>& laws_;
  Diagnostics& diagnostics_;
  std::vector<std::string> ids_;
};

}  // namespace

bool VersionBound::admits(const std::string& of_kernel) const {
  // "< 6.4" is not true of 6.4.3, nor is "<= 6.4" false of it: as many numbers as the bound has.
  size_t end = 0;
  for (auto numbers = std::ranges::count(version, '.') + 1; numbers > 0; --numbers)
    end = std::min(of_kernel.find('.', end == 0 ? 0 : end + 1), of_kernel.size());
  const int order = compare_versions(of_kernel.substr(0, end), version);
  switch (op) {
    case Op::less:
      return order < 0;
    case Op::less_equal:
      return order <= 0;
    case Op::greater:
      return order > 0;
    case Op::greater_equal:
      return order >= 0;
    case Op::equal:
      return order == 0;
  }
  return false;
}

base::Result<std::vector<Claim>> read_claims(const std::filesystem::path& file,
                                             const std::vector<Law>& laws) {
  Diagnostics diagnostics;
  std::vector<Claim> claims;
  if (const auto root = read_yaml_file(file, diagnostics)) {
    if (const auto mapping = Mapping::of(*root, "a file of claims", {"claims"}, diagnostics)) {
      ClaimReader reader(laws, diagnostics);
      if (const Node* list = mapping->require("claims"))
        for (const Node* node : read_list(*list, "\"claims\"", diagnostics))
          reader.read(*node, claims);
    }
  }
  if (!diagnostics.empty()) return diagnostics.error();
  return claims;
}

}  // namespace bpfmatrix::spec
