#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "compat/each_page.h"
#include "compat/evidence.h"
#include "compat/markup.h"
#include "compat/statement.h"
#include "law/call_text.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using report::escape_markdown;
using result::CellRecord;

constexpr size_t kShownSequences = 40;
constexpr size_t kShownMessages = 25;

// Cells of the loader that were measured.
std::vector<const CellRecord*> cells_of(const result::RunRecord& run, uint32_t loader) {
  std::vector<const CellRecord*> cells;
  for (const auto& cell : run.cells)
    if (cell.loader == loader && cell.attempt.state == result::AttemptState::measured)
      cells.push_back(&cell);
  return cells;
}

// A line for each law or feature, a column for each kernel.
std::string verdicts_text(const Material& material, uint32_t loader, spec::Law::Kind kind) {
  std::string text;
  for (const auto& group : by_group(material.laws, kind)) {
    Table table(kernel_header(material.run, {prose(group.title)}));
    for (const auto i : group.laws) {
      const auto& result = material.findings.results[i];
      std::vector<std::string> row = {law_link(material.laws[i].id, "../laws/")};
      bool any = false;
      for (uint32_t kernel = 0; kernel < material.run.kernels.size(); ++kernel) {
        const auto* point = result.find(kernel, loader);
        any |= point != nullptr;
        row.push_back(point == nullptr ? "" : lettered(material.laws[i], point->verdict));
      }
      if (any) table.add(std::move(row));
    }
    text += table.text();
  }
  return text.empty() ? "None was measured with this loader.\n\n" : text;
}

struct Seen {
  uint32_t cells = 0;
  const CellRecord* first = nullptr;

  void add(const CellRecord& cell) {
    if (cells++ == 0) first = &cell;
  }
};

template <typename Key>
std::vector<std::pair<Key, Seen>> most_first(const std::map<Key, Seen>& seen) {
  std::vector<std::pair<Key, Seen>> sorted(seen.begin(), seen.end());
  std::ranges::stable_sort(
      sorted, [](const auto& a, const auto& b) { return a.second.cells > b.second.cells; });
  return sorted;
}

std::string more_text(size_t all, size_t shown, const char* what) {
  if (all <= shown) return {};
  return fmt::format("{} {} are not shown.\n\n", all - shown, what);
}

std::string attr_sizes_text(const std::vector<const CellRecord*>& cells) {
  std::map<std::tuple<std::string, uint32_t>, Seen> sizes;
  for (const auto* cell : cells) {
    if (cell->mode.extra.contains("attr_size")) continue;  // the cell's choice, not the loader's
    for (const auto& call : cell->attempt.observation.calls)
      if (call.measured)
        sizes[{result::command_name(call.cmd), call.attr_size}].add(*cell);
  }
  Table table({"command", "bytes of the attribute", "cells", "for example"});
  for (const auto& [key, seen] : sizes)
    table.add({code(std::get<0>(key)), fmt::format("{}", std::get<1>(key)),
               fmt::format("{}", seen.cells), code(seen.first->id)});
  const auto text = table.text();
  return "## Sizes of attributes\n\n" + (text.empty() ? "No call was recorded.\n\n" : text);
}

std::string sequences_text(const std::vector<const CellRecord*>& cells, spec::Interface interface,
                           const char* title) {
  std::map<std::string, Seen> sequences;
  for (const auto* cell : cells)
    if (cell->mode.interface == interface && cell->mode.extra.empty())
      sequences[calls_text(cell->attempt.observation)].add(*cell);
  Table table({"calls for the program", "cells", "for example"});
  const auto sorted = most_first(sequences);
  for (size_t i = 0; i < sorted.size() && i < kShownSequences; ++i)
    table.add({sorted[i].first, fmt::format("{}", sorted[i].second.cells),
               code(sorted[i].second.first->id)});
  if (table.empty()) return {};
  return fmt::format("## {}\n\n", title) + table.text() +
         more_text(sorted.size(), kShownSequences, "rarer sequences");
}

std::string messages_text(const std::vector<const CellRecord*>& cells) {
  std::map<std::string, Seen> messages;
  for (const auto* cell : cells) {
    if (cell->attempt.state != result::AttemptState::measured) continue;
    const auto line = report::single_line(cell->attempt.observation.messages.str(), 200);
    if (!line.empty()) messages[line].add(*cell);
  }
  Table table({"text", "cells", "for example"});
  const auto sorted = most_first(messages);
  for (size_t i = 0; i < sorted.size() && i < kShownMessages; ++i)
    table.add({code(sorted[i].first), fmt::format("{}", sorted[i].second.cells),
               code(sorted[i].second.first->id)});
  const auto text = table.text();
  return "## What it prints\n\n" +
         (text.empty() ? "Nothing was seen.\n\n"
                       : text + more_text(sorted.size(), kShownMessages, "rarer texts"));
}

// libbpf keeps its probes' answers for its process: only a fresh process shows them.
std::string probes_text(const Material& material, const std::vector<const CellRecord*>& cells) {
  Table table({"kernel", "cell", "probes, in order"});
  for (const auto* cell : cells) {
    const auto process = cell->mode.extra.find("process");
    if (process == cell->mode.extra.end() || process->second != "fresh") continue;
    std::string all;
    for (const auto& text : law::call_texts(cell->attempt.observation, true))
      all += (all.empty() ? "" : " ") + text;
    table.add({escape_markdown(material.run.kernels[cell->kernel].id), code(cell->id),
               code(all, 2000)});
  }
  const auto text = table.text();
  return "## Feature probes\n\nWhat a fresh process asks the kernel before the program, as "
         "`command(log level,log size)=errno`.\n\n" +
         (text.empty() ? "No cell with a process of its own was measured.\n\n" : text);
}

}  // namespace

std::string loader_page(const Material& material, uint32_t loader) {
  const auto& record = material.run.loaders[loader];
  const auto cells = cells_of(material.run, loader);
  std::string text(kMarker);
  text += fmt::format("# {}\n\n", escape_markdown(record.id));
  if (!record.version.empty())
    text += fmt::format("Version {}, {}. ", escape_markdown(record.version),
                        escape_markdown(record.source));
  text += fmt::format("{} measured.\n\n", count(cells.size(), "cell"));
  if (!record.problem.empty())
    text += escape_markdown(report::single_line(record.problem)) + "\n\n";
  text += "## Features\n\n" + verdicts_text(material, loader, spec::Law::Kind::feature);
  text += "## Laws\n\n" + verdicts_text(material, loader, spec::Law::Kind::law);
  text += attr_sizes_text(cells);
  text += sequences_text(cells, spec::Interface::object_load, "Calls of an object load");
  text += sequences_text(cells, spec::Interface::prog_load, "Calls of a low-level program load");
  text += sequences_text(cells, spec::Interface::btf_load, "Calls of a BTF load");
  return text + messages_text(cells) + probes_text(material, cells) + "[All](../README.md)\n";
}

}  // namespace bpfmatrix::compat
