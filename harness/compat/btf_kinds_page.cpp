#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.h"
#include "compat/each_page.h"
#include "compat/markup.h"
#include "report/cell_text.h"
#include "report/markdown_text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using report::escape_markdown;
using result::CellRecord;
using spec::Interface;

struct Row {
  std::string_view program, title;
};
// The kind that most kernels' own BTF has and old libraries cannot read comes first.
constexpr std::array<Row, 9> kRows = {{
    {"btf_enum64", "an object with ENUM64"},
    {"btf_float", "an object with FLOAT"},
    {"btf_decl_tag", "an object with DECL_TAG"},
    {"btf_type_tag", "an object with TYPE_TAG"},
    {"core_relocation", "CO-RE: needs the kernel's BTF"},
    {"fentry", "fentry: needs the kernel's BTF"},
    {"struct_ops", "struct_ops: needs the kernel's BTF"},
    {"map_only", "a map, no need of BTF"},
    {"global_data", "global data, its own BTF"},
}};

std::optional<uint32_t> program_of(const result::RunRecord& run, std::string_view id) {
  for (uint32_t i = 0; i < run.programs.size(); ++i)
    if (run.programs[i].id == id) return i;
  return std::nullopt;
}

bool plain(const spec::LogMode& mode) {
  return mode.level == 0 && mode.buffer.kind == spec::Buffer::Kind::none && mode.extra.empty();
}

std::string shown(const Material& material, uint32_t cell) {
  const auto& record = material.run.cells[cell];
  const auto text = report::cell_text(material.run, record, material.judgement.verdicts[cell]);
  std::string out = "**" + escape_markdown(std::string(1, text.letter)) + "**";
  if (!text.detail.empty()) out += " " + escape_markdown(text.detail);
  if (text.letter == 'E' || text.letter == 'M' || text.letter == 'R')
    out += " " + code(base::errno_name(record.attempt.observation.error));
  return out;
}

std::string loads_text(const Material& material) {
  const auto& run = material.run;
  Table table(kernel_header(run, {"load", "loader"}));
  const auto add = [&](const std::string& title, auto matches) {
    Grid grid(run);
    for (uint32_t i = 0; i < run.cells.size(); ++i)
      if (matches(run.cells[i]))
        grid.set(run.cells[i].kernel, run.cells[i].loader, shown(material, i));
    grid.add_to(table, title);
  };
  for (const auto& row : kRows)
    if (const auto program = program_of(run, row.program))
      add(fmt::format("{}: {}", code(row.program), row.title), [&](const CellRecord& cell) {
        return cell.program == *program && cell.mode.interface == Interface::object_load &&
               plain(cell.mode);
      });
  if (table.empty()) return "No such load was measured.\n\n";
  std::string legend;
  for (const char letter : report::all_letters())
    if (std::string_view("LRTEMFX").find(letter) != std::string_view::npos)
      legend += "- " + escape_markdown(report::legend_line(letter)) + "\n";
  return table.text() + legend + "\n";
}

std::string parses_text(const Material& material) {
  Grid grid(material.run);
  for (uint32_t i = 0; i < material.run.cells.size(); ++i) {
    const auto& cell = material.run.cells[i];
    if (cell.mode.interface == Interface::kernel_btf && cell.mode.extra.empty())
      grid.set(cell.kernel, cell.loader, shown(material, i));
  }
  const auto text = grid.text();
  return text.empty() ? "This run did not ask.\n\n" : text;
}

// Kinds that the object of a program has: what the bare system call passed of it.
std::map<uint32_t, uint32_t> kinds_of_objects(const result::RunRecord& run) {
  std::map<std::string, uint32_t> by_object;
  for (const auto& cell : run.cells)
    if (cell.mode.interface == Interface::btf_load && run.loaders[cell.loader].kind == "raw" &&
        cell.attempt.state == result::AttemptState::measured)
      by_object[run.programs[cell.program].object_sha256] |= cell.attempt.observation.btf_kinds;
  std::map<uint32_t, uint32_t> kinds;
  for (uint32_t i = 0; i < run.programs.size(); ++i)
    if (const auto at = by_object.find(run.programs[i].object_sha256);
        at != by_object.end() && at->second != 0)
      kinds[i] = at->second;
  return kinds;
}

std::string difference(uint32_t object, uint32_t uploaded) {
  if (object == uploaded) return "all as they are";
  std::string text;
  const auto add = [&](const char* what, uint32_t kinds) {
    if (kinds == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", what,
                        escape_markdown(report::join(result::btf_kind_names(kinds), " ")));
  };
  add("without", object & ~uploaded);
  add("in their place", uploaded & ~object);
  return text;
}

std::string sanitised_text(const Material& material) {
  const auto& run = material.run;
  Table table(kernel_header(run, {"program", "loader"}));
  for (const auto& [program, kinds] : kinds_of_objects(run)) {
    Grid grid(run);
    for (const auto& cell : run.cells)
      if (cell.program == program && cell.mode.interface == Interface::object_load &&
          plain(cell.mode) && cell.attempt.observation.btf_kinds != 0)
        grid.set(cell.kernel, cell.loader,
                 difference(kinds, cell.attempt.observation.btf_kinds));
    grid.add_to(table, fmt::format("{}: {}", code(run.programs[program].id),
                                   escape_markdown(report::join(
                                       result::btf_kind_names(kinds), " "))));
  }
  const auto text = table.text();
  return text.empty() ? "No upload of an object's BTF was recorded.\n\n" : text;
}

// The kind that breaks old libraries, in the kernels' own BTF as raw walked over it.
std::string enum64_text(const result::RunRecord& run) {
  constexpr uint32_t kEnum64 = 1U << 19;  // include/uapi/linux/btf.h, BTF_KIND_ENUM64
  std::vector<std::string> with, without;
  for (const auto& cell : run.cells) {
    const uint32_t kinds = cell.attempt.observation.btf_kinds;
    if (cell.mode.interface != Interface::kernel_btf || kinds == 0) continue;
    auto& list = (kinds & kEnum64) != 0 ? with : without;
    const auto id = code(run.kernels[cell.kernel].id);
    if (std::ranges::find(list, id) == list.end()) list.push_back(id);
  }
  if (with.empty() && without.empty()) return "\n\n";
  std::string text = "ENUM64 stands in the BTF of ";
  text += with.empty() ? "no kernel" : report::join(with, ", ");
  if (!without.empty()) text += "; not in that of " + report::join(without, ", ");
  return text + ".\n\n";
}

}  // namespace

std::string btf_kinds_page(const Material& material) {
  std::string text(kMarker);
  text += "# BTF kinds\n\n## Which library reads the kernel's BTF\n\n";
  text += "Interface `kernel_btf`: the library parses `/sys/kernel/btf/vmlinux`. ";
  text += enum64_text(material.run);
  text += parses_text(material);
  text += "## Which object loads\n\n";
  text += "`object_load`, level 0, the library's own buffer.\n\n" + loads_text(material);
  text += "## What was sanitised\n\n";
  text +=
      "Kinds in the BTF that the library passed to the kernel, against those of the object as "
      "it is.\n\n";
  return text + sanitised_text(material) + "[All](README.md)\n";
}

}  // namespace bpfmatrix::compat
