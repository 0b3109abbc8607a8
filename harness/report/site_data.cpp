#include "report/site_data.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "report/axis_text.h"
#include "report/html_fill.h"
#include "report/html_pack.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;
using result::Outcome;
using result::RunRecord;

constexpr int kFormat = 1;
constexpr size_t kRows = 400;
constexpr size_t kStem = 100;  // bytes; names of files may have 255 in most file systems

// The lower of the two in the middle: a number that was measured.
std::optional<uint64_t> median(std::vector<uint64_t>& values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

struct Measured {
  std::vector<uint64_t> insns, times;
};

void add_cell(const result::CellRecord& cell, Outcome outcome, SiteKernel& kernel,
              Measured& measured) {
  if (cell.attempt.state != result::AttemptState::measured) return;
  ++kernel.measured;
  if (outcome != Outcome::LOADED) return;
  ++kernel.loaded;
  const auto& seen = cell.attempt.observation;
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(seen.duration).count();
  if (time > 0) measured.times.push_back(static_cast<uint64_t>(time));
  const auto verification = result::parse_verification(seen.log_tail);
  if (!verification) return;
  ++kernel.verified;
  measured.insns.push_back(verification->insns);
  // The numbers are a guest's: a sum of what it makes up must not wrap round.
  kernel.insns_sum = kernel.insns_sum > UINT64_MAX - verification->insns
                         ? UINT64_MAX
                         : kernel.insns_sum + verification->insns;
}

ordered_json optional_json(const std::optional<uint64_t>& number) {
  return number ? ordered_json(*number) : ordered_json(nullptr);
}

ordered_json run_json(const SiteRun& run) {
  ordered_json counts = ordered_json::object();
  for (const auto status : result::all_statuses()) {
    const auto at = run.counts.find(status);
    counts[std::string(name(status))] = at == run.counts.end() ? 0 : at->second;
  }
  ordered_json kernels = ordered_json::array();
  for (const auto& kernel : run.kernels)
    kernels.push_back({{"id", kernel.id},
                       {"title", kernel.title},
                       {"problem", kernel.problem},
                       {"measured", kernel.measured},
                       {"loaded", kernel.loaded},
                       {"verified", kernel.verified},
                       {"insns_sum", kernel.insns_sum},
                       {"insns_median", optional_json(kernel.insns_median)},
                       {"load_us", optional_json(kernel.load_us)}});
  return {{"id", run.id},
          {"matrix", run.matrix},
          {"started", run.started},
          {"finished", run.finished},
          {"selection", run.selection},
          {"accel", run.accel},
          {"program_version", run.program_version},
          {"exit_code", run.exit_code},
          {"cells", run.cells},
          {"flaky", run.flaky},
          {"cached", run.cached},
          {"crashes", run.crashes},
          {"findings", run.findings},
          {"counts", std::move(counts)},
          {"page", run.page},
          {"kernels", std::move(kernels)}};
}

bool has_unexpected(const TableRow& row) {
  return std::ranges::any_of(row.cells, &TableCell::unexpected);
}

ordered_json row_json(const TableRow& row) {
  ordered_json cells = ordered_json::array();
  for (const auto& cell : row.cells)
    cells.push_back({std::string(1, cell.letter), cell.detail, cell.unexpected ? 1 : 0});
  return {row.loaders, std::move(cells)};
}

ordered_json table_json(const SiteTable& table) {
  size_t rows = 0, unexpected = 0;
  for (const auto& block : table.table.blocks) {
    rows += block.rows.size();
    unexpected += static_cast<size_t>(std::ranges::count_if(block.rows, has_unexpected));
  }
  // Rows with something unexpected come first when there is no room for all.
  size_t room_for_bad = std::min(unexpected, kRows);
  size_t room = kRows - room_for_bad;
  size_t shown = 0;
  ordered_json blocks = ordered_json::array();
  for (const auto& block : table.table.blocks) {
    ordered_json kept = ordered_json::array();
    for (const auto& row : block.rows) {
      auto& left = has_unexpected(row) ? room_for_bad : room;
      if (left == 0) continue;
      --left;
      kept.push_back(row_json(row));
    }
    shown += kept.size();
    if (!kept.empty()) blocks.push_back({block.title, std::move(kept)});
  }
  ordered_json legend = ordered_json::array();
  for (const auto& line : table.table.legend)
    // The last one is of words behind letters: "head, tail, all, none = the part of the log …".
    if (line.find(" = ") == 1)
      legend.push_back({line.substr(0, 1), line.substr(4)});
    else
      legend.push_back({"", line});
  return {{"run", table.run},
          {"columns", table.table.columns},
          {"blocks", std::move(blocks)},
          {"legend", std::move(legend)},
          {"left_out", rows - shown}};
}

}  // namespace

SiteRun summarize_for_site(const RunRecord& run, const result::Judgement& judgement,
                           const law::Findings& laws) {
  const auto& header = run.header;
  SiteRun sum{header.id,
              header.matrix,
              header.started,
              header.finished,
              single_line(header.selection),
              header.accel,
              header.program_version,
              judgement.exit_code,
              static_cast<uint32_t>(run.cells.size())};
  sum.counts = judgement.counts;
  sum.findings = static_cast<uint32_t>(judgement.findings.size() + laws.findings.size());
  const auto titles = kernel_titles(run);
  for (size_t i = 0; i < run.kernels.size(); ++i)
    sum.kernels.push_back(
        {run.kernels[i].id, single_line(titles[i], 60), single_line(run.kernels[i].problem)});
  std::vector<Measured> measured(run.kernels.size());
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& cell = run.cells[i];
    const auto outcome = judgement.verdicts[i].outcome;
    sum.flaky += cell.flaky ? 1 : 0;
    sum.cached += cell.cached ? 1 : 0;
    sum.crashes += outcome == Outcome::KERNEL_CRASH || outcome == Outcome::KERNEL_SPLAT ? 1 : 0;
    add_cell(cell, outcome, sum.kernels[cell.kernel], measured[cell.kernel]);
  }
  for (size_t i = 0; i < measured.size(); ++i) {
    sum.kernels[i].insns_median = median(measured[i].insns);
    sum.kernels[i].load_us = median(measured[i].times);
  }
  return sum;
}

std::string file_stem(std::string_view text) {
  std::string stem;
  for (const char c : text.substr(0, kStem)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !stem.empty());
    stem += plain ? c : '_';
  }
  if (stem == text && !stem.empty()) return stem;
  constexpr size_t kDigits = 16;
  stem.resize(std::min(stem.size(), kStem - kDigits - 1));
  return stem + '-' + base::sha256_hex(text).substr(0, kDigits);
}

base::Result<std::string> render_site(std::string_view page_template,
                                      const std::vector<SiteRun>& runs,
                                      const std::vector<SiteTable>& tables) {
  ordered_json data = {
      {"format", kFormat}, {"runs", ordered_json::array()}, {"tables", ordered_json::array()}};
  for (const auto& run : runs) data["runs"].push_back(run_json(run));
  for (const auto& table : tables) data["tables"].push_back(table_json(table));
  const std::array<TemplatePart, 1> parts = {{{"@BPFMATRIX_SITE@", island(data)}}};
  return fill_template(page_template, parts);
}

}  // namespace bpfmatrix::report
