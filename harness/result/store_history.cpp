// What cells took in earlier runs.
#include "result/sqlite.h"
#include "result/store.h"
#include "result/store_state.h"

namespace bpfmatrix::result {

namespace {

// The newest runs, so that neither an old kernel build nor a slower machine weighs for long. An
// answer from an earlier run took no time.
const char* const kSelectTimes =
    "SELECT k.id, p.id, sum(o.duration_ns), count(*) FROM attempts a"
    " JOIN observations o ON o.number = a.observation JOIN runs r ON r.number = a.run"
    " JOIN cells c ON c.list = r.cell_list AND c.place = a.cell"
    " JOIN kernels k ON k.run = a.run AND k.place = c.kernel"
    " JOIN programs p ON p.run = a.run AND p.place = c.program"
    " WHERE a.run > (SELECT coalesce(max(number), 0) FROM runs) - ? AND a.cached = 0"
    " AND o.state = 'measured' GROUP BY k.id, p.id";
constexpr int64_t kRunsLookedAt = 10;

}  // namespace

base::Result<std::vector<LoadTimes>> Store::load_times() {
  return sqlite::guarded(state_->database, "look up what cells took", [&]() -> base::Result<std::vector<LoadTimes>> {
    auto& query = state_->statement(kSelectTimes);
    sqlite::bind_values(query, kRunsLookedAt);
    std::vector<LoadTimes> times;
    while (query.executeStep()) {
      sqlite::Row row(query);
      LoadTimes one;
      one.kernel = row.text();
      one.program = row.text();
      one.sum = std::chrono::nanoseconds(row.number());
      one.loads = row.size();
      times.push_back(std::move(one));
    }
    return times;
  });
}

}  // namespace bpfmatrix::result
