#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/html_report.h"
#include "cli/site_folder.h"
#include "cli/stored_run.h"
#include "report/badge.h"
#include "report/site_data.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  std::string out;
  std::string matrix;
  uint32_t last = 60;
  uint32_t pages = 10;
  result::Flaky flaky = result::Flaky::fail;
};

std::string page_name(const std::string& run) {
  return "runs/" + report::file_stem(run) + ".html";
}

std::string badge_name(const std::string& matrix, const char* ending) {
  return "badges/" + report::file_stem(matrix) + ending;
}

// Newest first.
base::Result<std::vector<result::RunHeader>> runs_of(const image::Workspace& workspace,
                                                     const Options& options) {
  if (!std::filesystem::exists(workspace.results())) return std::vector<result::RunHeader>();
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(auto headers, store.list());
  std::erase_if(headers, [&](const result::RunHeader& header) {
    return !options.matrix.empty() && header.matrix != options.matrix;
  });
  headers.resize(std::min<size_t>(headers.size(), options.last));
  return headers;
}

// What the index is made of. Of a run that was summed up nothing else is kept.
struct Site {
  std::vector<report::SiteRun> runs;      // newest first
  std::vector<report::SiteTable> tables;  // of the newest run of each matrix
};

base::Status write_page(const image::Workspace& workspace, const Options& options,
                        const StoredRun& stored, SiteFolder& folder) {
  const auto& header = stored.run.header;
  const auto name = page_name(header.id);
  if (folder.has_final(name)) return {};
  RunChoice choice;
  choice.run = header.id;
  choice.flaky = options.flaky;
  BPFM_TRY(const auto page, html_report(workspace, choice, stored));
  return folder.write(name, page, !header.finished.empty());
}

base::Status add_run(const image::Workspace& workspace, const Options& options,
                     const StoredRun& stored, SiteFolder& folder, Site& site) {
  const auto& header = stored.run.header;
  auto sum = report::summarize_for_site(stored.run, stored.judgement, stored.findings);
  const bool first =
      std::ranges::find(site.runs, header.matrix, &report::SiteRun::matrix) == site.runs.end();
  if (first)
    site.tables.push_back(
        {header.id, report::make_table(stored.run, stored.judgement, stored.findings)});
  if (site.runs.size() < options.pages) {
    BPFM_CHECK(write_page(workspace, options, stored, folder));
    sum.page = page_name(header.id);
  }
  site.runs.push_back(std::move(sum));
  return {};
}

// The newest run that says the most of its matrix: with an end and of all of it, else with an end.
base::Status write_badges(const Site& site, SiteFolder& folder) {
  std::map<std::string, const report::SiteRun*> of;
  const auto rank = [](const report::SiteRun& run) {
    return run.finished.empty() ? 0 : run.selection.empty() ? 2 : 1;
  };
  for (const auto& run : site.runs) {
    const auto [at, added] = of.try_emplace(run.matrix, &run);
    if (!added && rank(run) > rank(*at->second)) at->second = &run;
  }
  for (const auto& [matrix, run] : of) {
    const auto badge = report::badge_of(*run);
    BPFM_CHECK(folder.write(badge_name(matrix, ".svg"), report::render_badge_svg(badge)));
    BPFM_CHECK(folder.write(badge_name(matrix, ".json"), report::render_badge_json(badge)));
  }
  return {};
}

std::vector<std::string> names_of(const std::vector<result::RunHeader>& headers, uint32_t pages) {
  std::vector<std::string> names = {"index.html"};
  for (size_t i = 0; i < headers.size(); ++i) {
    if (i < pages) names.push_back(page_name(headers[i].id));
    for (const char* ending : {".svg", ".json"})
      names.push_back(badge_name(headers[i].matrix, ending));
  }
  return names;
}

// Pages and badges come before the index that names them, and what it named before goes last:
// whenever this ends early, no link of the index leads nowhere.
base::Status write_site(const image::Workspace& workspace, const Options& options,
                        const std::vector<result::RunHeader>& headers, Site& site) {
  BPFM_TRY(const auto data, image::find_data_folder());
  const auto page_template = base::read_file(data.root / "page/site.html");
  if (!page_template) return no_page_here();
  BPFM_TRY(auto folder, SiteFolder::open(options.out));
  BPFM_CHECK(folder.claim(names_of(headers, options.pages)));
  for (const auto& header : headers) {
    const auto stored = read_run(workspace, header.id, options.flaky);
    if (!stored) {
      fmt::print(stderr, "bpfmatrix: the site goes without a run: {}\n",
                 base::printable(stored.error().message));
      continue;
    }
    BPFM_CHECK(add_run(workspace, options, *stored, folder, site));
  }
  if (site.runs.empty())
    return base::fail(base::ErrorKind::invalid_input, "none of {} runs can be read",
                      headers.size());
  BPFM_CHECK(write_badges(site, folder));
  BPFM_TRY(const auto index, report::render_site(*page_template, site.runs, site.tables));
  BPFM_CHECK(folder.write("index.html", index));
  std::vector<std::string> pages;
  for (const auto& run : site.runs)
    if (!run.page.empty()) pages.push_back(run.page);
  return folder.keep_pages(pages);
}

void make_site(Context& context, const Options& options) {
  const auto workspace = context.open_workspace();
  const auto headers = runs_of(workspace, options);
  if (!headers) return context.fail(headers.error());
  if (headers->empty()) {
    fmt::print(stderr, "bpfmatrix: there is no run{}\n",
               options.matrix.empty() ? "" : " of matrix " + options.matrix);
    context.exit_code = kNothingSelected;
    return;
  }
  Site site;
  const auto written = write_site(workspace, options, *headers, site);
  if (!written) return context.fail(written.error());
  const auto pages = std::ranges::count_if(
      site.runs, [](const report::SiteRun& run) { return !run.page.empty(); });
  fmt::print(stderr, "bpfmatrix: {} runs, {} with a page: {}\n", site.runs.size(), pages,
             (std::filesystem::path(options.out) / "index.html").string());
}

}  // namespace

void add_site(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "site", "Write the runs that are kept as a site: an index with trends, pages, badges");
  command->footer("Example: bpfmatrix site --out public --matrix nightly");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--out", options->out,
                   "The folder to write into; files in it that it did not write stay as they are")
      ->required();
  command->add_option("--matrix", options->matrix, "Only runs of the matrix of this name");
  command->add_option("--last", options->last, "At most so many runs, the newest")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--pages", options->pages, "Pages for so many of them, the newest")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_flaky(*command, options->flaky);
  command->callback([&context, options] { make_site(context, *options); });
}

}  // namespace bpfmatrix::cli
