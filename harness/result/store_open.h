// What is done with a store's file before it is used: whose it is, damage, format, settings.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "base/error.h"
#include "result/store.h"

namespace bpfmatrix::result {

// `size`: bytes of the file before it was opened; 0 for a new one. Errors as Store::open() says.
base::Status prepare_database(SQLite::Database& database, uintmax_t size, Check check);

}  // namespace bpfmatrix::result
