// The program itself, run on played machines: started, watched, killed, and run again.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "result/run_record.h"

namespace bpfmatrix::tests {

namespace fs = std::filesystem;

struct Ended {
  int status = 0;  // as waitpid() tells it
  std::string out, err;
  [[nodiscard]] int code() const;    // exit code, or 128 + signal
  [[nodiscard]] bool killed() const;  // by a signal
};

using Variables = std::map<std::string, std::string>;

class DriverTest : public testing::Test {
 protected:
  DriverTest();

  // Writes the matrix: `scenarios`, one for each kernel, of `levels` x `buffers` cells each.
  void make_matrix(const std::vector<std::string>& scenarios, int levels, int buffers,
                   const std::string& limits = {});
  // A workspace of its own from here on.
  void new_workspace();

  // Words behind "bpfmatrix --workspace W"; run() and resume() add the fake machine and -q.
  pid_t start(const std::vector<std::string>& words, const Variables& variables = {});
  Ended wait(pid_t pid);
  Ended call(const std::vector<std::string>& words, const Variables& variables = {});
  std::vector<std::string> run_words() const;
  std::vector<std::string> resume_words() const;
  Ended run(const Variables& variables = {}) { return call(run_words(), variables); }
  Ended resume(const Variables& variables = {}) { return call(resume_words(), variables); }

  result::RunRecord record(const std::string& run = "latest") const;
  // What was measured, and nothing of when and how often the driver was started.
  static std::string canonical(result::RunRecord run);
  // Machines of this test that are still there, after up to two seconds.
  int machines_left() const;
  std::vector<pid_t> machines() const;
  // Until so many cells of the newest run have an attempt, or the driver has ended.
  void wait_for_cells(pid_t driver, size_t cells) const;
  // The store is whole.
  void expect_sound_store() const;

  base::TemporaryFolder folder_;
  fs::path workspace_;
  fs::path matrix_;
  int workspaces_ = 0;
  int outputs_ = 0;
  std::map<pid_t, fs::path> files_;  // of running programs
};

}  // namespace bpfmatrix::tests
