// page_fixtures TEMPLATE FOLDER: writes the pages that the browser's tests open.
#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "fixture.h"
#include "law/evaluate.h"
#include "pages.h"
#include "report/html.h"

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

base::Status write_all(const std::filesystem::path& page_template,
                       const std::filesystem::path& folder) {
  const auto plain = report::fixture_run();
  const auto laws = report::fixture_laws();
  BPFM_CHECK(write(page_template, folder / "plain.html", plain, law::evaluate(laws, plain),
                   history_of(plain)));
  BPFM_CHECK(write(page_template, folder / "hostile.html", report::hostile_run()));
  return write(page_template, folder / "large.html", report::large_run(10'000));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto written = write_all(argv[1], argv[2]);
  if (!written) fmt::print(stderr, "page_fixtures: {}\n", written.error().message);
  return written ? 0 : 1;
}
