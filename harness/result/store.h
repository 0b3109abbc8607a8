// The store: SQLite, one file, many runs. WAL; a transaction per batch of results, durable at its
// end (synchronous=FULL); log texts once per digest, the cells of a plan once for all its runs.
// Observations answer later runs by their content key. Not thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "result/run_record.h"

namespace bpfmatrix::result {

struct CellResult {
  uint32_t cell = 0;  // index into the run's cells
  std::string key;
  Attempt attempt;
  bool cached = false;  // not run now: taken from an earlier run
};

// A cell that may have been measured before, under the key that it has now.
struct Question {
  uint32_t cell = 0;
  std::string key;
};

// What loads of one program on one kernel took.
struct LoadTimes {
  std::string kernel, program;  // ids
  std::chrono::nanoseconds sum{0};
  uint64_t loads = 0;
};

// What the store holds.
struct StoreSize {
  uint64_t runs = 0;
  uint64_t observations = 0;
  uint64_t answering = 0;  // observations that can answer a later run
  uint64_t texts = 0, text_bytes = 0;
  uint64_t file_bytes = 0;  // the file, as large as it is now
};

// What drop_unused() dropped.
struct Dropped {
  std::vector<std::string> runs;  // ids
  uint64_t observations = 0, texts = 0;
};

// How much of the file is looked at when it is opened: a small one always, or any (a second for some
// hundred MiB). The latter after a run did not end well.
enum class Check { when_small, whole };

class Store {
 public:
  // Opens or makes the file. invalid_input for a file of a newer version or a broken one, no_space
  // when the disk is full.
  static base::Result<Store> open(const std::filesystem::path& file,
                                  Check check = Check::when_small);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // Writes header, axes, expectations and all cells of a new run; cells start as not_reached.
  // `request`: how it was asked for, to continue it; empty when it cannot be.
  base::Status begin_run(const RunRecord& run, const std::string& request = {});
  // Cells without an attempt, before any machine starts: each whose key has an observation gets it
  // as a cached attempt; true for those. What answers: an attempt of any run that was the only one
  // at its cell, made by that run and not cached itself, in a state of which the loader in the
  // guest spoke (measured, not_expressible, not_measurable), and whole: its digest is checked. The
  // one of the last run of the same cells is preferred, then the newest. Only what was seen is
  // taken, never a verdict. Questions by cell, ascending. One transaction.
  base::Result<std::vector<bool>> answer(const std::string& run,
                                         std::span<const Question> questions);
  // Which of them answer() would answer, in a run of its own; changes nothing.
  base::Result<std::vector<bool>> answerable(std::span<const Question> questions);
  base::Result<StoreSize> size();
  // Drops the runs that started before `before` (UTC, as a header's `started`), but for the newest
  // finished one of each matrix, and then what no run that is left has used: observations, texts,
  // lists of cells. A run without an end is kept while it is younger than `unfinished_before`: it
  // may be going on. The file shrinks. `rehearse`: nothing is dropped, only counted.
  base::Result<Dropped> drop_unused(const std::string& before, const std::string& unfinished_before,
                                    bool rehearse);
  // One transaction: a further attempt for each of the given cells.
  base::Status add(const std::string& run, std::span<const CellResult> results);
  // What was learnt of the axes (release, digests, problems) and the header's notes.
  base::Status update_axes(const RunRecord& run);
  // Gives the run its end, and a digest over all that read() tells of it, which read() then checks.
  base::Status finish_run(const std::string& run, const std::string& finished);
  // The attempts at these cells are no longer the run's: the cells were never reached after all, or
  // what was measured there is not what the run is of any more. What was observed stays.
  base::Status take_back(const std::string& run, std::span<const uint32_t> cells);

  // Of what the last ten runs measured themselves.
  base::Result<std::vector<LoadTimes>> load_times();

  // All headers, newest first: the one that began last, whatever the clock said.
  base::Result<std::vector<RunHeader>> list();
  // What begin_run() was given; `run` is a whole id.
  base::Result<std::string> request_of(const std::string& run);
  // The whole id that `run` stands for, as read() takes it.
  base::Result<std::string> find(const std::string& run);
  // A whole run. `run` is an id, a unique beginning of one, or "latest". invalid_input when there
  // is none such, or a finished one is not what was written.
  base::Result<RunRecord> read(const std::string& run);

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bpfmatrix::result
