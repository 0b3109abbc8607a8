#include "result/store_schema.h"

namespace bpfmatrix::result {

// `run` is runs.number; `place` is the index into the run's axis or cell list. Words (state,
// decided_by, kept, interface, buffer) are spelt as in results.schema.json, so that the file can be
// asked with any SQLite client. An attempt is never changed once written.
const char* const kStoreSchema = R"sql(
CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  matrix TEXT NOT NULL, matrix_file TEXT NOT NULL, selection TEXT NOT NULL,
  started TEXT NOT NULL, finished TEXT NOT NULL,
  program_version TEXT NOT NULL, qemu_version TEXT NOT NULL, accel TEXT NOT NULL,
  host TEXT NOT NULL,
  notes TEXT NOT NULL,             -- JSON list
  expectations TEXT NOT NULL,      -- JSON
  required_kernels TEXT NOT NULL,  -- JSON list
  laws TEXT NOT NULL DEFAULT '[]'  -- JSON list; format 2
);
CREATE TABLE kernels (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, release TEXT NOT NULL, vendor TEXT NOT NULL, series TEXT NOT NULL,
  arch TEXT NOT NULL, backend TEXT NOT NULL, accel TEXT NOT NULL, source TEXT NOT NULL,
  sha256 TEXT NOT NULL, upstream TEXT NOT NULL, problem TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE loaders (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL,
  source TEXT NOT NULL, problem TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE programs (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, object_sha256 TEXT NOT NULL, function TEXT NOT NULL, section TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE cells (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, key TEXT NOT NULL,
  kernel INTEGER NOT NULL, loader INTEGER NOT NULL, program INTEGER NOT NULL,
  interface TEXT NOT NULL, level INTEGER NOT NULL, buffer TEXT NOT NULL,
  extra TEXT NOT NULL,             -- JSON map
  PRIMARY KEY (run, place),
  FOREIGN KEY (run, kernel) REFERENCES kernels(run, place),
  FOREIGN KEY (run, loader) REFERENCES loaders(run, place),
  FOREIGN KEY (run, program) REFERENCES programs(run, place)
) WITHOUT ROWID;
CREATE TABLE texts (
  number INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL               -- bytes of a guest, never trusted
);
CREATE TABLE attempts (
  run INTEGER NOT NULL, cell INTEGER NOT NULL, attempt INTEGER NOT NULL,
  key TEXT NOT NULL, cached INTEGER NOT NULL, state TEXT NOT NULL,
  error INTEGER NOT NULL, kernel_errno INTEGER NOT NULL, decided_by TEXT NOT NULL,
  return_value INTEGER NOT NULL, log_true_size INTEGER, true_size INTEGER,
  buffer_size INTEGER NOT NULL, log_length INTEGER NOT NULL, kept TEXT NOT NULL,
  overrun INTEGER NOT NULL, touched INTEGER NOT NULL, verified INTEGER NOT NULL,
  btf_unreadable INTEGER NOT NULL,
  log_sha256 TEXT NOT NULL, duration_ns INTEGER NOT NULL,
  calls BLOB NOT NULL,             -- call_blob.h
  note INTEGER REFERENCES texts(number), log_head INTEGER REFERENCES texts(number),
  log_tail INTEGER REFERENCES texts(number), messages INTEGER REFERENCES texts(number),
  btf_kinds INTEGER NOT NULL DEFAULT 0,   -- bit = kind; format 2
  needs_call INTEGER NOT NULL DEFAULT 1,  -- format 2
  api_true_size INTEGER,                  -- format 2
  PRIMARY KEY (run, cell, attempt),
  FOREIGN KEY (run, cell) REFERENCES cells(run, place)
) WITHOUT ROWID;
)sql";

const char* const kUpgradeFrom1 = R"sql(
ALTER TABLE runs ADD COLUMN laws TEXT NOT NULL DEFAULT '[]';
ALTER TABLE attempts ADD COLUMN btf_kinds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN needs_call INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempts ADD COLUMN api_true_size INTEGER;
UPDATE attempts SET calls = calls_from_format_1(calls);
)sql";

const char* const kInsertRun =
    "INSERT INTO runs (id, matrix, matrix_file, selection, started, finished, program_version, "
    "qemu_version, accel, host, notes, expectations, required_kernels, laws) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const char* const kUpsertKernel =
    "INSERT INTO kernels VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (run, place) DO UPDATE SET "
    "release=excluded.release, vendor=excluded.vendor, series=excluded.series, arch=excluded.arch, "
    "backend=excluded.backend, accel=excluded.accel, source=excluded.source, "
    "sha256=excluded.sha256, upstream=excluded.upstream, problem=excluded.problem";
const char* const kUpsertLoader =
    "INSERT INTO loaders VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (run, place) DO UPDATE SET "
    "kind=excluded.kind, version=excluded.version, sha256=excluded.sha256, source=excluded.source, "
    "problem=excluded.problem";
const char* const kUpsertProgram =
    "INSERT INTO programs VALUES (?,?,?,?,?,?) ON CONFLICT (run, place) DO UPDATE SET "
    "object_sha256=excluded.object_sha256, function=excluded.function, section=excluded.section";
const char* const kInsertAttempt =
    "INSERT INTO attempts VALUES (?1,?2,"
    "(SELECT coalesce(max(attempt), 0) + 1 FROM attempts WHERE run=?1 AND cell=?2),"
    "?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28)";
const char* const kSelectAttempts =
    "SELECT a.cell, a.key, a.cached, a.state, a.error, a.kernel_errno, a.decided_by,"
    " a.return_value, a.log_true_size, a.true_size, a.buffer_size, a.log_length, a.kept, a.overrun,"
    " a.touched, a.verified, a.btf_unreadable, a.log_sha256, a.duration_ns, a.calls, "
    "a.btf_kinds, a.needs_call, a.api_true_size, n.body, h.body, t.body, m.body"
    " FROM attempts a LEFT JOIN texts n ON n.number = a.note"
    " LEFT JOIN texts h ON h.number = a.log_head LEFT JOIN texts t ON t.number = a.log_tail"
    " LEFT JOIN texts m ON m.number = a.messages WHERE a.run=? ORDER BY a.cell, a.attempt";
const char* const kHeaderColumns =
    "id, matrix, started, finished, program_version, qemu_version, accel, host, notes, "
    "matrix_file, selection";

}  // namespace bpfmatrix::result
