// pugixml is seen by this file alone.
#include <fmt/core.h>

#include <algorithm>
#include <pugixml.hpp>
#include <string>

#include "report/ci_tests.h"
#include "report/formats.h"
#include "report/inert_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using Result = CiTest::Result;

struct Counts {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(const CiTest& test) {
    ++tests;
    failures += test.result == Result::failed ? 1 : 0;
    errors += test.result == Result::error ? 1 : 0;
    skipped += test.result == Result::skipped ? 1 : 0;
    seconds += test.seconds;
  }
  void add(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    seconds += other.seconds;
  }
};

// The schema takes three decimals at most in a suite's time.
std::string time_text(double seconds) {
  return fmt::format("{:.3f}", seconds);
}

void set(pugi::xml_node node, const char* attribute, const std::string& value) {
  node.append_attribute(attribute).set_value(value.c_str());
}

void set_counts(pugi::xml_node node, const Counts& counts) {
  set(node, "tests", std::to_string(counts.tests));
  set(node, "failures", std::to_string(counts.failures));
  set(node, "errors", std::to_string(counts.errors));
  set(node, "time", time_text(counts.seconds));
}

// Why, and the evidence. GitLab shows the text where there is one and the message otherwise.
void add_reason(pugi::xml_node testcase, const char* element, const CiTest& test) {
  auto node = testcase.append_child(element);
  set(node, "type", test.reason);
  set(node, "message", test.headline);
  if (test.details.empty()) return;
  const std::string text = test.headline + "\n" + join(test.details, "\n") + "\n";
  node.append_child(pugi::node_pcdata).set_value(text.c_str());
}

void add_test(pugi::xml_node suite, const std::string& classname, const CiTest& test) {
  auto testcase = suite.append_child("testcase");
  set(testcase, "name", test.name);
  set(testcase, "classname", classname);
  set(testcase, "time", fmt::format("{:.6f}", test.seconds));
  switch (test.result) {
    case Result::passed:
      if (test.flaky) {
        auto flaky = testcase.append_child("flakyFailure");
        set(flaky, "type", "FLAKY");
        set(flaky, "message", "its attempts disagree; the last one counts");
      }
      break;
    case Result::failed:
      return add_reason(testcase, "failure", test);
    case Result::error:
      return add_reason(testcase, "error", test);
    case Result::skipped:
      return add_reason(testcase, "skipped", test);
  }
}

void add_property(pugi::xml_node properties, const char* name, const std::string& value) {
  if (value.empty()) return;
  auto property = properties.append_child("property");
  set(property, "name", name);
  set(property, "value", inert_line(value));
}

// What Jenkins takes apart at the last dot: package and class.
std::string class_word(std::string_view id) {
  std::string word = inert_name(id);
  std::ranges::replace(word, '.', '_');
  return word;
}

void add_properties(pugi::xml_node node, const result::RunRecord& run, const CiSuite& suite) {
  const auto& kernel = run.kernels[suite.kernel];
  const auto& loader = run.loaders[suite.loader];
  auto properties = node.append_child("properties");
  add_property(properties, "run", run.header.id);
  add_property(properties, "kernel.release", kernel.release);
  add_property(properties, "kernel.source", kernel.source);
  add_property(properties, "kernel.arch", kernel.arch);
  add_property(properties, "kernel.accel", kernel.accel);
  add_property(properties, "kernel.sha256", kernel.sha256);
  add_property(properties, "kernel.problem", kernel.problem);
  add_property(properties, "loader.version", loader.version);
  add_property(properties, "loader.sha256", loader.sha256);
  add_property(properties, "loader.problem", loader.problem);
}

// Counts stand in attributes before the tests that they count: filled in at the end.
Counts add_suite(pugi::xml_node suites, const result::RunRecord& run,
                 const result::Judgement& judgement, const CiSuite& suite) {
  auto node = suites.append_child("testsuite");
  set(node, "name",
      inert_name(run.kernels[suite.kernel].id) + "/" + inert_name(run.loaders[suite.loader].id));
  const std::string classname =
      class_word(run.kernels[suite.kernel].id) + "." + class_word(run.loaders[suite.loader].id);
  add_properties(node, run, suite);
  Counts counts;
  for (const auto i : suite.cells) {
    const auto test = test_of(run, run.cells[i], judgement.verdicts[i]);
    counts.add(test);
    add_test(node, classname, test);
  }
  set_counts(node, counts);
  set(node, "skipped", std::to_string(counts.skipped));
  set(node, "timestamp", inert_line(run.header.started));
  return counts;
}

Counts add_law_suite(pugi::xml_node suites, const std::vector<CiTest>& tests) {
  auto node = suites.append_child("testsuite");
  set(node, "name", "laws");
  Counts counts;
  for (const auto& test : tests) {
    counts.add(test);
    add_test(node, "bpfmatrix.laws", test);
  }
  set_counts(node, counts);
  set(node, "skipped", std::to_string(counts.skipped));
  return counts;
}

class StringWriter : public pugi::xml_writer {
 public:
  void write(const void* data, size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

}  // namespace

std::string render_junit(const result::RunRecord& run, const result::Judgement& judgement,
                         const law::Findings& laws) {
  pugi::xml_document document;
  auto declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  auto suites = document.append_child("testsuites");
  set(suites, "name", "bpfmatrix " + inert_name(run.header.matrix));
  Counts counts;
  for (const auto& suite : suites_of(run)) counts.add(add_suite(suites, run, judgement, suite));
  if (const auto tests = law_tests(run, judgement, laws); !tests.empty())
    counts.add(add_law_suite(suites, tests));
  set_counts(suites, counts);
  StringWriter writer;
  document.save(writer, " ", pugi::format_default, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace bpfmatrix::report
