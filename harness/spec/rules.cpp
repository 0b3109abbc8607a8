#include "spec/rules.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "spec/mapping.h"
#include "spec/mode_sets.h"

namespace bpfmatrix::spec {
namespace {

const std::vector<std::string> kDecidedBy = {"kernel", "library", "unknown"};
const std::vector<std::string> kKept = {"all", "head", "tail", "none"};
const std::vector<std::string> kSelectorKeys = {"kernel",    "loader", "program",
                                                "interface", "level",  "buffer"};

std::vector<std::string> keys_with(std::initializer_list<const char*> more) {
  std::vector<std::string> keys = kSelectorKeys;
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

struct Axes {
  const AxisIds& kernels;
  const AxisIds& loaders;
};

Selector read_selector(const Mapping& rule, const Axes& axes, Diagnostics& diagnostics) {
  Selector selector;
  if (const Node* node = rule.find("kernel"))
    selector.kernels = axes.kernels.read_globs(*node, "\"kernel\"", diagnostics);
  if (const Node* node = rule.find("loader"))
    selector.loaders = axes.loaders.read_globs(*node, "\"loader\"", diagnostics);
  if (const Node* node = rule.find("program")) {
    for (const Node* glob : read_texts(*node, "\"program\"", diagnostics))
      selector.programs.push_back(glob->text);
  }
  if (const Node* node = rule.find("interface"))
    selector.interfaces = read_interfaces(*node, diagnostics);
  if (const Node* node = rule.find("level")) selector.levels = read_levels(*node, diagnostics);
  if (const Node* node = rule.find("buffer")) selector.buffers = read_buffers(*node, diagnostics);
  return selector;
}

bool has_selector(const Mapping& rule) {
  return std::any_of(kSelectorKeys.begin(), kSelectorKeys.end(),
                     [&](const std::string& key) { return rule.find(key) != nullptr; });
}

std::optional<std::string> read_known_errno(const Node& node, Diagnostics& diagnostics) {
  return read_value(node, "\"errno\"", "a name such as ENOSPC, or 0", diagnostics,
                    [](const std::string& text) {
                      return is_known_errno(text) ? std::optional(text) : std::nullopt;
                    });
}

void read_exclusion(const Node& node, const Axes& axes, std::vector<Exclusion>& out,
                    Diagnostics& diagnostics) {
  const auto rule = Mapping::of(node, "an exclusion", keys_with({"reason"}), diagnostics);
  if (!rule) return;
  Exclusion exclusion;
  exclusion.place = node.place;
  exclusion.selector = read_selector(*rule, axes, diagnostics);
  if (!has_selector(*rule) && !node.partial)
    diagnostics.add(node.place,
                    "an exclusion of everything: it needs one of " + listed(kSelectorKeys));
  if (const Node* reason = rule->require("reason")) {
    const std::string* text = read_text(*reason, "\"reason\"", diagnostics);
    if (text != nullptr) exclusion.reason = *text;
  }
  out.push_back(std::move(exclusion));
}

void read_expectation(const Node& node, const Axes& axes, std::vector<Expectation>& out,
                      Diagnostics& diagnostics) {
  const auto rule =
      Mapping::of(node, "an expectation",
                  keys_with({"outcome", "errno", "decided_by", "kept", "reason"}), diagnostics);
  if (!rule) return;
  Expectation expectation;
  expectation.place = node.place;
  expectation.selector = read_selector(*rule, axes, diagnostics);
  bool expects = node.partial;
  if (const Node* value = rule->find("outcome")) {
    expects = true;
    expectation.outcome = read_word(*value, "outcome", known_outcomes(), diagnostics);
  }
  if (const Node* value = rule->find("errno")) {
    expects = true;
    expectation.error = read_known_errno(*value, diagnostics);
  }
  if (const Node* value = rule->find("decided_by")) {
    expects = true;
    expectation.decided_by = read_word(*value, "decided_by", kDecidedBy, diagnostics);
  }
  if (const Node* value = rule->find("kept")) {
    expects = true;
    expectation.kept = read_word(*value, "kept", kKept, diagnostics);
  }
  if (!expects)
    diagnostics.add(node.place,
                    "an expectation of nothing: it needs one of outcome, errno, decided_by, kept");
  if (const Node* reason = rule->find("reason")) {
    const std::string* text = read_text(*reason, "\"reason\"", diagnostics);
    if (text != nullptr) expectation.reason = *text;
  }
  out.push_back(std::move(expectation));
}

bool any_glob_matches(const std::vector<std::string>& globs, const std::string& text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return base::glob_matches(glob, text);
         });
}

template <typename Value>
bool has(const std::vector<Value>& values, const Value& value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool Selector::matches(const std::string& kernel, const std::string& loader,
                       const std::string& program, const LogMode& mode) const {
  return has(levels, mode.level) && has(interfaces, mode.interface) && has(buffers, mode.buffer) &&
         any_glob_matches(kernels, kernel) && any_glob_matches(loaders, loader) &&
         any_glob_matches(programs, program);
}

const std::vector<std::string>& known_outcomes() {
  static const std::vector<std::string> kOutcomes = {"LOADED",
                                                     "VERIFIER_REJECTION",
                                                     "LOG_TRUNCATED",
                                                     "KERNEL_REFUSED",
                                                     "LIBRARY_REFUSED",
                                                     "REFUSED_BY_UNKNOWN",
                                                     "MISSING_BTF",
                                                     "LIBRARY_FALSE_SUCCESS",
                                                     "NOT_EXPRESSIBLE",
                                                     "NOT_MEASURABLE",
                                                     "KERNEL_CRASH",
                                                     "KERNEL_SPLAT",
                                                     "AGENT_CRASH",
                                                     "TIMEOUT",
                                                     "GUEST_OOM",
                                                     "REBOOT",
                                                     "HANG",
                                                     "NOT_RUN"};
  return kOutcomes;
}

bool is_known_errno(const std::string& text) {
  // Numbers without a name are their own name in base/text.h.
  const bool number = text.find_first_not_of("0123456789") == std::string::npos;
  return text == "0" || (!number && base::errno_number(text));
}

const std::vector<std::string>& known_decided_by() {
  return kDecidedBy;
}

const std::vector<std::string>& known_kept() {
  return kKept;
}

std::vector<Exclusion> read_exclusions(const Node* node, const AxisIds& kernels,
                                       const AxisIds& loaders, Diagnostics& diagnostics) {
  std::vector<Exclusion> rules;
  if (node == nullptr) return rules;
  for (const Node* item : read_list(*node, "\"exclude\"", diagnostics))
    read_exclusion(*item, {kernels, loaders}, rules, diagnostics);
  return rules;
}

std::vector<Expectation> read_expectations(const Node* node, const AxisIds& kernels,
                                           const AxisIds& loaders, Diagnostics& diagnostics) {
  std::vector<Expectation> rules;
  if (node == nullptr) return rules;
  for (const Node* item : read_list(*node, "\"expect\"", diagnostics))
    read_expectation(*item, {kernels, loaders}, rules, diagnostics);
  return rules;
}

}  // namespace bpfmatrix::spec
