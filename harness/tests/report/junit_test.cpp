#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "formats_fixture.h"
#include "report/inert_text.h"
#include "xml_document.h"

namespace bpfmatrix::report {
namespace {

using result::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kJenkinsSchema = BPFM_TEST_DATA "/formats/junit-10.xsd";

// "debian-6.1/raw" and the name of a test in it -> the test.
std::map<std::string, XmlElement> tests_of(const XmlDocument& document) {
  std::map<std::string, XmlElement> tests;
  for (const auto& suite : document.root().children("testsuite"))
    for (const auto& test : suite.children("testcase"))
      tests.emplace(suite.attribute("name") + "/" + test.attribute("name"), test);
  return tests;
}

std::string name_of(const result::RunRecord& run, const result::CellRecord& cell) {
  return run.kernels[cell.kernel].id + "/" + run.loaders[cell.loader].id + "/" +
         inert_name(run.programs[cell.program].id + " " + spec::to_text(cell.mode));
}

TEST(JUnit, is_valid_by_the_schema_of_jenkins) {
  EXPECT_THAT(XmlDocument(whole_fixture().render("junit")).mistakes_against(kJenkinsSchema),
              IsEmpty());
  EXPECT_THAT(XmlDocument(empty_fixture().render("junit")).mistakes_against(kJenkinsSchema),
              IsEmpty());
}

TEST(JUnit, is_valid_whatever_a_guest_wrote) {
  const auto fixture = hostile_fixture();
  const XmlDocument document(fixture.render("junit"));
  EXPECT_THAT(document.mistakes_against(kJenkinsSchema), IsEmpty());
  EXPECT_EQ(tests_of(document).count("planted"), 0u);
  size_t cells = 0;
  for (const auto& [name, test] : tests_of(document)) cells += name.starts_with("laws/") ? 0 : 1;
  EXPECT_EQ(cells, fixture.run.cells.size());
}

TEST(JUnit, a_document_that_is_not_valid_is_found) {
  auto text = whole_fixture().render("junit");
  text.replace(text.find("<testcase name="), 15, "<testcase nome=");
  EXPECT_THAT(XmlDocument(text).mistakes_against(kJenkinsSchema), Not(IsEmpty()));
}

TEST(JUnit, each_status_has_its_element) {
  const auto fixture = whole_fixture();
  const XmlDocument document(fixture.render("junit"));
  const auto tests = tests_of(document);
  const std::map<Status, std::string> element = {
      {Status::PASS, ""},       {Status::DONE, ""},      {Status::FAIL, "failure"},
      {Status::ERROR, "error"}, {Status::MISS, "error"}, {Status::SKIP, "skipped"}};
  std::set<Status> met;
  for (size_t i = 0; i < fixture.run.cells.size(); ++i) {
    const auto& verdict = fixture.judgement.verdicts[i];
    const auto at = tests.find(name_of(fixture.run, fixture.run.cells[i]));
    ASSERT_NE(at, tests.end()) << fixture.run.cells[i].id;
    const auto children = at->second.children();
    const auto& wanted = element.at(verdict.status);
    ASSERT_EQ(children.size(), wanted.empty() ? 0u : 1u) << fixture.run.cells[i].id;
    met.insert(verdict.status);
    if (wanted.empty()) continue;
    EXPECT_EQ(children[0].name(), wanted);
    EXPECT_EQ(children[0].attribute("type"), verdict.reason);
    EXPECT_NE(children[0].attribute("message"), "");
  }
  EXPECT_EQ(met.size(), result::all_statuses().size());
}

// What GitLab looks at (docs.gitlab.com, "Unit test reports"): testcases in testsuites, told apart
// by suite, class and name; one of failure, error, skipped; numbers in time.
TEST(JUnit, has_what_gitlab_looks_at) {
  const auto fixture = whole_fixture();
  const XmlDocument document(fixture.render("junit"));
  ASSERT_EQ(document.root().name(), "testsuites");
  std::set<std::string> names;
  for (const auto& suite : document.root().children()) {
    ASSERT_EQ(suite.name(), "testsuite");
    for (const auto& test : suite.children("testcase")) {
      EXPECT_NE(test.attribute("classname"), "");
      EXPECT_GE(std::stod(test.attribute("time")), 0.0);
      EXPECT_LE(test.children("failure").size() + test.children("error").size() +
                    test.children("skipped").size(),
                1u);
      names.insert(suite.attribute("name") + "|" + test.attribute("classname") + "|" +
                   test.attribute("name"));
    }
  }
  EXPECT_EQ(names.size(), std::stoul(document.root().attribute("tests")));
}

TEST(JUnit, counts_what_is_there) {
  const XmlDocument document(whole_fixture().render("junit"));
  size_t all = 0, all_failures = 0;
  for (const auto& suite : document.root().children("testsuite")) {
    size_t failures = 0, errors = 0, skipped = 0;
    const auto tests = suite.children("testcase");
    for (const auto& test : tests) {
      failures += test.children("failure").size();
      errors += test.children("error").size();
      skipped += test.children("skipped").size();
    }
    EXPECT_EQ(suite.attribute("tests"), std::to_string(tests.size()));
    EXPECT_EQ(suite.attribute("failures"), std::to_string(failures));
    EXPECT_EQ(suite.attribute("errors"), std::to_string(errors));
    EXPECT_EQ(suite.attribute("skipped"), std::to_string(skipped));
    all += tests.size();
    all_failures += failures;
  }
  EXPECT_EQ(document.root().attribute("tests"), std::to_string(all));
  EXPECT_EQ(document.root().attribute("failures"), std::to_string(all_failures));
}

TEST(JUnit, a_failure_ends_with_the_command_that_repeats_it) {
  const XmlDocument document(whole_fixture().render("junit"));
  const auto tests = tests_of(document);
  const auto failure =
      tests.at("debian-6.1/libbpf-1.4.6/trivial prog_load:1:4096").children("failure");
  ASSERT_EQ(failure.size(), 1u);
  EXPECT_THAT(failure[0].text(), HasSubstr("expected LOADED, found VERIFIER_REJECTION"));
  EXPECT_THAT(failure[0].text(), HasSubstr("log| second line"));
  EXPECT_THAT(failure[0].text(), HasSubstr("to repeat: bpfmatrix run --no-cache"));
}

TEST(JUnit, a_law_that_is_broken_fails_and_one_that_holds_does_not) {
  const XmlDocument document(whole_fixture().render("junit"));
  const auto tests = tests_of(document);
  const auto child = [&](const std::string& name) {
    const auto children = tests.at(name).children();
    return children.empty() ? std::string() : children[0].name();
  };
  EXPECT_EQ(child("laws/fixed-is-known"), "failure");
  EXPECT_EQ(child("laws/unknown-bits"), "");
  EXPECT_EQ(child("laws/asks-what-nobody-measured"), "skipped");
  EXPECT_EQ(child("laws/findings"), "failure");
  EXPECT_EQ(tests.count("laws/log-rotates"), 0u);  // a feature is no test
}

TEST(JUnit, a_flaky_cell_that_passes_is_told_as_flaky) {
  FormatFixture fixture = whole_fixture();
  fixture.judgement = judge(fixture.run, result::Flaky::pass);
  const XmlDocument document(fixture.render("junit"));
  EXPECT_THAT(document.mistakes_against(kJenkinsSchema), IsEmpty());
  const auto children =
      tests_of(document).at("debian-5.10/raw/long_fault prog_load:2:4096").children();
  ASSERT_EQ(children.size(), 1u);
  EXPECT_EQ(children[0].name(), "flakyFailure");
}

}  // namespace
}  // namespace bpfmatrix::report
