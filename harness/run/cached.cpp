#include "run/cached.h"

#include <optional>
#include <utility>

namespace bpfmatrix::run {

using Ruling = plan::Cell::Ruling;

std::vector<result::Question> questions_of(const plan::Plan& plan, const Preparation& preparation,
                                           const DigestsOf& digests_of) {
  std::vector<result::Question> questions;
  // Cells come kernel by kernel and loader by loader: what their keys share is digested once.
  std::optional<plan::CellKeys> keys;
  std::optional<std::pair<uint32_t, uint32_t>> keys_are_of;
  for (uint32_t i = 0; i < plan.cells.size(); ++i) {
    const auto& cell = plan.cells[i];
    const auto& kernel = preparation.kernels[cell.kernel];
    const auto& loader = preparation.loaders[cell.loader];
    if (cell.ruling != Ruling::run || !kernel.kernel || kernel.obstacle || !loader.loader ||
        loader.obstacle)
      continue;
    if (keys_are_of != std::pair(cell.kernel, cell.loader)) {
      keys.emplace(digests_of(cell.kernel), loader.loader->sha256);
      keys_are_of.emplace(cell.kernel, cell.loader);
    }
    questions.push_back({i, keys->key(plan.programs[cell.program], cell.mode)});
  }
  return questions;
}

base::Result<CachedCount> take_cached(result::Store& store, const std::string& run,
                                      plan::Plan& plan, const Preparation& preparation,
                                      const Tried& tried, const DigestsOf& digests_of) {
  auto questions = questions_of(plan, preparation, digests_of);
  std::erase_if(questions, [&](const auto& one) { return tried.contains(one.cell); });
  BPFM_TRY(const auto answered, store.answer(run, questions));
  CachedCount count;
  count.asked = static_cast<uint32_t>(questions.size());
  for (size_t i = 0; i < questions.size(); ++i) {
    if (!answered[i]) continue;
    plan.cells[questions[i].cell].ruling = Ruling::cached;
    ++count.answered;
  }
  return count;
}

}  // namespace bpfmatrix::run
