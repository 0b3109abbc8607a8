#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/docs_folder.h"
#include "cli/stored_run.h"
#include "compat/pages.h"
#include "law/evaluate.h"
#include "spec/claim.h"

namespace bpfmatrix::cli {
namespace {

struct Options {
  RunChoice choice;
  std::string out;
  bool laws_only = false;
};

// Those that the run's matrix read from elsewhere. A run may come from another machine: laws that
// are not here any more have no page.
void add_own_laws(const result::RunRecord& run, std::vector<spec::Law>& laws) {
  std::vector<std::filesystem::path> files;
  for (const auto& name : run.laws)
    if (spec::names_law_file(name)) files.emplace_back(name);
  if (files.empty()) return;
  const auto own = spec::read_own_laws(files, laws);
  if (own)
    laws.insert(laws.end(), own->begin(), own->end());
  else
    fmt::print(stderr, "bpfmatrix: without the matrix's own laws: {}\n", own.error().message);
}

base::Result<std::vector<compat::Page>> pages_of_run(Context& context, const Options& options,
                                                     const image::DataFolder& data) {
  BPFM_TRY(auto laws, spec::read_laws(data.laws()));
  BPFM_TRY(const auto claims, spec::read_claims(data.laws() / "claims/claims.yaml", laws));
  BPFM_TRY(const auto stored, read_run(context.open_workspace(), options.choice));
  if (options.choice.file.empty()) add_own_laws(stored.run, laws);
  auto findings = law::evaluate(laws, stored.run);
  // Every law has a page; what was found, and how many hold, is told of those that the run names.
  findings.findings = stored.findings.findings;
  for (const auto count : {&law::Findings::holds, &law::Findings::broken, &law::Findings::excepted,
                           &law::Findings::undecided, &law::Findings::not_exercised})
    findings.*count = stored.findings.*count;
  return compat::make_pages({stored.run, stored.judgement, laws, findings, claims});
}

base::Result<std::vector<compat::Page>> pages_of_laws(const image::DataFolder& data) {
  BPFM_TRY(const auto laws, spec::read_laws(data.laws()));
  return compat::make_statement_pages(laws);
}

void write_docs(Context& context, const Options& options) {
  const auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto pages =
      options.laws_only ? pages_of_laws(*data) : pages_of_run(context, options, *data);
  if (!pages) return context.fail(pages.error());
  const auto written = write_pages(options.out, *pages);
  if (!written) return context.fail(written.error());
  fmt::print("{} pages in {}, {} removed\n", pages->size(), options.out, *written);
}

}  // namespace

void add_docs(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("docs", "Write compatibility docs (Markdown, compat.json) of a run");
  command->footer("Example: bpfmatrix docs --from results.json.xz --out compat");
  auto options = std::make_shared<Options>();
  add_run_choice(*command, options->choice);
  command->add_option("--out", options->out, "Folder for the pages; earlier ones are replaced")
      ->required();
  command->add_flag("--laws", options->laws_only,
                    "Only what the law files say, without a run: laws.md and laws/");
  command->callback([&context, options] { write_docs(context, *options); });
}

}  // namespace bpfmatrix::cli
