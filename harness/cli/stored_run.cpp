#include "cli/stored_run.h"

#include <filesystem>
#include <utility>

#include "cli/results_file.h"
#include "cli/stored_laws.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

base::Status hold_laws(StoredRun& stored, bool foreign) {
  if (stored.run.laws.empty()) return {};
  BPFM_TRY(const auto data, image::find_data_folder());
  BPFM_TRY(auto laws, read_stored_laws(stored.run.laws, data, foreign));
  stored.laws = std::move(laws.laws);
  stored.findings = law::evaluate(stored.laws, stored.run);
  for (auto& lost : laws.lost) stored.findings.findings.push_back(std::move(lost));
  stored.judgement.exit_code = law::exit_code(stored.judgement.exit_code, stored.findings);
  return {};
}

}  // namespace

base::Result<StoredRun> read_run(const image::Workspace& workspace, const std::string& name,
                                 result::Flaky flaky) {
  if (!std::filesystem::exists(workspace.results()))
    return base::fail(
        base::ErrorKind::invalid_input,
        "{}: no run was made in this workspace yet; start one with: bpfmatrix run quick",
        workspace.results().string());
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  StoredRun stored;
  BPFM_TRY(stored.run, store.read(name));
  stored.judgement = result::judge(stored.run, flaky);
  BPFM_CHECK(hold_laws(stored, false));
  return stored;
}

void add_run_choice(CLI::App& command, RunChoice& choice) {
  auto* run = command.add_option("RUN", choice.run, "Id, the beginning of one, or latest")
                  ->capture_default_str();
  command
      .add_option("--from", choice.file,
                  "A file of bpfmatrix export, plain or compressed (xz, zst, gz), instead of RUN")
      ->excludes(run);
  add_flaky(command, choice.flaky);
}

void add_flaky(CLI::App& command, result::Flaky& flaky) {
  command
      .add_option_function<std::string>(
          "--flaky",
          [&flaky](const std::string& text) {
            flaky = text == "pass" ? result::Flaky::pass : result::Flaky::fail;
          },
          "What a cell is whose attempts disagree: a failure, or what its last attempt says")
      ->check(CLI::IsMember({"fail", "pass"}))
      ->default_str("fail");
}

base::Result<StoredRun> read_run(const image::Workspace& workspace, const RunChoice& choice) {
  if (choice.file.empty()) return read_run(workspace, choice.run, choice.flaky);
  StoredRun stored;
  BPFM_TRY(stored.run, read_results_file(choice.file));
  stored.judgement = result::judge(stored.run, choice.flaky);
  BPFM_CHECK(hold_laws(stored, true));
  return stored;
}

}  // namespace bpfmatrix::cli
