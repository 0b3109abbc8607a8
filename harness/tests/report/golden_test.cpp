// The report's formats held against files under data/. BPFM_UPDATE_GOLDENS=1 writes them anew; look
// at the difference like at code.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "fixture.h"
#include "report/render.h"
#include "report/summary.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(BPFM_TEST_DATA "/") + name;
  if (const char* update = std::getenv("BPFM_UPDATE_GOLDENS"); update && *update == '1') {
    const auto written = base::write_file(path, text);
    ASSERT_TRUE(written) << written.error().message;
  }
  const auto golden = base::read_file(path);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(text, *golden) << name << " differs; BPFM_UPDATE_GOLDENS=1 writes it anew";
}

Table fixture_table() {
  const auto run = fixture_run();
  return make_table(run, judge(run));
}

TEST(Golden, terminal) {
  expect_golden("terminal.txt", render_terminal(fixture_table(), {}));
}

TEST(Golden, terminal_in_color) {
  expect_golden("terminal-color.txt", render_terminal(fixture_table(), {.color = true}));
}

TEST(Golden, terminal_that_is_narrow) {
  expect_golden("terminal-narrow.txt", render_terminal(fixture_table(), {.width = 60}));
}

TEST(Golden, markdown) {
  expect_golden("report.md", render_markdown(fixture_table()));
}

TEST(Golden, json) {
  const auto run = short_fixture_run();
  expect_golden("short.json", render_json(run, judge(run)));
}

TEST(Golden, laws_below_the_table) {
  const auto run = fixture_run();
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  expect_golden("laws.txt", join(summarize(run, judge(run), findings), "\n") + "\n");
}

TEST(Golden, laws_in_json) {
  const auto run = fixture_run();
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  auto document = nlohmann::ordered_json::parse(render_json(run, judge(run), findings));
  const nlohmann::ordered_json part = {{"laws", document["laws"]},
                                       {"findings", document["run"]["findings"]}};
  expect_golden("laws.json", part.dump(1, ' ', true) + "\n");
}

}  // namespace
}  // namespace bpfmatrix::report
