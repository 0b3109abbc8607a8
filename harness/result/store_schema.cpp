#include "result/store_schema.h"

namespace bpfmatrix::result {

// `run` is runs.number; `place` is the index into the run's axis or cell list. Words (state,
// decided_by, kept, interface, buffer) are spelt as in results.schema.json, so that the file can be
// asked with any SQLite client. An attempt is never changed once written.
//
// A run of an unchanged plan has the cells of the run before: it refers to the same list. What was
// observed is kept once, with the key of what was really run; an attempt refers to it, and one that
// was answered from an earlier run (cached) to the same row as the attempt that measured it.
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
  laws TEXT NOT NULL DEFAULT '[]', -- JSON list; format 2
  cell_list INTEGER,               -- cell_lists.number; NULL: a run without cells; format 3
  request TEXT NOT NULL DEFAULT '',  -- how it was asked for, JSON: run/request_text.h; format 4
  digest TEXT NOT NULL DEFAULT ''    -- of a finished run, run_digest.h; empty: not known; format 4
);
CREATE TABLE kernels (
  run INTEGER NOT NULL REFERENCES runs(number), place INTEGER NOT NULL,
  id TEXT NOT NULL, release TEXT NOT NULL, vendor TEXT NOT NULL, series TEXT NOT NULL,
  arch TEXT NOT NULL,
  backend TEXT NOT NULL,           -- and behind a slash how it is shut in: qemu/bwrap+seccomp
  accel TEXT NOT NULL, source TEXT NOT NULL,
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
CREATE TABLE texts (
  number INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL               -- bytes of a guest, never trusted
);
)sql";

const char* const kCellTables = R"sql(
CREATE TABLE cell_lists (
  number INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL,            -- of all its cells: cell_list.cpp
  cells INTEGER NOT NULL
);
CREATE INDEX cell_lists_by_sha256 ON cell_lists(sha256);
CREATE TABLE modes (
  number INTEGER PRIMARY KEY,
  interface TEXT NOT NULL, level INTEGER NOT NULL, buffer TEXT NOT NULL,
  extra TEXT NOT NULL,             -- JSON map
  UNIQUE (interface, level, buffer, extra)
);
CREATE TABLE cells (
  list INTEGER NOT NULL REFERENCES cell_lists(number), place INTEGER NOT NULL,
  id TEXT NOT NULL,
  kernel INTEGER NOT NULL, loader INTEGER NOT NULL, program INTEGER NOT NULL,  -- places
  mode INTEGER NOT NULL REFERENCES modes(number),
  PRIMARY KEY (list, place)
) WITHOUT ROWID;
CREATE TABLE observations (
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL,               -- of the cell's content; empty: it never got one
  digest TEXT,                     -- sha256 over all of it; NULL: it answers no other run
  state TEXT NOT NULL,
  error INTEGER NOT NULL, kernel_errno INTEGER NOT NULL, decided_by TEXT NOT NULL,
  return_value INTEGER NOT NULL, log_true_size INTEGER, true_size INTEGER,
  buffer_size INTEGER NOT NULL, log_length INTEGER NOT NULL, kept TEXT NOT NULL,
  overrun INTEGER NOT NULL, touched INTEGER NOT NULL, verified INTEGER NOT NULL,
  btf_unreadable INTEGER NOT NULL,
  log_sha256 TEXT NOT NULL, duration_ns INTEGER NOT NULL,
  calls BLOB NOT NULL,             -- call_blob.h
  btf_kinds INTEGER NOT NULL,      -- bit = kind
  needs_call INTEGER NOT NULL, api_true_size INTEGER,
  note INTEGER REFERENCES texts(number), log_head INTEGER REFERENCES texts(number),
  log_tail INTEGER REFERENCES texts(number), messages INTEGER REFERENCES texts(number)
);
CREATE INDEX observations_by_key ON observations(key) WHERE digest IS NOT NULL;
CREATE TABLE attempts (
  run INTEGER NOT NULL, cell INTEGER NOT NULL, attempt INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  observation INTEGER NOT NULL REFERENCES observations(number),
  PRIMARY KEY (run, cell, attempt)
) WITHOUT ROWID;
)sql";

const char* const kUpgradeFrom1 = R"sql(
ALTER TABLE runs ADD COLUMN laws TEXT NOT NULL DEFAULT '[]';
ALTER TABLE attempts ADD COLUMN btf_kinds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN needs_call INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempts ADD COLUMN api_true_size INTEGER;
UPDATE attempts SET calls = calls_from_format_1(calls);
)sql";

const char* const kUpgradeFrom2Before = R"sql(
ALTER TABLE attempts RENAME TO attempts_2;
ALTER TABLE cells RENAME TO cells_2;
ALTER TABLE runs ADD COLUMN cell_list INTEGER;
)sql";

// Each run keeps a list of its own, and no old observation answers a new run: format 2 had no
// digest that would tell a damaged one.
const char* const kUpgradeFrom2 = R"sql(
INSERT INTO cell_lists SELECT run, 'run ' || run, count(*) FROM cells_2 GROUP BY run;
UPDATE runs SET cell_list=(SELECT number FROM cell_lists WHERE number=runs.number);
INSERT INTO modes (interface, level, buffer, extra)
  SELECT DISTINCT interface, level, buffer, extra FROM cells_2;
INSERT INTO cells
  SELECT c.run, c.place, c.id, c.kernel, c.loader, c.program, m.number
  FROM cells_2 c JOIN modes m ON m.interface=c.interface AND m.level=c.level
    AND m.buffer=c.buffer AND m.extra=c.extra;
INSERT INTO observations
  SELECT row_number() OVER (ORDER BY run, cell, attempt), key, NULL, state, error, kernel_errno,
    decided_by, return_value, log_true_size, true_size, buffer_size, log_length, kept, overrun,
    touched, verified, btf_unreadable, log_sha256, duration_ns, calls, btf_kinds, needs_call,
    api_true_size, note, log_head, log_tail, messages
  FROM attempts_2;
INSERT INTO attempts
  SELECT run, cell, attempt, cached, row_number() OVER (ORDER BY run, cell, attempt)
  FROM attempts_2;
DROP TABLE attempts_2;
DROP TABLE cells_2;
)sql";

const char* const kUpgradeFrom3 = R"sql(
ALTER TABLE runs ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN digest TEXT NOT NULL DEFAULT '';
)sql";

const char* const kInsertRun =
    "INSERT INTO runs (id, matrix, matrix_file, selection, started, finished, program_version, "
    "qemu_version, accel, host, notes, expectations, required_kernels, laws, "
    "cell_list, request) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
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
const char* const kInsertAttempt = "INSERT INTO attempts VALUES (?,?,?,?,?)";
const char* const kInsertObservation =
    "INSERT INTO observations VALUES "
    "(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
#define BPFM_OBSERVATION_COLUMNS                                                                 \
  "o.key, o.state, o.error, o.kernel_errno, o.decided_by, o.return_value, o.log_true_size, "     \
  "o.true_size, o.buffer_size, o.log_length, o.kept, o.overrun, o.touched, o.verified, "         \
  "o.btf_unreadable, o.log_sha256, o.duration_ns, o.calls, o.btf_kinds, o.needs_call, "          \
  "o.api_true_size, o.note, o.log_head, o.log_tail, o.messages"
const char* const kSelectAttempts =
    "SELECT a.cell, a.cached, " BPFM_OBSERVATION_COLUMNS
    " FROM attempts a CROSS JOIN observations o ON o.number = a.observation"
    " WHERE a.run=? ORDER BY a.cell, a.attempt";
const char* const kSelectObservations =
    "SELECT o.number, o.digest, " BPFM_OBSERVATION_COLUMNS
    " FROM observations o WHERE o.key=? AND o.digest IS NOT NULL ORDER BY o.number DESC";
const char* const kSelectRunBefore =
    "SELECT a.cell, o.number, o.digest, " BPFM_OBSERVATION_COLUMNS
    " FROM attempts a CROSS JOIN observations o ON o.number = a.observation WHERE a.run="
    "(SELECT max(b.number) FROM runs b JOIN runs r ON b.cell_list=r.cell_list AND "
    "b.number<r.number WHERE r.number=?) AND a.attempt=1 ORDER BY a.cell";
#undef BPFM_OBSERVATION_COLUMNS
#define BPFM_HEADER_COLUMNS                                                                  \
  "id, matrix, started, finished, program_version, qemu_version, accel, host, notes, "      \
  "matrix_file, selection"
const char* const kHeaderColumns = BPFM_HEADER_COLUMNS;
const char* const kSelectRun = "SELECT " BPFM_HEADER_COLUMNS
                               ", expectations, required_kernels, laws FROM runs WHERE number=?";
#undef BPFM_HEADER_COLUMNS

}  // namespace bpfmatrix::result
