// The store's tables, its version, and its longer statements. The format's page is
// store_schema.cpp: what is there is what is kept.
#pragma once

namespace bpfmatrix::result {

// PRAGMA user_version; grows with every change that an older program would misread.
inline constexpr int kStoreVersion = 2;
// PRAGMA application_id, "BPFM": tells our file from another program's database.
inline constexpr int kStoreApplication = 0x4250464d;

// All tables, for a new file.
extern const char* const kStoreSchema;
// What makes a file of format 1 one of format 2, inside one transaction. New columns stand last, as
// ALTER TABLE puts them. Wants the SQL function calls_from_format_1 (call_blob.h).
extern const char* const kUpgradeFrom1;

// Statements with many columns; the order of their values is that of the tables.
extern const char* const kInsertRun;     // all columns but the number
extern const char* const kUpsertKernel;  // run, place, columns: what is there already is updated
extern const char* const kUpsertLoader;
extern const char* const kUpsertProgram;
extern const char* const kInsertAttempt;  // all columns but the attempt's number, which is the next
extern const char* const kSelectAttempts;  // of a run, by cell and attempt, with their texts
extern const char* const kHeaderColumns;   // of runs: what a RunHeader holds

}  // namespace bpfmatrix::result
