// The store: SQLite, one file, many runs. WAL; a transaction per batch of results, durable at its
// end (synchronous=FULL); log texts once per digest. Not thread-safe.
#pragma once

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

class Store {
 public:
  // Opens or makes the file. invalid_input for a file of a newer version or a broken one, no_space
  // when the disk is full.
  static base::Result<Store> open(const std::filesystem::path& file);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // Writes header, axes, expectations and all cells of a new run; cells start as not_reached.
  base::Status begin_run(const RunRecord& run);
  // One transaction: a further attempt for each of the given cells.
  base::Status add(const std::string& run, std::span<const CellResult> results);
  // What was learnt of the axes (release, digests, problems) and the header's notes.
  base::Status update_axes(const RunRecord& run);
  base::Status finish_run(const std::string& run, const std::string& finished);

  // All headers, newest first.
  base::Result<std::vector<RunHeader>> list();
  // A whole run. `run` is an id, a unique beginning of one, or "latest". invalid_input when there
  // is none such.
  base::Result<RunRecord> read(const std::string& run);

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bpfmatrix::result
