// What SQLite says of a failure, told as what it is. A page that cannot be read is called a malformed
// database by it (an EIO becomes SQLITE_CORRUPT), and of a journal that it could not make or sync it
// keeps no errno: so the files are asked, and then the disk.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <filesystem>

#include "base/files.h"
#include "result/sqlite.h"

namespace bpfmatrix::result::sqlite {
namespace {

using base::ErrorKind;

// What a file needs to be more than its name on any file system.
constexpr size_t kProbe = 64 << 10;

// no_space when nothing more can be written where the database is.
base::Status ask_for_room(const std::filesystem::path& file) {
  auto folder = base::TemporaryFolder::make(file.parent_path(), "room-");
  if (!folder) return folder.error();
  return base::write_file(folder->path() / "probe", std::string(kProbe, 'x'));
}

}  // namespace

int host_errno(SQLite::Database& database) {
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    int number = 0;
    if (::sqlite3_file_control(database.getHandle(), "main", which, &file) == SQLITE_OK &&
        file != nullptr && file->pMethods != nullptr &&
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) == SQLITE_OK &&
        number != 0)
      return number;
  }
  return 0;
}

base::Error error_of(const SQLite::Exception& error, SQLite::Database* database,
                     const std::filesystem::path& file) {
  const int code = error.getErrorCode() & 0xff;  // without what an extended one adds
  const int number = database == nullptr ? 0 : host_errno(*database);
  switch (code) {
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
      base::Error told{ErrorKind::io, error.what()};
      if (number != 0) told = base::io_error(number, error.what());
      if (told.kind == ErrorKind::no_space) return told;
      const auto room = ask_for_room(file);
      return !room && room.error().kind == ErrorKind::no_space ? room.error() : told;
    }
    case SQLITE_FULL:
      return {ErrorKind::no_space, "the disk is full"};
    case SQLITE_NOTADB:
      return {ErrorKind::invalid_input, "this is not a results database"};
    case SQLITE_CORRUPT:
      if (number != 0) return base::io_error(number, kUnreadable);
      return {ErrorKind::invalid_input, fmt::format("{}: {}", kDamaged, error.what())};
    case SQLITE_BUSY:
      return {ErrorKind::io, "another process is writing to it"};
    case SQLITE_CONSTRAINT:
      return {ErrorKind::internal, fmt::format("it refuses the rows: {}", error.what())};
    default:
      return {ErrorKind::io, error.what()};
  }
}

}  // namespace bpfmatrix::result::sqlite
