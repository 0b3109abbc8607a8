#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "fixture.h"
#include "report/render.h"
#include "schema_check.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json schema() {
  return json::parse(base::read_file(BPFM_SOURCE "/harness/docs/results.schema.json").value());
}
json document() {
  const auto run = fixture_run();
  return json::parse(render_json(run, judge(run)));
}

TEST(ResultsSchema, describes_every_member_of_a_run) {
  EXPECT_THAT(schema_mistakes(schema(), document()), IsEmpty());
}

TEST(ResultsSchema, describes_the_golden) {
  const auto golden = base::read_file(BPFM_TEST_DATA "/short.json");
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_THAT(schema_mistakes(schema(), json::parse(*golden)), IsEmpty());
}

TEST(ResultsSchema, describes_laws) {
  const auto run = fixture_run();
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  auto with_laws = json::parse(render_json(run, judge(run), findings));
  ASSERT_EQ(with_laws["laws"].size(), laws.size());
  EXPECT_THAT(schema_mistakes(schema(), with_laws), IsEmpty());
  with_laws["laws"][0]["points"][0]["verdict"] = "maybe";
  EXPECT_THAT(schema_mistakes(schema(), with_laws), testing::Not(IsEmpty()));
}

TEST(ResultsSchema, describes_a_run_without_cells) {
  const result::RunRecord run;
  EXPECT_THAT(schema_mistakes(schema(), json::parse(render_json(run, judge(run)))), IsEmpty());
}

TEST(ResultsSchema, lists_every_outcome_and_status) {
  const json cell = schema()["$defs"]["cell"]["properties"];
  for (const auto outcome : result::all_outcomes())
    EXPECT_THAT(cell["outcome"]["enum"], Contains(json(name(outcome))));
  EXPECT_EQ(cell["outcome"]["enum"].size(), result::all_outcomes().size());
  for (const auto status : result::all_statuses())
    EXPECT_THAT(schema()["$defs"]["status"]["enum"], Contains(json(name(status))));
}

TEST(ResultsSchema, refuses_what_is_not_as_it_says) {
  const auto mistake = [](auto spoil) {
    json spoilt = document();
    spoil(spoilt);
    const auto mistakes = schema_mistakes(schema(), spoilt);
    return mistakes.empty() ? std::string() : mistakes[0];
  };
  EXPECT_EQ(mistake([](json&) {}), "");
  EXPECT_THAT(mistake([](json& d) { d.erase("run"); }), HasSubstr("no member \"run\""));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0].erase("repro"); }), HasSubstr("/cells/0: no"));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0]["status"] = "GOOD"; }), HasSubstr("enum"));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0]["key"] = "xyz"; }), HasSubstr("match"));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0]["attempts"] = -1; }), HasSubstr("too small"));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0]["mode"]["level"] = 1ull << 32; }),
              HasSubstr("too large"));
  EXPECT_THAT(mistake([](json& d) { d["cells"][0]["flaky"] = "no"; }), HasSubstr("not of type"));
  EXPECT_THAT(mistake([](json& d) { d["run"]["secret"] = 1; }), HasSubstr("not described"));
}

}  // namespace
}  // namespace bpfmatrix::report
