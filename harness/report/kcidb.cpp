#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "report/ci_tests.h"
#include "report/formats.h"
#include "report/inert_text.h"
#include "report/json_object.h"
#include "report/repro.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;
using result::Status;

// Nothing of a later minor version is used; a reader of 5.x takes it.
constexpr const char* kVersion = R"({"major":5,"minor":0})";
constexpr const char* kOrigin = "bpfmatrix";
constexpr size_t kLogLines = 40;  // of 400 bytes and a mark: below the schema's 16384 characters

// Ids are unique among all that an origin submits: the run is part of them.
std::string id_of(const result::RunRecord& run, std::string_view what) {
  return fmt::format("{}:{}:{}", kOrigin, inert_name(run.header.id), inert_name(what));
}

// "libbpf-1.4.6" as one step of a path: "libbpf-1_4_6".
std::string path_word(std::string_view raw) {
  std::string word = inert_name(raw);
  for (char& c : word)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  return word;
}

// A time in the schema's form, which a document from elsewhere need not have.
bool is_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size() + 1 || !text.ends_with('Z')) return false;
  for (size_t i = 0; i < text.size() - 1; ++i) {
    const char want = i < kForm.size() ? kForm[i] : i == kForm.size() ? '.' : '0';
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (want == '0' ? !digit : text[i] != want) return false;
  }
  return true;
}

std::string architecture(const std::string& arch) {
  const bool fits = !arch.empty() && std::ranges::all_of(arch, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return fits ? arch : "x86_64";
}

ordered_json checkout_json(const result::RunRecord& run, const result::KernelRecord& kernel) {
  ordered_json object = {{"id", id_of(run, kernel.id)}, {"origin", kOrigin}};
  const auto source = inert_line(kernel.source.empty() ? kernel.id : kernel.source);
  object["comment"] = kernel.upstream.empty()
                          ? source
                          : fmt::format("Linux {}, {}", inert_line(kernel.upstream), source);
  // Of a kernel without an image nobody can say whether its source is good.
  if (!kernel.sha256.empty()) object["valid"] = true;
  return object;
}

ordered_json build_json(const result::RunRecord& run, const result::KernelRecord& kernel) {
  ordered_json object = {
      {"id", id_of(run, kernel.id)},
      {"checkout_id", id_of(run, kernel.id)},
      {"origin", kOrigin},
      {"comment", inert_line(kernel.release.empty() ? kernel.id : kernel.release)},
      {"architecture", architecture(kernel.arch)}};
  // We built nothing; that there is an image says that its build went well.
  if (!kernel.sha256.empty()) object["status"] = "PASS";
  if (!kernel.problem.empty()) object["log_excerpt"] = inert_line(kernel.problem, 4000);
  object["misc"] = {{"bpfmatrix",
                     {{"kernel", inert_line(kernel.id)},
                      {"source", inert_line(kernel.source)},
                      {"sha256", kernel.sha256}}}};
  return object;
}

ordered_json environment_json(const result::RunRecord& run) {
  const auto& header = run.header;
  return {{"comment", inert_line(fmt::format("QEMU {} ({}) under bpfmatrix {}", header.qemu_version,
                                             header.accel, header.program_version))}};
}

// What the cells of one kernel, loader or program have in common, made once: JSON texts, but words.
struct Axes {
  std::vector<std::string> builds, loaders, loader_digests, loader_words;
  std::vector<std::string> programs, program_digests, program_words;
  std::string start;  // empty: not known
  std::string environment;

  explicit Axes(const result::RunRecord& run) : environment(dump(environment_json(run))) {
    if (is_time(run.header.started)) start = dump(run.header.started);
    for (const auto& kernel : run.kernels) builds.push_back(dump(id_of(run, kernel.id)));
    for (const auto& loader : run.loaders) {
      loaders.push_back(dump(inert_line(loader.id)));
      loader_digests.push_back(dump(loader.sha256));
      loader_words.push_back(path_word(loader.id));
    }
    for (const auto& program : run.programs) {
      programs.push_back(dump(inert_line(program.id)));
      program_digests.push_back(dump(program.object_sha256));
      program_words.push_back(path_word(program.id));
    }
  }
};

void write_observed(JsonObject& own, const result::Observation& seen) {
  JsonObject json(own.begin("observed"));
  json.add("errno", base::errno_name(seen.error));
  json.add("decided_by", name(seen.decided_by));
  json.add("kept", name(seen.kept));
  json.add("log_length", seen.log_length);
  if (seen.decided_by == result::DecidedBy::kernel)
    json.add("kernel_errno", base::errno_name(seen.kernel_errno));
  if (seen.log_true_size) json.add("log_true_size", *seen.log_true_size);
}

void write_measurement(JsonObject& json, const result::Observation& seen) {
  json.add("duration", static_cast<double>(seen.duration.count() / 1000) / 1e6);
  const auto& log = seen.log_tail.empty() ? seen.log_head : seen.log_tail;
  const auto told = result::parse_verification(log.str());
  if (told) json.add("number", {{"value", told->insns}, {"unit", "insns"}});
}

void write_misc(JsonObject& json, const result::RunRecord& run, const Axes& axes,
                const result::CellRecord& cell, const result::Verdict& verdict) {
  JsonObject misc(json.begin("misc"));
  JsonObject own(misc.begin(kOrigin));
  own.add("cell", inert_line(cell.id));
  own.add("key", cell.key);
  own.add_text("loader", axes.loaders[cell.loader]);
  own.add_text("loader_sha256", axes.loader_digests[cell.loader]);
  own.add_text("program", axes.programs[cell.program]);
  own.add_text("object_sha256", axes.program_digests[cell.program]);
  own.add("mode", inert_line(spec::to_text(cell.mode)));
  own.add("outcome", name(verdict.outcome));
  own.add("reason", verdict.reason);
  own.add("flaky", cell.flaky);
  own.add("cached", cell.cached);
  own.add("attempts", cell.attempts);
  own.add("repro", inert_line(repro(run, cell), 2000));
  if (cell.attempt.state == result::AttemptState::measured)
    write_observed(own, cell.attempt.observation);
}

void write_test(std::string& out, const result::RunRecord& run, const Axes& axes,
                const result::CellRecord& cell, const result::Verdict& verdict) {
  JsonObject json(out);
  json.add("id", id_of(run, cell.id));
  json.add_text("build_id", axes.builds[cell.kernel]);
  json.add("origin", kOrigin);
  json.add("path",
           fmt::format("{}.{}.{}.{}", kOrigin, axes.loader_words[cell.loader],
                       axes.program_words[cell.program], path_word(spec::to_text(cell.mode))));
  json.add("status", name(verdict.status));
  if (!axes.start.empty()) json.add_text("start_time", axes.start);
  const auto& seen = cell.attempt.observation;
  const bool measured = cell.attempt.state == result::AttemptState::measured;
  if (measured) write_measurement(json, seen);
  const bool good = verdict.status == Status::PASS || verdict.status == Status::DONE;
  if (!good)
    json.add("comment", fmt::format("{}: {}", verdict.reason, why_text(run, cell, verdict)));
  if (verdict.status == Status::FAIL && measured) {
    const auto lines = log_lines(seen, kLogLines / 2);
    if (!lines.empty()) json.add("log_excerpt", join(lines, "\n") + "\n");
  }
  json.add_text("environment", axes.environment);
  write_misc(json, run, axes, cell, verdict);
}

// What a law came to on one kernel, all loaders together; MISS where it could not be decided.
Status status_of(const law::Result& result, uint32_t kernel, const law::Point** worst) {
  Status status = Status::SKIP;
  for (const auto& point : result.points) {
    if (point.kernel != kernel) continue;
    switch (point.verdict) {
      case law::Verdict::broken:
        *worst = &point;
        return Status::FAIL;
      case law::Verdict::undecided:
        if (status != Status::MISS) *worst = &point;
        status = Status::MISS;
        break;
      case law::Verdict::holds:
      case law::Verdict::excepted:
        if (status == Status::SKIP) status = Status::PASS;
        break;
      default:
        break;
    }
  }
  return status;
}

ordered_json law_json(const result::RunRecord& run, const law::Result& result, uint32_t kernel) {
  const law::Point* worst = nullptr;
  const auto status = status_of(result, kernel, &worst);
  const auto& law = *result.law;
  ordered_json object = {
      {"id", id_of(run, fmt::format("{}/laws/{}", run.kernels[kernel].id, law.id))},
      {"build_id", id_of(run, run.kernels[kernel].id)},
      {"origin", kOrigin},
      {"path", fmt::format("bpfmatrix.laws.{}", path_word(law.id))},
      {"status", name(status)}};
  if (is_time(run.header.started)) object["start_time"] = run.header.started;
  if (worst != nullptr)
    object["comment"] =
        inert_line(fmt::format("{}: {}", run.loaders[worst->loader].id, worst->text), 2000);
  object["misc"] = {{"bpfmatrix",
                     {{"law", inert_line(law.id)},
                      {"group", inert_line(law.group)},
                      {"statement", inert_line(law.statement, 2000)}}}};
  return object;
}

// Elements of an array, a line each.
class Array {
 public:
  Array(std::string& out, const char* name) : out_(out) {
    out_ += fmt::format(",\n\"{}\":[", name);
  }
  // For an element that whoever calls appends at once.
  std::string& begin() {
    out_ += first_ ? "\n" : ",\n";
    first_ = false;
    return out_;
  }
  void end() { out_ += first_ ? "]" : "\n]"; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string render_kcidb(const result::RunRecord& run, const result::Judgement& judgement,
                         const law::Findings& laws) {
  std::string out = fmt::format("{{\"version\":{}", kVersion);
  Array checkouts(out, "checkouts");
  for (const auto& kernel : run.kernels) checkouts.begin() += dump(checkout_json(run, kernel));
  checkouts.end();
  Array builds(out, "builds");
  for (const auto& kernel : run.kernels) builds.begin() += dump(build_json(run, kernel));
  builds.end();
  Array tests(out, "tests");
  const Axes axes(run);
  for (size_t i = 0; i < run.cells.size(); ++i)
    write_test(tests.begin(), run, axes, run.cells[i], judgement.verdicts[i]);
  for (const auto& result : laws.results)
    if (result.law->kind == spec::Law::Kind::law && result.planned)
      for (uint32_t kernel = 0; kernel < run.kernels.size(); ++kernel)
        tests.begin() += dump(law_json(run, result, kernel));
  tests.end();
  return out + "}\n";
}

}  // namespace bpfmatrix::report
