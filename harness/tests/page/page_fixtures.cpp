// page_fixtures TEMPLATE FOLDER: writes the pages that the browser's tests open. The template of a
// site lies beside TEMPLATE.
#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "fixture.h"
#include "law/evaluate.h"
#include "pages.h"
#include "report/html.h"
#include "report/site_data.h"

namespace {

using namespace bpfmatrix;  // NOLINT: a program of its own

// As the fixture came out on other days: a cell that fails now, and one that was not there.
std::vector<report::PastRun> history_of(const result::RunRecord& run) {
  std::vector<report::PastRun> history;
  for (int day = 1; day <= 3; ++day) {
    auto past = report::past_run(run, result::judge(run));
    past.id = fmt::format("2026112{}-010203.004-fixture", day);
    past.started = fmt::format("2026-11-2{}T01:02:03Z", day);
    past.cells.erase(run.cells.front().id);
    history.push_back(std::move(past));
  }
  return history;
}

base::Status write(const std::filesystem::path& page_template, const std::filesystem::path& file,
                   const result::RunRecord& run, const law::Findings& laws = {},
                   const std::vector<report::PastRun>& history = {}) {
  BPFM_TRY(const auto text, base::read_file(page_template));
  BPFM_TRY(const auto page, report::render_html(text, run, result::judge(run), laws, history));
  return base::write_file(file, page);
}

// A matrix over 12 days, another over 2, and what trends leave out: a run of a part, one without an
// end. The newest run has a page.
base::Status write_site(const std::filesystem::path& page_template,
                        const std::filesystem::path& run_template,
                        const std::filesystem::path& folder) {
  std::vector<report::SiteRun> runs;
  std::vector<report::SiteTable> tables;
  for (int day = 14; day > 0; --day) {
    auto run = report::fixture_run();
    run.header.matrix = day % 5 == 0 ? "nightly" : "quick";
    run.header.id = fmt::format("202611{:02}-010203.004-{}", day, run.header.matrix);
    run.header.started = fmt::format("2026-11-{:02}T01:02:03Z", day);
    if (day == 3) run.header.selection = "-k debian-6.1";
    if (day == 4) run.header.finished = "";
    for (auto& cell : run.cells) {
      auto& seen = cell.attempt.observation;
      seen.duration = std::chrono::microseconds(900 + day * 10 + cell.kernel * 200);
      seen.log_tail = fmt::format(
          "processed {} insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
          "mark_read 0\n",
          20 + cell.kernel * 10 + (day > 8 ? 5 : 0));
    }
    const auto judgement = result::judge(run);
    auto sum = report::summarize_for_site(run, judgement);
    if (day == 14) {
      sum.page = "runs/" + report::file_stem(run.header.id) + ".html";
      BPFM_CHECK(write(run_template, folder / sum.page, run));
    }
    if (day == 14 || day == 10)
      tables.push_back({run.header.id, report::make_table(run, judgement)});
    runs.push_back(std::move(sum));
  }
  BPFM_TRY(const auto text, base::read_file(page_template));
  BPFM_TRY(const auto index, report::render_site(text, runs, tables));
  return base::write_file(folder / "index.html", index);
}

// A run for each hostile text, which is whatever it can be of it.
base::Status write_hostile_site(const std::filesystem::path& page_template,
                                const std::filesystem::path& file) {
  auto run = report::hostile_run();
  std::vector<report::SiteRun> runs;
  std::vector<report::SiteTable> tables;
  for (const auto& text : report::hostile_texts()) {
    const auto judgement = result::judge(run);
    auto sum = report::summarize_for_site(run, judgement);
    sum.id = sum.started = sum.accel = sum.program_version = sum.page = text;
    sum.matrix = runs.size() < 3 ? report::hostile_texts().front() : text;
    for (auto& kernel : sum.kernels) kernel.id = kernel.title = kernel.problem = text + kernel.id;
    if (runs.empty()) tables.push_back({sum.id, report::make_table(run, judgement)});
    runs.push_back(std::move(sum));
  }
  runs[1].page = "runs/../../other.html";
  runs[2].page = "runs/x.html?javascript:window.pwned=1";
  for (size_t i = 0; i < 3; ++i) {
    runs[i].selection = "";
    for (auto& kernel : runs[i].kernels) {
      kernel.verified = kernel.loaded = 1;
      kernel.insns_median = kernel.load_us = kernel.insns_sum = 7 + i;
    }
  }
  BPFM_TRY(const auto text, base::read_file(page_template));
  BPFM_TRY(const auto index, report::render_site(text, runs, tables));
  return base::write_file(file, index);
}

base::Status write_all(const std::filesystem::path& page_template,
                       const std::filesystem::path& folder) {
  const auto plain = report::fixture_run();
  const auto laws = report::fixture_laws();
  BPFM_CHECK(write(page_template, folder / "plain.html", plain, law::evaluate(laws, plain),
                   history_of(plain)));
  BPFM_CHECK(write(page_template, folder / "hostile.html", report::hostile_run()));
  BPFM_CHECK(write(page_template, folder / "large.html", report::large_run(10'000)));
  const auto site_template = page_template.parent_path() / "site.html";
  BPFM_CHECK(write_site(site_template, page_template, folder / "site"));
  return write_hostile_site(site_template, folder / "site/hostile.html");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto written = write_all(argv[1], argv[2]);
  if (!written) fmt::print(stderr, "page_fixtures: {}\n", written.error().message);
  return written ? 0 : 1;
}
