#include "result/run_digest.h"

#include <unordered_map>

#include "base/digest.h"
#include "result/field_bytes.h"
#include "result/json_fields.h"
#include "result/observation_row.h"

namespace bpfmatrix::result {
namespace {

// Changes with what is digested: runs with an older one would seem damaged.
constexpr std::string_view kSchema = "bpfmatrix run 1";

// Each text is digested once, however many cells share it.
class TextDigest {
 public:
  std::string of(const SharedText& text) {
    if (text.empty()) return {};
    auto& digest = known_[text.str().data()];
    if (digest.empty()) digest = base::sha256_hex(text);
    return digest;
  }

 private:
  std::unordered_map<const char*, std::string> known_;
};

void add_header(FieldBytes& bytes, const RunRecord& run) {
  const auto& h = run.header;
  for (const auto* field : {&h.id, &h.matrix, &h.started, &h.finished, &h.program_version,
                            &h.qemu_version, &h.accel, &h.host, &h.matrix_file, &h.selection})
    bytes.add(*field);
  bytes.add(strings_to_json(h.notes));
  bytes.add(expectations_to_json(run.expectations));
  bytes.add(strings_to_json(run.required_kernels));
  bytes.add(strings_to_json(run.laws));
}

void add_axes(FieldBytes& bytes, const RunRecord& run) {
  bytes.add(uint64_t{run.kernels.size()});
  for (const auto& k : run.kernels)
    for (const auto* field : {&k.id, &k.release, &k.vendor, &k.series, &k.arch, &k.backend,
                              &k.accel, &k.source, &k.sha256, &k.upstream, &k.problem,
                              &k.isolation})
      bytes.add(*field);
  bytes.add(uint64_t{run.loaders.size()});
  for (const auto& l : run.loaders)
    for (const auto* field : {&l.id, &l.kind, &l.version, &l.sha256, &l.source, &l.problem})
      bytes.add(*field);
  bytes.add(uint64_t{run.programs.size()});
  for (const auto& p : run.programs)
    for (const auto* field : {&p.id, &p.object_sha256, &p.function, &p.section})
      bytes.add(*field);
}

void add_cell(FieldBytes& bytes, const CellRecord& cell, TextDigest& texts) {
  bytes.add(cell.id);
  for (const uint32_t place : {cell.kernel, cell.loader, cell.program, cell.attempts})
    bytes.add(uint64_t{place});
  bytes.add(spec::to_text(cell.mode));
  bytes.add(map_to_json(cell.mode.extra));
  bytes.add(uint64_t{cell.flaky});
  bytes.add(uint64_t{cell.cached});
  if (cell.attempts == 0) return;
  TextDigests digests;
  if (!cell.attempt.note.empty()) digests.note = base::sha256_hex(cell.attempt.note);
  digests.head = texts.of(cell.attempt.observation.log_head);
  digests.tail = texts.of(cell.attempt.observation.log_tail);
  digests.messages = texts.of(cell.attempt.observation.messages);
  bytes.add(observation_digest(cell.key, cell.attempt, digests));
}

}  // namespace

std::string run_digest(const RunRecord& run) {
  base::Sha256 hash;
  FieldBytes bytes;
  TextDigest texts;
  bytes.add(kSchema);
  add_header(bytes, run);
  add_axes(bytes, run);
  bytes.add(uint64_t{run.cells.size()});
  for (const auto& cell : run.cells) {
    add_cell(bytes, cell, texts);
    if (bytes.all().size() < 1 << 16) continue;
    hash.update(bytes.all());
    bytes.clear();
  }
  hash.update(bytes.all());
  return hash.finish();
}

}  // namespace bpfmatrix::result
