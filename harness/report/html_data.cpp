#include "report/html_data.h"

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "report/axis_text.h"
#include "report/cell_text.h"
#include "report/html_pack.h"
#include "report/html_texts.h"
#include "report/json_observed.h"
#include "report/repro.h"
#include "report/summary.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;
using result::RunRecord;

constexpr int kFormat = 1;
constexpr size_t kCellsOfPart = 256;

ordered_json header_json(const RunRecord& run, const result::Judgement& judgement) {
  const auto& header = run.header;
  return {{"id", header.id},
          {"matrix", header.matrix},
          {"matrix_file", header.matrix_file},
          {"selection", header.selection},
          {"started", header.started},
          {"finished", header.finished},
          {"program_version", header.program_version},
          {"qemu_version", header.qemu_version},
          {"accel", header.accel},
          {"host", header.host},
          {"exit_code", judgement.exit_code}};
}

ordered_json kernels_json(const RunRecord& run) {
  const auto titles = kernel_titles(run);
  ordered_json kernels = ordered_json::array();
  for (size_t i = 0; i < run.kernels.size(); ++i) {
    const auto& kernel = run.kernels[i];
    kernels.push_back({{"id", kernel.id},
                       {"title", titles[i]},
                       {"release", kernel.release},
                       {"vendor", kernel.vendor},
                       {"series", kernel.series},
                       {"arch", kernel.arch},
                       {"backend", kernel.backend},
                       {"accel", kernel.accel},
                       {"isolation", kernel.isolation},
                       {"source", kernel.source},
                       {"sha256", kernel.sha256},
                       {"problem", kernel.problem}});
  }
  return kernels;
}

ordered_json loaders_json(const RunRecord& run) {
  ordered_json loaders = ordered_json::array();
  for (const auto& loader : run.loaders)
    loaders.push_back({{"id", loader.id},
                       {"kind", loader.kind},
                       {"version", loader.version},
                       {"source", loader.source},
                       {"sha256", loader.sha256},
                       {"problem", loader.problem}});
  return loaders;
}

ordered_json programs_json(const RunRecord& run) {
  ordered_json programs = ordered_json::array();
  for (const auto& program : run.programs)
    programs.push_back({{"id", program.id},
                        {"object_sha256", program.object_sha256},
                        {"function", program.function},
                        {"section", program.section}});
  return programs;
}

std::string buffer_text(const spec::LogMode& mode) {
  using Kind = spec::Buffer::Kind;
  const auto& buffer = mode.buffer;
  switch (buffer.kind) {
    case Kind::none:
      return mode.interface == spec::Interface::object_load ? "the library's own" : "none";
    case Kind::null:
      return "NULL with size " + base::format_bytes(static_cast<uint64_t>(buffer.value));
    case Kind::fixed:
      return base::format_bytes(static_cast<uint64_t>(buffer.value));
    case Kind::relative:
      break;
  }
  return "true size" + spec::to_text(buffer).substr(std::string_view("true").size());
}

ordered_json mode_json(const spec::LogMode& mode) {
  ordered_json extra = ordered_json::object();
  for (const auto& [key, value] : mode.extra) extra[key] = value;
  return {{"text", spec::to_text(mode)},
          {"interface", spec::name(mode.interface)},
          {"level", spec::level_text(mode.level)},
          {"buffer", buffer_text(mode)},
          {"extra", std::move(extra)}};
}

// What many cells have in common: all that the matrix shows, filters and searches.
ordered_json look_json(const CellText& text, const result::CellRecord& cell,
                       const result::Verdict& verdict) {
  const auto& attempt = cell.attempt;
  const bool measured = attempt.state == result::AttemptState::measured;
  return {std::string(1, text.letter),
          text.detail,
          text.unexpected ? 1 : 0,
          text.notes,
          name(verdict.status),
          verdict.reason,
          name(verdict.outcome),
          verdict.text,
          attempt.note,
          measured ? base::errno_name(attempt.observation.error) : std::string()};
}

ordered_json detail_json(const RunRecord& run, const result::CellRecord& cell,
                         const CellTexts& texts) {
  const auto& attempt = cell.attempt;
  ordered_json detail = {{"key", cell.key},
                         {"state", name(attempt.state)},
                         {"attempts", cell.attempts},
                         {"repro", repro(run, cell)}};
  if (attempt.state != result::AttemptState::measured) return detail;
  auto observed = observed_json(attempt.observation);
  observed["log_head"] = texts.head;
  observed["log_tail"] = texts.tail;
  observed["messages"] = texts.messages;
  observed["buffer_size"] = attempt.observation.buffer_size;
  detail["duration_us"] = attempt.observation.duration.count() / 1000;
  detail["observed"] = std::move(observed);
  return detail;
}

// The cells as columns, and the details of them in parts.
class Cells {
 public:
  Cells(const RunRecord& run, const result::Judgement& judgement, const PageTexts& texts)
      : run_(run), judgement_(judgement), texts_(texts) {}

  void write(PageData& data) {
    for (size_t i = 0; i < run_.cells.size(); ++i) add(i, data);
    end_part(data);
    ordered_json legend = ordered_json::array();
    for (const char letter : all_letters())
      if (letters_.contains(letter))
        legend.push_back({std::string(1, letter), legend_line(letter).substr(4)});
    data.run["legend"] = std::move(legend);
    data.run["modes"] = std::move(modes_);
    data.run["looks"] = std::move(looks_);
    data.run["cells"] = {{"kernel", std::move(kernel_)},   {"loader", std::move(loader_)},
                         {"program", std::move(program_)}, {"mode", std::move(mode_)},
                         {"look", std::move(look_)},       {"flags", std::move(flags_)}};
    data.run["ids"] = std::move(ids_);
    data.run["cells_of_part"] = kCellsOfPart;
  }

 private:
  void add(size_t i, PageData& data) {
    const auto& cell = run_.cells[i];
    const auto text = cell_text(run_, cell, judgement_.verdicts[i]);
    letters_.insert(text.letter);
    const auto [mode, new_mode] = mode_numbers_.try_emplace(cell.mode, mode_numbers_.size());
    if (new_mode) modes_.push_back(mode_json(cell.mode));
    auto look_text = look_json(text, cell, judgement_.verdicts[i]);
    const auto [look, new_look] =
        look_numbers_.try_emplace(island(look_text), look_numbers_.size());
    if (new_look) looks_.push_back(std::move(look_text));
    kernel_.push_back(cell.kernel);
    loader_.push_back(cell.loader);
    program_.push_back(cell.program);
    mode_.push_back(mode->second);
    look_.push_back(look->second);
    flags_.push_back((cell.flaky ? 1 : 0) + (cell.cached ? 2 : 0));
    // The page makes ids of the axes' own; one that is another is told.
    if (cell.id != run_.kernels[cell.kernel].id + "/" + run_.loaders[cell.loader].id + "/" +
                       run_.programs[cell.program].id + "/" + spec::to_text(cell.mode))
      ids_.push_back({i, cell.id});
    part_.push_back(detail_json(run_, cell, texts_.cells[i]));
    if (part_.size() == kCellsOfPart) end_part(data);
  }

  void end_part(PageData& data) {
    if (part_.empty()) return;
    data.details.push_back(pack(island(part_)));
    part_ = ordered_json::array();
  }

  const RunRecord& run_;
  const result::Judgement& judgement_;
  const PageTexts& texts_;
  std::map<spec::LogMode, size_t> mode_numbers_;
  std::map<std::string, size_t> look_numbers_;
  std::set<char> letters_;
  ordered_json modes_ = ordered_json::array(), looks_ = ordered_json::array(),
               kernel_ = ordered_json::array(), loader_ = ordered_json::array(),
               program_ = ordered_json::array(), mode_ = ordered_json::array(),
               look_ = ordered_json::array(), flags_ = ordered_json::array(),
               ids_ = ordered_json::array(), part_ = ordered_json::array();
};

ordered_json cell_number(uint32_t cell) {
  return cell == law::kNoCell ? ordered_json(-1) : ordered_json(cell);
}

ordered_json laws_json(const law::Findings& laws) {
  ordered_json list = ordered_json::array();
  for (const auto& result : laws.results) {
    ordered_json points = ordered_json::array();
    for (const auto& point : result.points)
      points.push_back({point.kernel, point.loader, name(point.verdict), cell_number(point.cell),
                        cell_number(point.held_against), point.text, point.cells, point.against});
    const auto& law = *result.law;
    list.push_back({{"id", law.id},
                    {"kind", law.kind == spec::Law::Kind::feature ? "feature" : "law"},
                    {"group", law.group},
                    {"statement", law.statement},
                    {"sources", law.sources},
                    {"points", std::move(points)}});
  }
  return list;
}

// Of each run two texts, with a character for each cell of this run: its letter, and its status by
// the first letter of its name; both ' ' where that run had no such cell.
ordered_json history_json(const RunRecord& run, const std::vector<PastRun>& history) {
  ordered_json list = ordered_json::array();
  for (const auto& past : history) {
    std::string letters(run.cells.size(), ' '), statuses(run.cells.size(), ' ');
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const auto at = past.cells.find(run.cells[i].id);
      if (at == past.cells.end()) continue;
      letters[i] = at->second.letter;
      statuses[i] = name(at->second.status).front();
    }
    list.push_back({{"id", past.id},
                    {"started", past.started},
                    {"letters", std::move(letters)},
                    {"statuses", std::move(statuses)}});
  }
  return list;
}

}  // namespace

PastRun past_run(const RunRecord& run, const result::Judgement& judgement) {
  PastRun past{run.header.id, run.header.started, {}};
  past.cells.reserve(run.cells.size());
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& verdict = judgement.verdicts[i];
    past.cells.emplace(run.cells[i].id,
                       PastRun::Cell{cell_text(run, run.cells[i], verdict).letter, verdict.status});
  }
  return past;
}

PageData page_data(const RunRecord& run, const result::Judgement& judgement,
                   const law::Findings& laws, const std::vector<PastRun>& history,
                   const PageOptions& options) {
  PageData data;
  data.details = ordered_json::array();
  data.run = {{"format", kFormat},
              {"run", header_json(run, judgement)},
              {"summary", summarize(run, judgement, laws)},
              {"kernels", kernels_json(run)},
              {"loaders", loaders_json(run)},
              {"programs", programs_json(run)}};
  auto texts = page_texts(run, options.text_budget);
  Cells(run, judgement, texts).write(data);
  data.run["laws"] = laws_json(laws);
  data.run["history"] = history_json(run, history);
  data.run["text_firsts"] = texts.firsts;
  data.run["text_limits"] = {texts.head_limit, texts.tail_limit};
  data.texts = std::move(texts.parts);
  return data;
}

}  // namespace bpfmatrix::report
