// How the store speaks with SQLite: errors, binding, rows. Only the store's own files include this.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace bpfmatrix::result {

// What is told of a file that is no longer what was written, with what a person can do.
inline constexpr std::string_view kDamaged =
    "the database is damaged: move it aside and start anew (kernels and loaders stay); \"sqlite3 FILE "
    ".recover\" shows what can be read of it";

// And of one that may be whole, on a disk that fails.
inline constexpr std::string_view kUnreadable = "the database cannot be read";

}  // namespace bpfmatrix::result

namespace bpfmatrix::result::sqlite {

// What went wrong: no_space, io, or invalid_input for a file that is no longer what was written.
// `database`: null when `file` could not be opened.
[[nodiscard]] base::Error error_of(const SQLite::Exception& error, SQLite::Database* database,
                                   const std::filesystem::path& file);

// The errno of the last call on the database's files that failed, 0 where none did or none is known.
[[nodiscard]] int host_errno(SQLite::Database& database);

// Calls `body`, a library exception becoming an Error.
template <typename Body>
auto guarded(SQLite::Database& database, std::string_view what, Body body) -> decltype(body()) {
  try {
    return std::move(body()).in(what);
  } catch (const SQLite::Exception& error) {
    return error_of(error, &database, database.getFilename()).in(what);
  }
}

inline void bind_one(SQLite::Statement& to, int at, const std::string& text) {
  to.bindNoCopy(at, text);
}
inline void bind_one(SQLite::Statement& to, int at, std::string_view text) {
  to.bind(at, std::string(text));
}
inline void bind_one(SQLite::Statement& to, int at, int64_t number) {
  to.bind(at, number);
}
template <typename T>
void bind_one(SQLite::Statement& to, int at, const std::optional<T>& value) {
  if (value) {
    bind_one(to, at, *value);
  } else {
    to.bind(at);
  }
}

// Binds all values in order; texts must live until the statement is reset.
template <typename... Values>
void bind_values(SQLite::Statement& to, const Values&... values) {
  to.tryReset();  // reset() would throw the error of a run before
  int at = 0;
  (bind_one(to, ++at, values), ...);
}

template <typename... Values>
void execute(SQLite::Statement& statement, const Values&... values) {
  bind_values(statement, values...);
  statement.exec();
  statement.reset();
}

// SQLite has no unsigned numbers: the same 64 bits, there and back.
inline int64_t stored(uint64_t number) {
  return static_cast<int64_t>(number);
}
inline std::optional<int64_t> stored(const std::optional<uint64_t>& number) {
  return number ? std::optional(static_cast<int64_t>(*number)) : std::nullopt;
}

// The columns of the current row, one after the other.
class Row {
 public:
  explicit Row(SQLite::Statement& of) : of_(of) {}
  std::string text() { return std::string(bytes()); }
  std::string_view bytes() {  // valid until the next step
    const auto column = of_.getColumn(at_++);
    return {static_cast<const char*>(column.getBlob()), static_cast<size_t>(column.getBytes())};
  }
  int64_t number() { return of_.getColumn(at_++).getInt64(); }
  uint64_t size() { return static_cast<uint64_t>(number()); }
  std::optional<int64_t> maybe_number() {
    const auto column = of_.getColumn(at_++);
    return column.isNull() ? std::nullopt : std::optional<int64_t>(column.getInt64());
  }
  std::optional<uint64_t> maybe_size() {
    const auto value = maybe_number();
    return value ? std::optional(static_cast<uint64_t>(*value)) : std::nullopt;
  }

 private:
  SQLite::Statement& of_;
  int at_ = 0;
};

// A word of the database that must be one of ours.
template <typename T>
base::Result<T> known(std::optional<T> value, const char* what, std::string_view word) {
  if (value) return *value;
  return base::fail(base::ErrorKind::invalid_input, "{}: {} \"{}\"", kDamaged, what, word);
}

}  // namespace bpfmatrix::result::sqlite
