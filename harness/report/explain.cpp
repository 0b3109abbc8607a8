#include "report/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "report/repro.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using result::AttemptState;
using result::CellRecord;
using result::DecidedBy;
using result::Observation;
using result::Outcome;
using result::RunRecord;
using result::Verdict;

constexpr size_t kMostCalls = 12;
constexpr size_t kColumns = 100;

std::string text(std::string_view raw) {
  return base::printable(single_line(raw));
}

std::string asked(const spec::LogMode& mode) {
  using spec::Interface;
  std::string what;
  switch (mode.interface) {
    case Interface::prog_load:
      what = "load the program by itself";
      break;
    case Interface::object_load:
      what = "open and load the whole object with this program on";
      break;
    case Interface::btf_load:
      what = "load the object's BTF";
      break;
    case Interface::map_create:
      what = "create an array map";
      break;
    case Interface::kernel_btf:
      return "read the running kernel's BTF";
  }
  what += fmt::format(", log level {}", mode.level);
  switch (mode.buffer.kind) {
    case spec::Buffer::Kind::none:
      what += mode.interface == Interface::object_load ? ", the library's own log buffer"
                                                       : ", no log buffer";
      break;
    case spec::Buffer::Kind::null:
      what += fmt::format(", no log buffer but a size of {} bytes", mode.buffer.value);
      break;
    case spec::Buffer::Kind::fixed:
      what += fmt::format(", a log buffer of {}", base::format_bytes(mode.buffer.value));
      break;
    case spec::Buffer::Kind::relative:
      what += fmt::format(", a log buffer of {} (the log's true size and its neighbours)",
                          spec::to_text(mode.buffer));
      break;
  }
  for (const auto& [key, value] : mode.extra) what += fmt::format(", {}={}", key, value);
  return what;
}

std::string call_text(const result::Call& call) {
  const std::string came = call.error == 0 ? "success" : base::errno_name(call.error);
  return fmt::format("{}: level {}, log size {}, attr {} bytes: {}{}", result::command_name(call.cmd),
                     call.level, base::format_bytes(call.size), call.attr_size, came,
                     call.measured  ? "   <- the call that was to be measured"
                     : call.probe ? "   (a probe of the library)"
                                  : "");
}

std::string who_answered(const Observation& seen) {
  const std::string api = seen.error == 0 ? "success" : base::errno_name(seen.error);
  switch (seen.decided_by) {
    case DecidedBy::kernel:
      if (seen.kernel_errno == seen.error) return fmt::format("the kernel: {}", api);
      return fmt::format("the kernel said {}, the library passed on {}",
                         seen.kernel_errno == 0 ? "success" : base::errno_name(seen.kernel_errno),
                         api);
    case DecidedBy::library:
      return fmt::format("the library: {}; the call that was to be measured was never made", api);
    case DecidedBy::unknown:
      break;
  }
  return fmt::format("{}, but by whom is not known: bpf() calls could not be recorded", api);
}

const char* meaning(Outcome outcome) {
  switch (outcome) {
    case Outcome::LOADED:
      return "the kernel took it";
    case Outcome::VERIFIER_REJECTION:
      return "the verifier looked at the program and said no";
    case Outcome::LOG_TRUNCATED:
      return "the log did not fit into the buffer; the load fails for that alone, whatever the "
             "program is";
    case Outcome::KERNEL_REFUSED:
      return "the kernel refused the call before it looked at the program";
    case Outcome::LIBRARY_REFUSED:
      return "the library refused by itself";
    case Outcome::REFUSED_BY_UNKNOWN:
      return "it was refused, and nothing tells by whom";
    case Outcome::MISSING_BTF:
      return "the library found no BTF of the kernel that it can read";
    case Outcome::LIBRARY_FALSE_SUCCESS:
      return "the library said success, but nothing is loaded";
    case Outcome::NOT_EXPRESSIBLE:
      return "this loader cannot say it";
    case Outcome::NOT_MEASURABLE:
      return "the true size of the log could not be found";
    case Outcome::KERNEL_CRASH:
      return "the kernel died under it";
    case Outcome::KERNEL_SPLAT:
      return "the kernel complained under it and lived; what the load came to is not believed";
    case Outcome::AGENT_CRASH:
      return "the loader process died under it";
    case Outcome::TIMEOUT:
      return "it took longer than its limit";
    case Outcome::GUEST_OOM:
      return "the guest ran out of memory under it";
    case Outcome::REBOOT:
      return "the machine started anew under it";
    case Outcome::HANG:
      return "the machine went silent under it";
    case Outcome::NOT_RUN:
      break;
  }
  return "it was not run";
}

std::string advice(const CellRecord& cell, const Verdict& verdict) {
  const auto& seen = cell.attempt.observation;
  const bool asked_for_log = cell.mode.level != 0;
  switch (verdict.outcome) {
    case Outcome::LOG_TRUNCATED:
      if (seen.log_true_size)
        return fmt::format("give a buffer of {} bytes (the kernel told that size), or load without "
                           "a log and ask for one only when the load fails",
                           *seen.log_true_size);
      return "give a larger buffer (the kernel tells how large from 6.4 on, to a caller that asks); or load without a log and "
             "ask for one only when the load fails";
    case Outcome::VERIFIER_REJECTION:
      return asked_for_log ? "read the log's last lines: they name the instruction and the reason"
                           : "load again with log level 1 or 2 to see the reason";
    case Outcome::KERNEL_REFUSED:
      if (seen.kernel_errno == EPERM)
        return "the process lacks rights: CAP_BPF with CAP_PERFMON or CAP_NET_ADMIN from 5.8 on, "
               "CAP_SYS_ADMIN before; or unprivileged BPF is off";
      if (seen.kernel_errno == E2BIG)
        return "the attribute has bytes that this kernel does not know: an older attr_size, or a "
               "newer kernel";
      if (seen.kernel_errno == EINVAL && (cell.mode.level & ~7U) != 0)
        return "this kernel may not know the log level's bits (8, FIXED, came with 6.4)";
      return "compare with the same cell on another kernel: the call's attributes are at fault, not "
             "the program";
    case Outcome::LIBRARY_REFUSED:
      return seen.messages.empty() ? "try a newer library, or the bare system call (loader raw)"
                                   : "read what the library printed, above; try a newer library, or "
                                     "the bare system call (loader raw)";
    case Outcome::MISSING_BTF:
      return "use a newer library: this one cannot read the kinds that this kernel's BTF has";
    case Outcome::LIBRARY_FALSE_SUCCESS:
      return "do not trust this library's return value here; check the program's descriptor";
    case Outcome::KERNEL_CRASH:
    case Outcome::KERNEL_SPLAT:
      return "the console lies in the run's evidence folder; measure it again alone, and report it "
             "to the kernel's vendor when it stays";
    case Outcome::AGENT_CRASH:
      return "the loader's own fault or the library's: measure it again alone";
    case Outcome::TIMEOUT:
    case Outcome::HANG:
      return "measure it again alone, with a higher limit in the matrix (limits: cell)";
    case Outcome::GUEST_OOM:
      return "give the guests more memory (limits: memory)";
    case Outcome::NOT_RUN:
      return cell.attempt.state == AttemptState::filtered ? "the matrix leaves it out" : "";
    default:
      return "";
  }
}

class Lines {
 public:
  void add(std::string_view head, std::string_view line) {
    for (const auto& wrapped : wrap(fmt::format("{:<13}{}", head, line), kColumns, 13))
      out_ += wrapped + "\n";
  }
  // Of a guest; as it is, not wrapped.
  void quote(std::string_view line) { out_ += fmt::format("{:<15}{}\n", "", text(line)); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void tell_observation(Lines& lines, const Observation& seen) {
  lines.add("answered", who_answered(seen));
  for (size_t i = 0; i < std::min(seen.calls.size(), kMostCalls); ++i)
    lines.add(i == 0 ? "bpf() calls" : "", call_text(seen.calls[i]));
  if (seen.calls.size() > kMostCalls)
    lines.add("", fmt::format("and {} more", seen.calls.size() - kMostCalls));
  if (!seen.messages.empty()) {
    lines.add("library", "it printed:");
    std::string_view rest = seen.messages;
    for (int i = 0; i < 6 && !rest.empty(); ++i) {
      const auto end = rest.find('\n');
      lines.quote(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  if (seen.log_length == 0) {
    lines.add("log", "empty");
    return;
  }
  lines.add("log", fmt::format("{} bytes, {} of it kept{}", seen.log_length, name(seen.kept),
                               seen.log_true_size
                                   ? fmt::format("; the kernel wants a buffer of {} bytes",
                                                 *seen.log_true_size)
                                   : ""));
  const auto telling = telling_line(seen.log_tail.empty() ? seen.log_head : seen.log_tail);
  if (!telling.empty()) {
    lines.add("", "the line that tells:");
    lines.quote(telling);
  }
}

void tell_laws(Lines& lines, const RunRecord& run, const law::Findings& laws, uint32_t cell) {
  const auto& record = run.cells[cell];
  for (const auto& result : laws.results)
    for (const auto& point : result.points) {
      const bool evidence = point.cell == cell || point.held_against == cell;
      const bool broken = point.verdict == law::Verdict::broken &&
                          point.kernel == record.kernel && point.loader == record.loader;
      if (!evidence || (point.verdict != law::Verdict::holds && !broken)) continue;
      lines.add("law", fmt::format("{} {}: {}", result.law->id, name(point.verdict),
                                   result.law->statement));
      if (broken && !point.text.empty()) lines.add("", text(point.text));
    }
}

bool is_statistic(std::string_view line) {
  constexpr std::array<std::string_view, 6> kStatistics = {
      "processed ", "verification time ", "stack depth ", "from ", "peak_states", "func#"};
  return std::ranges::any_of(kStatistics,
                             [&](std::string_view start) { return line.starts_with(start); });
}

}  // namespace

std::string_view telling_line(std::string_view log) {
  while (!log.empty()) {
    while (log.ends_with('\n')) log.remove_suffix(1);
    const auto start = log.rfind('\n');
    const auto line = start == std::string_view::npos ? log : log.substr(start + 1);
    if (!line.empty() && !is_statistic(line)) return line;
    if (start == std::string_view::npos) return {};
    log = log.substr(0, start);
  }
  return {};
}

std::string explain(const RunRecord& run, const result::Judgement& judgement,
                    const law::Findings& laws, uint32_t cell) {
  const auto& record = run.cells[cell];
  const auto& verdict = judgement.verdicts[cell];
  const auto& kernel = run.kernels[record.kernel];
  const auto& loader = run.loaders[record.loader];
  const auto& program = run.programs[record.program];
  Lines lines;
  lines.add("cell", text(record.id));
  lines.add("run", fmt::format("{} of matrix {}, {}", run.header.id, run.header.matrix,
                               run.header.started));
  lines.add("kernel", text(fmt::format("{} ({}), {}", kernel.release.empty() ? "not booted"
                                                                            : kernel.release,
                                       kernel.source, kernel.accel)));
  lines.add("loader", text(loader.version.empty()
                               ? loader.kind
                               : fmt::format("{} {} ({})", loader.kind, loader.version,
                                             loader.source)));
  lines.add("program", text(fmt::format("{}: function {}, section {}", program.id,
                                        program.function, program.section)));
  lines.add("asked", asked(record.mode));
  if (record.attempt.state == AttemptState::measured) tell_observation(lines, record.attempt.observation);
  lines.add("outcome", fmt::format("{}: {}", name(verdict.outcome), meaning(verdict.outcome)));
  lines.add("status", fmt::format("{} {}{}", name(verdict.status), verdict.reason,
                                  record.cached ? ", taken from an earlier run of the same content "
                                                  "key"
                                                : ""));
  if (!verdict.text.empty()) lines.add("", text(verdict.text));
  if (record.attempts > 1)
    lines.add("attempts", fmt::format("{}{}", record.attempts,
                                      record.flaky ? ", which disagree: flaky" : ""));
  tell_laws(lines, run, laws, cell);
  const auto todo = advice(record, verdict);
  if (!todo.empty()) lines.add("what to do", todo);
  return lines.take() + "again\n  " + base::printable(repro(run, record)) + "\n";
}

}  // namespace bpfmatrix::report
