#include <fmt/core.h>

#include <iterator>
#include <optional>
#include <string>

#include "report/formats.h"
#include "report/inert_text.h"

namespace bpfmatrix::report {
namespace {

using result::Outcome;

// The columns that veristat writes by default for people, which every veristat from Linux 6.1 on
// reads. It refuses a header with a column that it does not know, so none of the newer ones.
constexpr std::string_view kHeader =
    "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states\n";

// veristat splits at commas and knows no quotes; "/" splits its filters into file and program.
std::string csv_word(std::string_view raw) {
  std::string word = inert_name(raw);
  for (char& c : word)
    if (c == ',' || c == ' ' || c == '/') c = '_';
  return word;
}

// veristat's word for what the load of a program came to; nothing where no program was verified: to
// call that a failure would make one of a library's refusal.
std::optional<std::string_view> verdict_of(const result::CellRecord& cell, Outcome outcome) {
  const bool program = cell.mode.interface == spec::Interface::prog_load ||
                       cell.mode.interface == spec::Interface::object_load;
  if (!program || cell.attempt.state != result::AttemptState::measured) return std::nullopt;
  switch (outcome) {
    case Outcome::LOADED:
      return "success";
    case Outcome::VERIFIER_REJECTION:
    case Outcome::LOG_TRUNCATED:
      return "failure";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string render_veristat_csv(const result::RunRecord& run, const result::Judgement& judgement) {
  std::string out(kHeader);
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& cell = run.cells[i];
    const auto verdict = verdict_of(cell, judgement.verdicts[i].outcome);
    if (!verdict) continue;
    const auto& seen = cell.attempt.observation;
    const auto& log = seen.log_tail.empty() ? seen.log_head : seen.log_tail;
    // 0 for what the log does not tell, as in veristat's own files: a column must not be empty.
    const auto told = result::parse_verification(log.str()).value_or(result::Verification{});
    const auto& program = run.programs[cell.program];
    const auto& function = program.function.empty() ? program.id : program.function;
    fmt::format_to(std::back_inserter(out), "{}:{}:{},{}:{},{},{},{},{},{}\n",
                   csv_word(run.kernels[cell.kernel].id), csv_word(run.loaders[cell.loader].id),
                   csv_word(program.id), csv_word(function), csv_word(spec::to_text(cell.mode)),
                   *verdict, told.time_us.value_or(0), told.insns, told.states, told.peak_states);
  }
  return out;
}

}  // namespace bpfmatrix::report
