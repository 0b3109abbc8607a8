// A store in a folder of its own, and a way into its file beside it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/files.h"
#include "result/store.h"
#include "small_run.h"

namespace bpfmatrix::result {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest()
      : folder_(*base::TemporaryFolder::make(fs::temp_directory_path(), "bpfmatrix-store-")),
        file_(folder_.path() / "deep" / "results.sqlite") {}

  Store open() {
    auto store = Store::open(file_);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }

  base::Error refusal() {
    auto store = Store::open(file_);
    return store ? base::Error{base::ErrorKind::internal, "it was opened"} : store.error();
  }

  // Runs SQL on the file with SQLite alone and returns the first number of the first row.
  int64_t sql(const std::string& text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    int64_t number = -1;
    const auto take = [](void* out, int count, char** values, char**) {
      if (count > 0 && values[0] != nullptr) *static_cast<int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), take, &number, &message), SQLITE_OK)
        << (message != nullptr ? message : "");
    sqlite3_free(message);
    sqlite3_close(database);
    return number;
  }

  base::TemporaryFolder folder_;
  fs::path file_;
};

// Everything that can be stored, with bytes that are no text.
inline Attempt full_attempt() {
  Attempt attempt;
  attempt.state = AttemptState::measured;
  attempt.note = "a note";
  auto& seen = attempt.observation;
  seen.error = 4007;
  seen.kernel_errno = 13;
  seen.decided_by = DecidedBy::kernel;
  seen.return_value = -4007;
  seen.log_true_size = UINT64_MAX;
  seen.true_size = 0;
  seen.buffer_size = 1;
  seen.log_length = 2;
  seen.kept = Kept::head;
  seen.overrun = UINT32_MAX;
  seen.touched = true;
  seen.verified = true;
  seen.log_head = std::string("a\0b\xff\x1b[31m", 9);
  seen.log_tail = std::string(4096, 'x');
  seen.log_sha256 = std::string(64, 'a');
  seen.messages = "libbpf: ' ; DROP TABLE runs; --";
  seen.calls = {{5, 1, 4096, 144, 13, false, true, 4095},
                {18, UINT32_MAX, 0, 28, 22, true, false, 0}};
  seen.btf_kinds = UINT32_MAX;
  seen.api_true_size = 0;
  seen.needs_call = false;
  seen.duration = std::chrono::nanoseconds(1'234'567);
  return attempt;
}

}  // namespace bpfmatrix::result
