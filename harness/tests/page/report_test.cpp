// `bpfmatrix report --format html` as a person calls it. Needs no page to be built: the template is
// one of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/child_process.h"
#include "base/files.h"
#include "fixture.h"
#include "report/render.h"
#include "result/store.h"

namespace bpfmatrix::report {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kTemplate =
    "<title>@BPFMATRIX_TITLE@</title>\n@BPFMATRIX_RUN@\n@BPFMATRIX_DETAILS@\n@BPFMATRIX_TEXTS@\n";

class PageReport : public testing::Test {
 protected:
  void SetUp() override {
    auto made = base::TemporaryFolder::make(fs::temp_directory_path(), "page_report");
    ASSERT_TRUE(made) << made.error().message;
    folder_.emplace(std::move(*made));
    // The program with the data of the build, but for the page.
    fs::create_directories(path("bin"));
    fs::copy_file(fs::path(BPFM_BUILD) / "bin/bpfmatrix", path("bin/bpfmatrix"));
    fs::create_directories(path("share/bpfmatrix/page"));
    for (const auto& entry : fs::directory_iterator(fs::path(BPFM_BUILD) / "share/bpfmatrix"))
      if (entry.path().filename() != "page")
        fs::create_symlink(entry.path(), path("share/bpfmatrix") / entry.path().filename());
  }

  [[nodiscard]] fs::path path(const char* name) const { return folder_->path() / name; }

  void give_template() {
    ASSERT_TRUE(base::write_file(path("share/bpfmatrix/page/template.html"), kTemplate));
  }

  base::CommandOutput report(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {path("bin/bpfmatrix").string(), "report"});
    base::CommandOptions options;
    options.argv = std::move(arguments);
    options.environment = {{"BPFMATRIX_WORKSPACE", path("workspace").string()}};
    auto ended = base::run_command(options);
    EXPECT_TRUE(ended) << ended.error().message;
    return ended.value_or(base::CommandOutput{});
  }

  // The run in a page's second line.
  static json run_of(const std::string& page) {
    std::istringstream lines(page);
    std::string line;
    std::getline(lines, line);
    std::getline(lines, line);
    return json::parse(line, nullptr, false);
  }

  static void store(result::Store& store, result::RunRecord run, const std::string& id) {
    run.header.id = id;
    run.header.started = "2026-11-2" + id.substr(id.size() - 1) + "T13:15:00Z";
    ASSERT_TRUE(store.begin_run(run));
    std::vector<result::CellResult> results;
    for (uint32_t i = 0; i < run.cells.size(); ++i)
      results.push_back({i, run.cells[i].key, run.cells[i].attempt, false});
    ASSERT_TRUE(store.add(id, results));
    ASSERT_TRUE(store.finish_run(id, "2026-11-29T13:15:00Z"));
  }

 private:
  std::optional<base::TemporaryFolder> folder_;
};

TEST_F(PageReport, the_page_of_a_file_is_written_where_it_is_asked_for) {
  give_template();
  const auto run = fixture_run();
  ASSERT_TRUE(base::write_file(path("results.json"), render_json(run, result::judge(run))));
  const auto out = path("out/report.html");
  const auto ended =
      report({"--from", path("results.json").string(), "--format", "html", "--out", out.string()});
  EXPECT_EQ(ended.status.code, 0) << ended.standard_error;
  EXPECT_EQ(ended.standard_output, "");
  const auto page = base::read_file(out);
  ASSERT_TRUE(page);
  EXPECT_EQ(run_of(*page)["run"]["id"], run.header.id);
  EXPECT_EQ(run_of(*page)["history"], json::array());
}

TEST_F(PageReport, without_a_file_the_page_goes_to_standard_output) {
  give_template();
  const auto run = fixture_run();
  ASSERT_TRUE(base::write_file(path("results.json"), render_json(run, result::judge(run))));
  const auto ended = report({"--from", path("results.json").string(), "--format", "html"});
  EXPECT_EQ(ended.status.code, 0) << ended.standard_error;
  EXPECT_EQ(run_of(ended.standard_output)["run"]["id"], run.header.id);
}

TEST_F(PageReport, the_last_runs_of_the_matrix_are_the_history) {
  give_template();
  {
    auto opened = result::Store::open(path("workspace/results.sqlite"));
    ASSERT_TRUE(opened) << opened.error().message;
    auto changed = fixture_run();
    changed.cells[0].attempt.state = result::AttemptState::timeout;
    store(*opened, changed, "run-1");
    auto other = fixture_run();
    other.header.matrix = "another";
    store(*opened, other, "run-2");
    store(*opened, fixture_run(), "run-3");
    store(*opened, fixture_run(), "run-4");
    store(*opened, fixture_run(), "run-5");
  }
  const auto page = run_of(report({"run-4", "--format", "html"}).standard_output);
  // Neither another matrix's, nor one that came later, nor itself.
  ASSERT_EQ(page["history"].size(), 2U);
  EXPECT_EQ(page["history"][0]["id"], "run-1");
  EXPECT_EQ(page["history"][1]["id"], "run-3");
  const auto first = [](const json& past, const char* texts) {
    return past[texts].get_ref<const std::string&>().substr(0, 1);
  };
  EXPECT_EQ(first(page["history"][0], "letters"), "O");
  EXPECT_EQ(first(page["history"][0], "statuses"), "F");
  EXPECT_EQ(first(page["history"][1], "letters"), "L");
}

TEST_F(PageReport, a_build_without_a_page_says_what_to_install) {
  const auto run = fixture_run();
  ASSERT_TRUE(base::write_file(path("results.json"), render_json(run, result::judge(run))));
  const auto out = path("report.html");
  const auto ended =
      report({"--from", path("results.json").string(), "--format", "html", "--out", out.string()});
  EXPECT_EQ(ended.status.code, 75);
  EXPECT_THAT(ended.standard_error,
              HasSubstr("install nodejs (18 or newer) and npm, then build bpfmatrix again"));
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(PageReport, what_is_no_file_is_not_replaced) {
  give_template();
  const auto run = fixture_run();
  ASSERT_TRUE(base::write_file(path("results.json"), render_json(run, result::judge(run))));
  const auto ended = report(
      {"--from", path("results.json").string(), "--format", "html", "--out", path("bin").string()});
  EXPECT_EQ(ended.status.code, 2);
  EXPECT_TRUE(fs::is_directory(path("bin")));
}

}  // namespace
}  // namespace bpfmatrix::report
