// Lists of cells: the cells of a run, kept once for all runs of the same plan.
#include <utility>

#include "base/digest.h"
#include "result/json_fields.h"
#include "result/store_state.h"

namespace bpfmatrix::result {
namespace {

using base::ErrorKind;
using base::fail;
using sqlite::bind_values;
using sqlite::execute;
using sqlite::Row;

using Modes = std::map<int64_t, spec::LogMode>;

// Ids hold the names of all axes and the mode; the list itself is compared besides.
std::string digest_of(const std::vector<CellRecord>& cells) {
  base::Sha256 hash;
  std::string piece;
  for (const auto& cell : cells) {
    piece += cell.id;
    piece += '\n';
    if (piece.size() < 1 << 16) continue;
    hash.update(piece);
    piece.clear();
  }
  hash.update(piece);
  return hash.finish();
}

base::Result<spec::LogMode> read_mode(Row& row) {
  spec::LogMode mode;
  const std::string interface = row.text();
  BPFM_TRY(mode.interface, sqlite::known(spec::parse_interface(interface), "interface", interface));
  mode.level = static_cast<uint32_t>(row.number());
  const std::string buffer = row.text();
  BPFM_TRY(mode.buffer, sqlite::known(spec::parse_buffer(buffer), "buffer", buffer));
  const std::string_view extra = row.bytes();
  if (extra != "{}") {
    BPFM_TRY(mode.extra, map_from_json(extra));
  }
  return mode;
}

// Is the stored list, row by row, what is to be stored? One that was damaged is not.
bool is_same(SQLite::Statement& rows, const Modes& modes, const std::vector<CellRecord>& cells) {
  size_t place = 0;
  for (; rows.executeStep(); ++place) {
    if (place >= cells.size()) return false;
    const auto& cell = cells[place];
    Row row(rows);
    if (row.number() != static_cast<int64_t>(place) || row.bytes() != cell.id ||
        row.number() != cell.kernel || row.number() != cell.loader || row.number() != cell.program)
      return false;
    const auto mode = modes.find(row.number());
    if (mode == modes.end() || mode->second != cell.mode) return false;
  }
  return place == cells.size();
}

constexpr const char* kSelectCells =
    "SELECT place, id, kernel, loader, program, mode FROM cells WHERE list=? ORDER BY place";

}  // namespace

// A mode of words that are not ours is left out: who refers to it is told.
std::map<int64_t, spec::LogMode> Store::State::read_modes() {
  Modes modes;
  auto& query = statement("SELECT number, interface, level, buffer, extra FROM modes");
  while (query.executeStep()) {
    Row row(query);
    const int64_t number = row.number();
    if (auto mode = read_mode(row)) modes.emplace(number, std::move(*mode));
  }
  query.reset();
  return modes;
}

std::optional<int64_t> Store::State::keep_cells(const RunRecord& run) {
  if (run.cells.empty()) return std::nullopt;
  const std::string digest = digest_of(run.cells);
  const Modes modes = read_modes();
  std::vector<int64_t> candidates;
  auto& lists = statement("SELECT number FROM cell_lists WHERE sha256=? ORDER BY number DESC");
  bind_values(lists, digest);
  while (lists.executeStep()) candidates.push_back(lists.getColumn(0).getInt64());
  lists.reset();
  for (const int64_t list : candidates) {
    auto& rows = statement(kSelectCells);
    bind_values(rows, list);
    const bool same = is_same(rows, modes, run.cells);
    rows.reset();
    if (same) return list;
  }
  execute(statement("INSERT INTO cell_lists (sha256, cells) VALUES (?,?)"), digest,
          static_cast<int64_t>(run.cells.size()));
  const int64_t list = database.getLastInsertRowid();
  // Found by what the rows say, not by an index: a damaged row is passed over.
  std::map<spec::LogMode, int64_t> numbers;
  for (const auto& [number, mode] : modes) numbers.emplace(mode, number);
  auto& insert = statement("INSERT INTO cells VALUES (?,?,?,?,?,?,?)");
  int64_t place = 0;
  for (const auto& cell : run.cells) {
    auto& mode = numbers[cell.mode];
    if (mode == 0) {
      execute(statement("INSERT INTO modes (interface, level, buffer, extra) VALUES (?,?,?,?)"),
              spec::name(cell.mode.interface), int64_t{cell.mode.level},
              std::string_view(spec::to_text(cell.mode.buffer)),
              std::string_view(map_to_json(cell.mode.extra)));
      mode = database.getLastInsertRowid();
    }
    execute(insert, list, place++, cell.id, int64_t{cell.kernel}, int64_t{cell.loader},
            int64_t{cell.program}, mode);
  }
  return list;
}

base::Status Store::State::read_cells(int64_t number, RunRecord& run) {
  const Modes modes = read_modes();
  auto& count = statement(
      "SELECT count(*) FROM cells WHERE list=(SELECT cell_list FROM runs WHERE number=?)");
  bind_values(count, number);
  count.executeStep();
  run.cells.reserve(static_cast<size_t>(count.getColumn(0).getInt64()));
  count.reset();
  auto& query = statement(
      "SELECT c.id, c.kernel, c.loader, c.program, c.mode FROM runs r CROSS JOIN cells c ON "
      "c.list=r.cell_list WHERE r.number=? ORDER BY c.place");
  bind_values(query, number);
  while (query.executeStep()) {
    Row row(query);
    auto& cell = run.cells.emplace_back();
    cell.attempts = 0;
    cell.id = row.text();
    cell.kernel = static_cast<uint32_t>(row.number());
    cell.loader = static_cast<uint32_t>(row.number());
    cell.program = static_cast<uint32_t>(row.number());
    const auto mode = modes.find(row.number());
    if (mode == modes.end() || cell.kernel >= run.kernels.size() ||
        cell.loader >= run.loaders.size() || cell.program >= run.programs.size())
      return fail(ErrorKind::invalid_input, "{}: cell {}", kDamaged, cell.id);
    cell.mode = mode->second;
  }
  query.reset();
  return {};
}

}  // namespace bpfmatrix::result
