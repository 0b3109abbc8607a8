#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "report/json_laws.h"
#include "report/json_object.h"
#include "report/json_observed.h"
#include "report/render.h"
#include "report/repro.h"
#include "result/json_fields.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;
using result::Observation;
using result::RunRecord;

constexpr const char* kSchemaVersion = "1.4";

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json kernel_json(const result::KernelRecord& kernel) {
  ordered_json value = {
      {"id", kernel.id},           {"release", kernel.release}, {"upstream", kernel.upstream},
      {"vendor", kernel.vendor},   {"series", kernel.series},   {"arch", kernel.arch},
      {"backend", kernel.backend}, {"accel", kernel.accel},     {"source", kernel.source},
      {"sha256", kernel.sha256}};
  if (!kernel.isolation.empty()) value["isolation"] = kernel.isolation;
  return value;
}

ordered_json loader_json(const result::LoaderRecord& loader) {
  return {{"id", loader.id},
          {"kind", loader.kind},
          {"version", loader.version},
          {"sha256", loader.sha256}};
}

ordered_json program_json(const result::ProgramRecord& program) {
  return {{"id", program.id},
          {"object_sha256", program.object_sha256},
          {"function", program.function},
          {"section", program.section}};
}

// The number that was passed; null where it was relative and nothing was passed.
ordered_json buffer_size_json(const result::CellRecord& cell) {
  if (cell.attempt.state == result::AttemptState::measured)
    return cell.attempt.observation.buffer_size;
  switch (cell.mode.buffer.kind) {
    case spec::Buffer::Kind::none:
      return 0;
    case spec::Buffer::Kind::null:
    case spec::Buffer::Kind::fixed:
      return cell.mode.buffer.value;
    case spec::Buffer::Kind::relative:
      return nullptr;
  }
  return nullptr;
}

ordered_json mode_json(const result::CellRecord& cell) {
  ordered_json extra = ordered_json::object();
  for (const auto& [key, value] : cell.mode.extra) extra[key] = value;
  return {{"interface", spec::name(cell.mode.interface)},
          {"level", cell.mode.level},
          {"buffer", spec::to_text(cell.mode.buffer)},
          {"buffer_size", buffer_size_json(cell)},
          {"extra", std::move(extra)}};
}

ordered_json verification_json(const Observation& seen) {
  const auto& text = seen.log_tail.empty() ? seen.log_head : seen.log_tail;
  const auto found = result::parse_verification(text);
  if (!found) return nullptr;
  return {{"insns", found->insns},
          {"states", found->states},
          {"peak_states", found->peak_states},
          {"time_us", or_null(found->time_us)},
          {"stack", or_null(found->stack)}};
}

ordered_json calls_json(const Observation& seen) {
  ordered_json calls = ordered_json::array();
  for (const auto& call : seen.calls)
    calls.push_back({{"cmd", result::command_name(call.cmd)},
                     {"level", call.level},
                     {"size", call.size},
                     {"attr_size", call.attr_size},
                     {"errno", base::errno_name(call.error)},
                     {"probe", call.probe},
                     {"measured", call.measured},
                     {"length", call.length}});
  return calls;
}

ordered_json btf_kinds_json(const Observation& seen) {
  if (seen.btf_kinds == 0) return nullptr;
  return result::btf_kind_names(seen.btf_kinds);
}

}  // namespace

ordered_json observed_json(const Observation& seen) {
  const bool by_kernel = seen.decided_by == result::DecidedBy::kernel;
  ordered_json kernel_errno = nullptr;
  if (by_kernel) kernel_errno = base::errno_name(seen.kernel_errno);
  return {{"errno", base::errno_name(seen.error)},
          {"kernel_errno", std::move(kernel_errno)},
          {"decided_by", name(seen.decided_by)},
          {"return_value", seen.return_value},
          {"log_true_size", or_null(seen.log_true_size)},
          {"true_size", or_null(seen.true_size)},
          {"api_true_size", or_null(seen.api_true_size)},
          {"log_length", seen.log_length},
          {"kept", name(seen.kept)},
          {"overrun", seen.overrun},
          {"touched", seen.touched},
          {"verified", seen.verified},
          {"btf_unreadable", seen.btf_unreadable},
          {"btf_kinds", btf_kinds_json(seen)},
          {"needs_call", seen.needs_call},
          {"log_head", seen.log_head.str()},
          {"log_tail", seen.log_tail.str()},
          {"log_sha256", seen.log_sha256},
          {"messages", seen.messages.str()},
          {"verification", verification_json(seen)},
          {"calls", calls_json(seen)}};
}

namespace {

// The axes' objects, and their texts, made once for all cells.
struct Axes {
  std::vector<ordered_json> kernels, loaders, programs;
  std::vector<std::string> kernel_texts, loader_texts, program_texts;

  explicit Axes(const RunRecord& run) {
    for (const auto& kernel : run.kernels) kernels.push_back(kernel_json(kernel));
    for (const auto& loader : run.loaders) loaders.push_back(loader_json(loader));
    for (const auto& program : run.programs) programs.push_back(program_json(program));
    for (const auto& kernel : kernels) kernel_texts.push_back(dump(kernel));
    for (const auto& loader : loaders) loader_texts.push_back(dump(loader));
    for (const auto& program : programs) program_texts.push_back(dump(program));
  }
};

void write_cell(std::string& out, const RunRecord& run, const Axes& axes,
                const result::CellRecord& cell, const result::Verdict& verdict) {
  const auto& attempt = cell.attempt;
  const bool measured = attempt.state == result::AttemptState::measured;
  JsonObject json(out);
  json.add("id", cell.id);
  json.add("key", cell.key);
  json.add_text("kernel", axes.kernel_texts[cell.kernel]);
  json.add_text("loader", axes.loader_texts[cell.loader]);
  json.add_text("program", axes.program_texts[cell.program]);
  json.add("mode", mode_json(cell));
  json.add("state", name(attempt.state));
  json.add("outcome", name(verdict.outcome));
  json.add("observed", measured ? observed_json(attempt.observation) : ordered_json(nullptr));
  json.add("status", name(verdict.status));
  json.add("reason", verdict.reason);
  json.add("text", verdict.text);
  json.add("note", attempt.note);
  if (!measured && !attempt.observation.messages.empty())
    json.add("console", attempt.observation.messages.str());
  json.add("flaky", cell.flaky);
  json.add("cached", cell.cached);
  json.add("attempts", cell.attempts);
  // Whole microseconds, so that the text is short.
  const auto microseconds = attempt.observation.duration.count() / 1000;
  json.add("duration_ms", measured ? ordered_json(static_cast<double>(microseconds) / 1000.0)
                                   : ordered_json(nullptr));
  json.add("repro", repro(run, cell));
}

ordered_json header_json(const RunRecord& run, const Axes& axes,
                         const result::Judgement& judgement, const law::Findings& laws) {
  const auto& header = run.header;
  ordered_json counts = ordered_json::object();
  for (const auto status : result::all_statuses()) {
    const auto at = judgement.counts.find(status);
    counts[std::string(name(status))] = at == judgement.counts.end() ? 0 : at->second;
  }
  ordered_json kernels = axes.kernels;
  for (size_t i = 0; i < run.kernels.size(); ++i) kernels[i]["problem"] = run.kernels[i].problem;
  ordered_json loaders = axes.loaders;
  for (size_t i = 0; i < run.loaders.size(); ++i) {
    loaders[i]["source"] = run.loaders[i].source;
    loaders[i]["problem"] = run.loaders[i].problem;
  }
  auto findings = judgement.findings;
  for (auto& text : finding_texts(run, laws)) findings.push_back(std::move(text));
  ordered_json finished = nullptr;
  if (!header.finished.empty()) finished = header.finished;
  return {{"id", header.id},
          {"matrix", header.matrix},
          {"matrix_file", header.matrix_file},
          {"selection", header.selection},
          {"started", header.started},
          {"finished", std::move(finished)},
          {"program_version", header.program_version},
          {"qemu_version", header.qemu_version},
          {"accel", header.accel},
          {"host", header.host},
          {"exit_code", judgement.exit_code},
          {"counts", std::move(counts)},
          {"kernels", std::move(kernels)},
          {"loaders", std::move(loaders)},
          {"programs", axes.programs},
          {"expectations",
           ordered_json::parse(result::expectations_to_json(run.expectations))},
          {"required_kernels", run.required_kernels},
          {"laws", run.laws},
          {"notes", header.notes},
          {"findings", std::move(findings)}};
}

}  // namespace

std::string render_json(const RunRecord& run, const result::Judgement& judgement,
                        const law::Findings& laws) {
  const Axes axes(run);
  // Written piece by piece: a document of all cells would take several times its text in memory.
  std::string out = "{\"schema_version\":" + dump(kSchemaVersion) +
                    ",\n\"run\":" + dump(header_json(run, axes, judgement, laws)) + ",\n\"laws\":[";
  for (size_t i = 0; i < laws.results.size(); ++i)
    out += (i == 0 ? "\n" : ",\n") + dump(law_json(run, laws.results[i]));
  out += laws.results.empty() ? "],\n\"cells\":[" : "\n],\n\"cells\":[";
  for (size_t i = 0; i < run.cells.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    write_cell(out, run, axes, run.cells[i], judgement.verdicts[i]);
  }
  out += "\n]}\n";
  return out;
}

}  // namespace bpfmatrix::report
