#include "report/cell_text.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using result::AttemptState;
using result::DecidedBy;
using result::Observation;
using result::Outcome;

constexpr std::array<std::pair<char, std::string_view>, 17> kLegend = {{
    {'L', "loaded"},
    {'R', "rejected by the verifier (EACCES unless noted)"},
    {'T', "ENOSPC, the log did not fit"},
    {'E', "refused without verification, by kernel or library"},
    {'M', "the library found no kernel BTF that it can read"},
    {'F', "the library said success, but the program is not loaded"},
    {'X', "this loader cannot express it"},
    {'-', "the true size of the log could not be measured"},
    {'C', "the kernel crashed"},
    {'W', "the kernel complained (WARNING, KASAN, lockdep ...) and lived"},
    {'A', "the loader process died"},
    {'H', "the machine went silent"},
    {'O', "took longer than its limit"},
    {'G', "the guest ran out of memory"},
    {'B', "the machine started anew"},
    {'S', "skipped"},
    {'?', "not run"},
}};

char letter_of(Outcome outcome, AttemptState state) {
  switch (outcome) {
    case Outcome::LOADED:
      return 'L';
    case Outcome::VERIFIER_REJECTION:
      return 'R';
    case Outcome::LOG_TRUNCATED:
      return 'T';
    case Outcome::KERNEL_REFUSED:
    case Outcome::LIBRARY_REFUSED:
    case Outcome::REFUSED_BY_UNKNOWN:
      return 'E';
    case Outcome::MISSING_BTF:
      return 'M';
    case Outcome::LIBRARY_FALSE_SUCCESS:
      return 'F';
    case Outcome::NOT_EXPRESSIBLE:
      return 'X';
    case Outcome::NOT_MEASURABLE:
      return '-';
    case Outcome::KERNEL_CRASH:
      return 'C';
    case Outcome::KERNEL_SPLAT:
      return 'W';
    case Outcome::AGENT_CRASH:
      return 'A';
    case Outcome::HANG:
      return 'H';
    case Outcome::TIMEOUT:
      return 'O';
    case Outcome::GUEST_OOM:
      return 'G';
    case Outcome::REBOOT:
      return 'B';
    case Outcome::NOT_RUN:
      break;
  }
  const bool skipped = state == AttemptState::filtered || state == AttemptState::loader_unavailable;
  return skipped ? 'S' : '?';
}

// Was a log asked for that can be looked at? An object load's own buffer cannot.
bool log_was_asked_for(const spec::LogMode& mode) {
  using Kind = spec::Buffer::Kind;
  return mode.buffer.kind == Kind::relative ||
         (mode.buffer.kind == Kind::fixed && mode.buffer.value > 0);
}

std::string detail_of(Outcome outcome, const Observation& seen, const spec::LogMode& mode) {
  switch (outcome) {
    case Outcome::LOG_TRUNCATED:
      return std::string(name(seen.kept));
    case Outcome::VERIFIER_REJECTION:
      return log_was_asked_for(mode) ? std::string(name(seen.kept)) : std::string();
    case Outcome::KERNEL_REFUSED:
      return "kernel";
    case Outcome::LIBRARY_REFUSED:
      return "library";
    case Outcome::REFUSED_BY_UNKNOWN:
      return "unknown";
    default:
      return {};
  }
}

// The errno by name and who gave it: "EINVAL from bpf()".
std::string error_text(const Observation& seen) {
  const std::string api = seen.error == 0 ? "success" : base::errno_name(seen.error);
  switch (seen.decided_by) {
    case DecidedBy::library:
      return api + ", no bpf() call was made";
    case DecidedBy::unknown:
      return api + ", bpf() calls could not be recorded";
    case DecidedBy::kernel:
      break;
  }
  if (seen.kernel_errno == seen.error) return api + " from bpf()";
  if (seen.kernel_errno == 0) return api + ", although bpf() had succeeded";
  return fmt::format("{} after {} from bpf()", api, base::errno_name(seen.kernel_errno));
}

// The errno that the letter stands for already, given by the kernel; 0: it stands for none.
int usual_error(Outcome outcome) {
  switch (outcome) {
    case Outcome::VERIFIER_REJECTION:
      return EACCES;
    case Outcome::LOG_TRUNCATED:
      return ENOSPC;
    default:
      return 0;
  }
}

void add_measured_notes(Outcome outcome, const Observation& seen, std::vector<std::string>& notes) {
  const bool says_it_all =
      outcome == Outcome::MISSING_BTF ||
      (outcome == Outcome::LIBRARY_FALSE_SUCCESS && seen.decided_by == DecidedBy::library);
  const int usual = usual_error(outcome);
  const bool is_usual =
      seen.decided_by == DecidedBy::kernel && seen.error == usual && seen.kernel_errno == usual;
  if (!says_it_all && !is_usual) notes.push_back(error_text(seen));
  if (seen.overrun != 0)
    notes.push_back(fmt::format("{} byte{} written past the buffer", seen.overrun,
                                seen.overrun == 1 ? "" : "s"));
}

// Why a cell was not measured, in words; the note or the axis's problem says the rest.
std::string_view words_for(AttemptState state) {
  switch (state) {
    case AttemptState::protocol:
      return "the guest broke the wire format";
    case AttemptState::boot_fail:
      return "the kernel did not boot";
    case AttemptState::qemu_crash:
      return "QEMU died";
    case AttemptState::accel_broken:
      return "the accelerator does not work";
    case AttemptState::no_space:
      return "the disk is full";
    case AttemptState::image_unavailable:
      return "the kernel cannot be had";
    case AttemptState::bad_image:
      return "the kernel image is broken";
    case AttemptState::loader_unavailable:
      return "the loader cannot be had";
    case AttemptState::loader_build:
      return "the loader could not be built";
    case AttemptState::loader_error:
      return "the loader failed";
    case AttemptState::not_reached:
      return "the run ended before";
    default:
      return {};
  }
}

void add_unmeasured_note(const result::RunRecord& run, const result::CellRecord& cell,
                         std::vector<std::string>& notes) {
  const auto state = cell.attempt.state;
  const bool of_the_loader =
      state == AttemptState::loader_unavailable || state == AttemptState::loader_build;
  std::string why = of_the_loader ? run.loaders[cell.loader].problem : cell.attempt.note;
  if (why.empty()) why = of_the_loader ? cell.attempt.note : run.kernels[cell.kernel].problem;
  std::string text(words_for(state));
  if (!text.empty() && !why.empty()) text += ": ";
  text += why;
  if (!text.empty()) notes.push_back(single_line(text));
}

}  // namespace

CellText cell_text(const result::RunRecord& run, const result::CellRecord& cell,
                   const result::Verdict& verdict) {
  const auto& attempt = cell.attempt;
  CellText text;
  text.letter = letter_of(verdict.outcome, attempt.state);
  text.unexpected = verdict.status == result::Status::FAIL;
  if (attempt.state == AttemptState::measured) {
    text.detail = detail_of(verdict.outcome, attempt.observation, cell.mode);
    add_measured_notes(verdict.outcome, attempt.observation, text.notes);
  } else {
    add_unmeasured_note(run, cell, text.notes);
  }
  if (cell.flaky) text.notes.emplace_back("flaky: its attempts disagree, the last is shown");
  return text;
}

std::string legend_line(char letter) {
  for (const auto& [known, words] : kLegend)
    if (known == letter) return fmt::format("{} = {}", letter, words);
  return {};
}

std::string_view all_letters() {
  static const std::string letters = [] {
    std::string all;
    for (const auto& [letter, words] : kLegend) all += letter;
    return all;
  }();
  return letters;
}

}  // namespace bpfmatrix::report
