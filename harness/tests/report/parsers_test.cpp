// The formats for other programs read back by programs of somebody else: Perl's TAP::Parser, the
// kernel's KTAP parser, veristat, Python's csv, jsonschema, and the Markdown parser that GitHub
// uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "base/child_process.h"
#include "formats_fixture.h"
#include "report/ci_tests.h"
#include "xml_document.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::json;
using result::Status;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kTools = BPFM_TEST_DATA "/formats/";

struct Output {
  int code = -1;
  std::vector<std::string> lines;
  std::string text;  // standard output and standard error, for messages
};

Output run(std::vector<std::string> argv) {
  base::CommandOptions options;
  options.argv = std::move(argv);
  options.timeout = std::chrono::seconds(60);
  const auto output = base::run_command(options);
  if (!output) return {-1, {}, output.error().message};
  Output result{output->status.code, {}, output->standard_output + output->standard_error};
  std::istringstream in(output->standard_output);
  for (std::string line; std::getline(in, line);) result.lines.push_back(line);
  return result;
}

std::string cut(const Output& output) {
  return output.text.substr(0, 2000);
}

// "/debian-6.1/raw/trivial prog_load:1:4096" -> how its cell went.
std::map<std::string, Status> paths_of(const FormatFixture& fixture) {
  std::map<std::string, Status> paths;
  const auto& record = fixture.run;
  for (const auto& suite : suites_of(record))
    for (const auto i : suite.cells) {
      const auto& verdict = fixture.judgement.verdicts[i];
      paths["/" + record.kernels[suite.kernel].id + "/" + record.loaders[suite.loader].id + "/" +
            test_of(record, record.cells[i], verdict).name] = verdict.status;
    }
  return paths;
}

bool counts_as_good(Status status) {
  return status == Status::PASS || status == Status::DONE || status == Status::SKIP;
}

void expect_tap_parser_reads(const FormatFixture& fixture) {
  const TemporaryFile file("results.ktap", fixture.render("ktap"));
  const auto output = run({"perl", kTools + "read_tap.pl", file.path()});
  ASSERT_EQ(output.code, 0) << cut(output);
  auto paths = paths_of(fixture);
  for (const auto& [path, status] : paths)
    EXPECT_THAT(output.lines, Contains(path + "\t" + (counts_as_good(status) ? "ok" : "not ok") +
                                       "\t" + (status == Status::SKIP ? "SKIP" : "-")));
  // Cells, the loaders and kernels above them, laws, and "findings".
  std::set<std::string> all(output.lines.begin(), output.lines.end());
  size_t above = 0;
  for (const auto& line : all) above += std::ranges::count(line, '/') < 3 ? 1 : 0;
  EXPECT_EQ(all.size(), paths.size() + above);
  EXPECT_EQ(all.size(), output.lines.size());
}

TEST(KtapByTapParser, every_cell_is_there_with_its_result) {
  expect_tap_parser_reads(whole_fixture());
}

TEST(KtapByTapParser, a_guest_adds_and_changes_no_test) {
  expect_tap_parser_reads(hostile_fixture());
}

TEST(KtapByTapParser, a_mistake_is_found) {
  auto text = whole_fixture().render("ktap");
  text.replace(text.find("    1..7\n"), 9, "    1..8\n");
  const TemporaryFile file("results.ktap", text);
  EXPECT_NE(run({"perl", kTools + "read_tap.pl", file.path()}).code, 0);
}

// kunit_parser.py of the kernel's source; folder of those tools, empty where they are not there.
void expect_kunit_reads(const FormatFixture& fixture) {
  const std::string tools = BPFM_KERNEL_TOOLS;
  if (tools.empty()) GTEST_SKIP() << "install linux-source-6.1 and configure anew";
  const TemporaryFile file("results.ktap", fixture.render("ktap"));
  const auto output = run({"python3", kTools + "read_ktap.py", tools + "/kunit", file.path()});
  ASSERT_EQ(output.code, 0) << cut(output);
  for (const auto& [path, status] : paths_of(fixture))
    EXPECT_THAT(output.lines, Contains(path + "\t" +
                                       (status == Status::SKIP   ? "SKIPPED"
                                        : counts_as_good(status) ? "SUCCESS"
                                                                 : "FAILURE")));
}

TEST(KtapByTheKernelsParser, every_cell_is_there_with_its_result) {
  expect_kunit_reads(whole_fixture());
}

TEST(KtapByTheKernelsParser, a_guest_changes_no_test) {
  expect_kunit_reads(hostile_fixture());
}

TEST(CsvByVeristat, a_file_compared_with_itself_has_no_difference) {
  const std::string tools = BPFM_KERNEL_TOOLS;
  if (tools.empty()) GTEST_SKIP() << "install linux-source-6.1 and configure anew";
  for (const auto& fixture : {whole_fixture(), hostile_fixture()}) {
    const auto text = fixture.render("csv");
    const TemporaryFile file("results.csv", text);
    const auto output = run({tools + "/veristat", "-C", "-o", "csv", "-e",
                             "file,prog,verdict,insns", file.path(), file.path()});
    ASSERT_EQ(output.code, 0) << cut(output);
    EXPECT_THAT(output.lines, SizeIs(std::ranges::count(text, '\n')));
    ASSERT_GT(output.lines.size(), 10u);
    for (size_t i = 1; i < output.lines.size(); ++i)
      EXPECT_THAT(output.lines[i], HasSubstr(",MATCH,"));
  }
}

TEST(CsvByVeristat, finds_what_changed) {
  const std::string tools = BPFM_KERNEL_TOOLS;
  if (tools.empty()) GTEST_SKIP() << "install linux-source-6.1 and configure anew";
  auto changed = fixture_run();
  for (auto& cell : changed.cells)
    if (cell.id == "debian-6.12/raw/trivial/prog_load:1:4096")
      cell.attempt.observation.log_tail =
          "processed 3 insns (limit 1000000) "
          "max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n";
  const TemporaryFile before("a.csv", whole_fixture().render("csv"));
  const TemporaryFile after("b.csv", FormatFixture(std::move(changed)).render("csv"));
  const auto output = run({tools + "/veristat", "-C", "-o", "csv", "-e", "file,prog,insns",
                           before.path(), after.path()});
  EXPECT_THAT(output.lines,
              Contains("debian-6.12:raw:trivial,trivial:prog_load:1:4096,2,3,+1 (+50.00%)"))
      << cut(output);
}

TEST(CsvByPython, each_row_has_the_cells_of_the_first) {
  for (const auto& fixture : {whole_fixture(), hostile_fixture(), empty_fixture()}) {
    const TemporaryFile file("results.csv", fixture.render("csv"));
    const auto output = run({"python3", kTools + "read_csv.py", file.path()});
    ASSERT_EQ(output.code, 0) << cut(output);
    EXPECT_EQ(output.lines[0],
              "file_name\tprog_name\tverdict\tduration\ttotal_insns\ttotal_states\tpeak_states");
  }
}

void expect_kcidb(const std::string& document, int code) {
  const TemporaryFile file("results.json", document);
  const auto output =
      run({"python3", kTools + "check_kcidb.py", kTools + "kcidb-5.0.schema.json", file.path()});
  EXPECT_EQ(output.code, code) << cut(output);
  EXPECT_THAT(output.text, HasSubstr("checked by jsonschema"));
}

TEST(KcidbByJsonschema, a_run_is_valid) {
  expect_kcidb(whole_fixture().render("kcidb"), 0);
  expect_kcidb(empty_fixture().render("kcidb"), 0);
}

TEST(KcidbByJsonschema, a_run_is_valid_whatever_a_guest_wrote) {
  expect_kcidb(hostile_fixture().render("kcidb"), 0);
}

TEST(KcidbByJsonschema, a_mistake_is_found) {
  auto document = json::parse(whole_fixture().render("kcidb"));
  document["tests"][0]["status"] = "GOOD";
  expect_kcidb(document.dump(), 1);
}

TEST(KcidbByJsonschema, every_cell_has_its_status_and_what_it_refers_to) {
  const auto fixture = hostile_fixture();
  const auto document = json::parse(fixture.render("kcidb"));
  std::set<std::string> checkouts, builds, tests;
  for (const auto& checkout : document["checkouts"]) checkouts.insert(checkout["id"]);
  for (const auto& build : document["builds"]) {
    builds.insert(build["id"]);
    EXPECT_THAT(checkouts, Contains(build["checkout_id"]));
  }
  EXPECT_THAT(builds, SizeIs(fixture.run.kernels.size()));
  for (size_t i = 0; i < document["tests"].size(); ++i) {
    const auto& test = document["tests"][i];
    EXPECT_THAT(builds, Contains(test["build_id"]));
    EXPECT_TRUE(tests.insert(test["id"]).second) << "twice: " << test["id"];
    if (i < fixture.run.cells.size()) {
      EXPECT_EQ(test["misc"]["bpfmatrix"]["cell"], fixture.run.cells[i].id);
      EXPECT_EQ(test["status"], name(fixture.judgement.verdicts[i].status));
    }
  }
  EXPECT_GT(tests.size(), fixture.run.cells.size());  // laws
}

void collect(const XmlElement& element, std::map<std::string, size_t>& counts) {
  ++counts[element.name()];
  for (const auto& child : element.children()) collect(child, counts);
}

TEST(SummaryByCmark, is_headings_lists_and_tables_whatever_a_guest_wrote) {
  for (const auto& fixture : {whole_fixture(), hostile_fixture()}) {
    const auto table = make_table(fixture.run, fixture.judgement, fixture.findings);
    const TemporaryFile file("summary.md", fixture.render("github-summary"));
    const auto output = run({"cmark-gfm", "-e", "table", "-e", "autolink", "-e", "strikethrough",
                             "-e", "tasklist", "--to", "xml", file.path()});
    ASSERT_EQ(output.code, 0) << cut(output);
    // The document type that it names is not there.
    const XmlDocument document(output.text.substr(output.text.find("<document")));
    ASSERT_THAT(document.mistakes(), IsEmpty());
    std::map<std::string, size_t> counts;
    collect(document.root(), counts);
    for (const char* harmful : {"link", "image", "html_block", "html_inline", "code_block", "code"})
      EXPECT_EQ(counts[harmful], 0u) << harmful;
    size_t rows = 0;
    for (const auto& block : table.blocks) rows += block.rows.size();
    EXPECT_EQ(counts["heading"], 1 + table.blocks.size());
    EXPECT_EQ(counts["table"], table.blocks.size());
    EXPECT_EQ(counts["table_row"], rows);
    EXPECT_EQ(counts["table_cell"], (rows + table.blocks.size()) * (1 + table.columns.size()));
  }
}

}  // namespace
}  // namespace bpfmatrix::report
