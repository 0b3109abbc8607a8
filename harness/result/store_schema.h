// The store's tables, its version, and its longer statements. The format's page is
// store_schema.cpp: what is there is what is kept.
#pragma once

namespace bpfmatrix::result {

// PRAGMA user_version; grows with every change that an older program would misread.
inline constexpr int kStoreVersion = 4;
// PRAGMA application_id, "BPFM": tells our file from another program's database.
inline constexpr int kStoreApplication = 0x4250464d;

// The tables of a new file are those of both texts.
extern const char* const kStoreSchema;  // runs and their axes, texts
extern const char* const kCellTables;   // cells, observations, attempts: all new in format 3
// What makes a file of format 1 one of format 2, inside one transaction. New columns stand last, as
// ALTER TABLE puts them. Wants the SQL function calls_from_format_1 (call_blob.h).
extern const char* const kUpgradeFrom1;
// What makes a file of format 2 one of format 3: the first, kCellTables, the second.
extern const char* const kUpgradeFrom2Before;
extern const char* const kUpgradeFrom2;
extern const char* const kUpgradeFrom3;  // one of format 4

// Statements with many columns; the order of their values is that of the tables.
extern const char* const kInsertRun;     // all columns but the number
extern const char* const kUpsertKernel;  // run, place, columns: what is there already is updated
extern const char* const kUpsertLoader;
extern const char* const kUpsertProgram;
extern const char* const kInsertAttempt;       // all columns
extern const char* const kInsertObservation;   // all columns but the number
extern const char* const kSelectAttempts;      // of a run, by cell and attempt: cell, cached, and
                                               // the columns of ObservationRow
extern const char* const kSelectObservations;  // that answer a key, newest first: number, digest,
                                               // and the columns of ObservationRow
extern const char* const kSelectRunBefore;     // first attempts of the last run that has the cells
                                               // of a run: cell, then as kSelectObservations
extern const char* const kHeaderColumns;       // of runs: what a RunHeader holds
extern const char* const kSelectRun;           // of a number: them, and what a RunRecord has besides

}  // namespace bpfmatrix::result
