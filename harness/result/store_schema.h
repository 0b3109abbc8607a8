// The store's tables and its version. The format's page is this file: what is here is what is kept.
#pragma once

namespace bpfmatrix::result {

// PRAGMA user_version; grows with every change that an older program would misread.
inline constexpr int kStoreVersion = 1;
// PRAGMA application_id, "BPFM": tells our file from another program's database.
inline constexpr int kStoreApplication = 0x4250464d;

extern const char* const kStoreSchema;

}  // namespace bpfmatrix::result
