// What a site says of a run, and its badges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fixture.h"
#include "pages.h"
#include "report/badge.h"
#include "report/site_data.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

SiteRun summary_of(const result::RunRecord& run) {
  return summarize_for_site(run, result::judge(run));
}

json data_of(const std::vector<SiteRun>& runs, const std::vector<SiteTable>& tables = {}) {
  const auto page = render_site("@BPFMATRIX_SITE@", runs, tables);
  EXPECT_TRUE(page.has_value());
  return page ? json::parse(*page) : json();
}

// One kernel, and a loaded cell for each number of instructions.
result::RunRecord run_of(const std::vector<uint64_t>& insns) {
  result::RunRecord run;
  run.header.id = "20261126-010203.004-mine";
  run.header.matrix = "mine";
  run.header.finished = "2026-11-26T01:12:03Z";
  run.kernels.push_back({.id = "debian-6.1", .upstream = "6.1.192"});
  run.loaders.push_back({.id = "raw", .kind = "raw"});
  run.programs.push_back({.id = "trivial"});
  for (const auto number : insns) {
    result::CellRecord cell;
    cell.id = fmt::format("debian-6.1/raw/trivial/prog_load:2:{}", run.cells.size());
    cell.attempt.state = result::AttemptState::measured;
    auto& seen = cell.attempt.observation;
    seen.decided_by = result::DecidedBy::kernel;
    seen.duration = std::chrono::milliseconds(run.cells.size() + 1);
    seen.log_tail = fmt::format(
        "processed {} insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
        "mark_read 0\n",
        number);
    run.cells.push_back(std::move(cell));
  }
  return run;
}

TEST(Site, a_kernel_has_the_instructions_and_times_of_its_loaded_cells) {
  auto run = run_of({10, 1000, 30});
  auto rejected = run.cells[1];
  rejected.attempt.observation.error = rejected.attempt.observation.kernel_errno = 13;
  rejected.attempt.observation.verified = true;
  run.cells.push_back(rejected);
  auto silent = run.cells[0];
  silent.attempt.observation.log_tail = "";
  run.cells.push_back(silent);
  const auto kernel = summary_of(run).kernels.at(0);
  EXPECT_EQ(kernel.title, "6.1.192");
  EXPECT_EQ(kernel.measured, 5U);
  EXPECT_EQ(kernel.loaded, 4U);
  EXPECT_EQ(kernel.verified, 3U);
  EXPECT_EQ(kernel.insns_sum, 1040U);
  EXPECT_EQ(kernel.insns_median, 30U);
  EXPECT_EQ(kernel.load_us, 1000U);  // of 1, 2, 3 and 1 ms
}

TEST(Site, a_kernel_that_loaded_nothing_has_no_median_and_not_zero) {
  auto run = run_of({10});
  run.cells[0].attempt = {};
  run.kernels[0].problem = "did not boot";
  const auto summary = summary_of(run);
  EXPECT_FALSE(summary.kernels[0].insns_median);
  EXPECT_FALSE(summary.kernels[0].load_us);
  const auto kernel = data_of({summary})["runs"][0]["kernels"][0];
  EXPECT_TRUE(kernel["insns_median"].is_null());
  EXPECT_TRUE(kernel["load_us"].is_null());
  EXPECT_EQ(kernel["problem"], "did not boot");
}

TEST(Site, numbers_that_a_guest_makes_up_do_not_wrap_round) {
  EXPECT_EQ(summary_of(run_of({UINT64_MAX, 5})).kernels[0].insns_sum, UINT64_MAX);
}

TEST(Site, counts_are_those_of_the_judgement_and_crashes_are_counted) {
  const auto run = fixture_run();
  const auto judgement = result::judge(run);
  const auto laws = fixture_laws();
  const auto findings = law::evaluate(laws, run);
  const auto summary = summarize_for_site(run, judgement, findings);
  EXPECT_EQ(summary.counts, judgement.counts);
  EXPECT_EQ(summary.exit_code, judgement.exit_code);
  EXPECT_EQ(summary.cells, run.cells.size());
  EXPECT_EQ(summary.crashes, 1U);
  EXPECT_EQ(summary.findings, judgement.findings.size() + findings.findings.size());
  const auto data = data_of({summary})["runs"][0];
  EXPECT_EQ(data["counts"]["FAIL"], judgement.counts.at(result::Status::FAIL));
}

TEST(Site, a_long_table_keeps_what_is_unexpected_and_tells_what_it_lost) {
  SiteTable table;
  table.run = "r";
  for (int i = 0; i < 500; ++i) {
    TableRow row{"raw", {TableCell{'L', "", i == 499}}};
    table.table.blocks.push_back({"block " + std::to_string(i), {row}});
  }
  const auto data = data_of({}, {table})["tables"][0];
  EXPECT_EQ(data["blocks"].size(), 400U);
  EXPECT_EQ(data["left_out"], 100);
  EXPECT_EQ(data["blocks"].back()[0], "block 499");
}

TEST(Site, a_line_of_the_legend_without_a_letter_stays_whole) {
  SiteTable table;
  table.table.legend = {"L = loaded", "head, tail = the part of the log that was kept"};
  const auto legend = data_of({}, {table})["tables"][0]["legend"];
  EXPECT_EQ(legend[0], json({"L", "loaded"}));
  EXPECT_EQ(legend[1], json({"", "head, tail = the part of the log that was kept"}));
}

TEST(Site, names_of_files_are_plain_and_never_shared) {
  EXPECT_EQ(file_stem("20261126-010203.004-quick"), "20261126-010203.004-quick");
  std::vector<std::string> texts = hostile_texts();
  for (const char* more :
       {"", ".", "..", "../../etc/passwd", "a/b", "a\\b", "a b", "a_b", ".git", "\0"})
    texts.emplace_back(more);
  texts.emplace_back(300, 'x');
  texts.emplace_back(301, 'x');
  std::set<std::string> stems;
  std::set<std::string> different(texts.begin(), texts.end());
  for (const auto& text : different) {
    const auto stem = file_stem(text);
    EXPECT_THAT(stem, MatchesRegex("[A-Za-z0-9_-][A-Za-z0-9._-]*")) << text;
    EXPECT_LE(stem.size(), 100U);
    stems.insert(stem);
  }
  EXPECT_EQ(stems.size(), different.size());
}

TEST(Site, nothing_of_a_guest_is_markup_in_the_index) {
  auto run = hostile_run();
  for (const auto& text : hostile_texts()) {
    run.header.id = run.header.matrix = run.header.selection = run.header.started = text;
    const auto judgement = result::judge(run);
    const auto page = render_site("@BPFMATRIX_SITE@", {summarize_for_site(run, judgement)},
                                  {{run.header.id, make_table(run, judgement)}});
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->find_first_of("<>&"), std::string::npos);
  }
}

TEST(Site, a_template_without_the_mark_is_refused) {
  EXPECT_FALSE(render_site("<p>", {}, {}));
  EXPECT_FALSE(render_site("@BPFMATRIX_SITE@@BPFMATRIX_SITE@", {}, {}));
}

SiteRun judged(int exit_code, std::map<result::Status, uint32_t> counts) {
  SiteRun run;
  run.finished = "2026-11-26T01:12:03Z";
  run.exit_code = exit_code;
  run.counts = std::move(counts);
  run.kernels.resize(3);
  run.kernels[0].measured = run.kernels[1].measured = 7;
  return run;
}

TEST(Badge, tells_kernels_that_measured_and_what_was_unexpected) {
  using result::Status;
  const auto good = badge_of(judged(0, {{Status::PASS, 9}}));
  EXPECT_EQ(good.label, "bpf compat");
  EXPECT_EQ(good.message, "2 kernels, 0 unexpected");
  EXPECT_EQ(good.color, "brightgreen");
  auto bad = judged(100, {{Status::FAIL, 4}});
  bad.findings = 1;
  EXPECT_EQ(badge_of(bad).message, "2 kernels, 4 unexpected, 1 finding");
  EXPECT_EQ(badge_of(bad).color, "red");
  const auto poor = badge_of(judged(101, {{Status::MISS, 3}, {Status::ERROR, 2}}));
  EXPECT_EQ(poor.message, "2 kernels, 0 unexpected, 5 lost");
  EXPECT_EQ(poor.color, "yellow");
  auto going_on = judged(5, {});
  going_on.finished = "";
  EXPECT_EQ(badge_of(going_on).color, "lightgrey");
}

TEST(Badge, the_svg_says_its_text_to_screen_readers_too) {
  const auto svg = render_badge_svg({"bpf compat", "2 kernels, 0 unexpected", "brightgreen"});
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  EXPECT_THAT(svg, HasSubstr("role=\"img\"\n aria-label=\"bpf compat: 2 kernels, 0 unexpected\""));
  EXPECT_THAT(svg, HasSubstr("<title>bpf compat: 2 kernels, 0 unexpected</title>"));
  EXPECT_THAT(svg, EndsWith("</svg>\n"));
}

TEST(Badge, hostile_text_stays_text) {
  const std::string own = render_badge_svg({"a", "b", "red"});
  const auto count = [](const std::string& text, char c) {
    return std::count(text.begin(), text.end(), c);
  };
  for (const auto& text : hostile_texts()) {
    const auto svg = render_badge_svg({text, text, text});
    // As many elements and attributes as with any other text.
    for (const char c : {'<', '>', '"'}) EXPECT_EQ(count(svg, c), count(own, c)) << text;
    EXPECT_EQ(svg.find('\x1b'), std::string::npos);
    const auto json = json::parse(render_badge_json({text, text, "red"}));
    EXPECT_EQ(json["schemaVersion"], 1);
    EXPECT_TRUE(json["message"].is_string());
  }
}

}  // namespace
}  // namespace bpfmatrix::report
