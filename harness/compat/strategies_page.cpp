#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "compat/each_page.h"
#include "compat/markup.h"
#include "report/markdown_text.h"

namespace bpfmatrix::compat {
namespace {

using report::escape_markdown;
using result::CellRecord;

// What one strategy cost and brought, in one cell.
struct Attempt {
  std::string strategy;
  const CellRecord* cell = nullptr;
  uint64_t loads = 0, moved = 0;
  bool useful = false;  // the last line of the log is in the text

  // Useful before cheap; of the useful the one that moves least, then the one that loads least.
  [[nodiscard]] auto rank() const { return std::tuple(!useful, moved, loads); }
};

Attempt attempt_of(const CellRecord& cell, const std::string& strategy) {
  const auto& seen = cell.attempt.observation;
  Attempt attempt{strategy, &cell};
  for (const auto& call : seen.calls) {
    if (!call.measured) continue;
    ++attempt.loads;
    attempt.moved += call.length;
  }
  attempt.useful = seen.kept == result::Kept::all || seen.kept == result::Kept::tail;
  return attempt;
}

// Program, first buffer and level, loader, kernel: what the strategies compete for.
using Contest = std::tuple<uint32_t, spec::LogMode, uint32_t, uint32_t>;

std::map<Contest, std::vector<Attempt>> contests(const result::RunRecord& run) {
  std::map<Contest, std::vector<Attempt>> all;
  for (const auto& cell : run.cells) {
    const auto strategy = cell.mode.extra.find("strategy");
    if (strategy == cell.mode.extra.end() ||
        cell.attempt.state != result::AttemptState::measured)
      continue;
    auto mode = cell.mode;
    mode.extra.erase("strategy");
    all[{cell.program, mode, cell.loader, cell.kernel}].push_back(
        attempt_of(cell, strategy->second));
  }
  return all;
}

struct Total {
  uint64_t cells = 0, useful = 0, best = 0, loads = 0, moved = 0;

  void add(const Attempt& attempt, bool is_best) {
    ++cells;
    useful += attempt.useful ? 1 : 0;
    best += is_best ? 1 : 0;
    loads += attempt.loads;
    moved += attempt.moved;
  }
};

std::string milliseconds(std::chrono::nanoseconds duration) {
  return fmt::format("{:.1f} ms", static_cast<double>(duration.count() / 1000) / 1000.0);
}

// Over the contests in which every strategy of the run took part: others would set averages of
// different programs side by side.
std::string reading(const std::map<std::string, Total>& totals, uint64_t contests) {
  if (contests == 0) return "There is no case in which all strategies were measured.\n\n";
  std::string text = fmt::format("Where all strategies were measured, {}:\n\n",
                                 count(contests, "case"));
  for (const auto& [strategy, total] : totals)
    text += fmt::format(
        "- {}: the last line of the log was there in {} of {}, with {:.1f} loads and {} of log on "
        "average; the best in {} of {}.\n",
        code(strategy), total.useful, count(total.cells, "case"),
        static_cast<double>(total.loads) / static_cast<double>(total.cells),
        count(total.moved / total.cells, "byte"), total.best, contests);
  const auto least = std::ranges::min_element(totals, {}, [](const auto& one) {
    const auto& total = one.second;
    return std::tuple(-static_cast<int64_t>(total.useful * 1000 / total.cells),
                      total.moved / total.cells);
  });
  if (least != totals.end())
    text += fmt::format(
        "\nOf those that got a useful log most often, {} moved least: {} in a case.\n",
        code(least->first), count(least->second.moved / least->second.cells, "byte"));
  return text + "\n";
}

}  // namespace

std::string strategies_page(const Material& material) {
  std::string text(kMarker);
  text +=
      "# Strategies to get a whole log\n\nWhat a loader can do when the log does not fit: "
      "`double` the buffer, ask for the `exact` size that the kernel tells, take the head first "
      "(`fixed-first`), `query` the size without a buffer before. **Useful** is a text that has the "
      "last line of the log: all of it, or its tail. **Best** is the useful one that moves the "
      "fewest bytes of log text in all its loads.\n\n";
  Table table({"program", "kernel", "strategy", "loads", "bytes of log", "time", "errno", "kept",
               "useful"});
  std::map<std::string, Total> totals;
  auto all = contests(material.run);
  std::set<std::string> strategies;
  for (const auto& [contest, attempts] : all)
    for (const auto& attempt : attempts) strategies.insert(attempt.strategy);
  uint64_t complete = 0;
  for (auto& [contest, attempts] : all) {
    const auto& [program, mode, loader, kernel] = contest;
    std::ranges::sort(attempts, {}, &Attempt::strategy);
    const auto best = std::ranges::min(attempts, {}, &Attempt::rank).rank();
    const bool counts = attempts.size() == strategies.size();
    complete += counts ? 1 : 0;
    for (const auto& attempt : attempts) {
      const auto& seen = attempt.cell->attempt.observation;
      const bool is_best = attempts.size() > 1 && attempt.useful && attempt.rank() == best;
      if (counts) totals[attempt.strategy].add(attempt, is_best);
      table.add({fmt::format("{} {}", code(material.run.programs[program].id),
                             code(spec::to_text(mode))),
                 escape_markdown(material.run.kernels[kernel].id),
                 code(attempt.strategy) + (is_best ? " **best**" : ""),
                 fmt::format("{}", attempt.loads), fmt::format("{}", attempt.moved),
                 milliseconds(seen.duration), code(base::errno_name(seen.error)),
                 std::string(name(seen.kept)), attempt.useful ? "yes" : "no"});
    }
  }
  if (table.empty()) return text + "This run has no cell with a strategy.\n\n[All](README.md)\n";
  return text + reading(totals, complete) + table.text() + "[All](README.md)\n";
}

}  // namespace bpfmatrix::compat
