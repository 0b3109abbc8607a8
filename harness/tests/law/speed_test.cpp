// A benchmark (label bench): prints processor time, and asserts only that the work was done.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <ctime>

#include "law/evaluate.h"
#include "made_law.h"

namespace bpfmatrix::law {
namespace {

// 12 kernels x 15 loaders x 20 programs x 14 modes, every one rejected with a whole log.
result::RunRecord large_run() {
  const auto small = made_run();
  result::RunRecord run;
  run.header = small.header;
  auto cell = small.cells[0];
  cell.attempt.observation.log_head = std::string(2048, 'h');
  std::string tail;
  while (tail.size() < 3900) tail += "12: (bf) r1 = r2                      ; R1_w=scalar() R2=scalar()\n";
  tail +=
      "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 3 peak_states 4 "
      "mark_read 0\n";
  cell.attempt.observation.log_tail = tail;
  for (uint32_t k = 0; k < 12; ++k)
    run.kernels.push_back({.id = fmt::format("k{}", k), .vendor = "debian"});
  for (uint32_t l = 0; l < 15; ++l)
    run.loaders.push_back({.id = fmt::format("l{}", l), .kind = "libbpf", .version = "1.0"});
  for (uint32_t p = 0; p < 20; ++p) run.programs.push_back({.id = fmt::format("p{}", p)});
  for (uint32_t k = 0; k < 12; ++k)
    for (uint32_t l = 0; l < 15; ++l)
      for (uint32_t p = 0; p < 20; ++p)
        for (uint32_t level = 0; level < 14; ++level) {
          cell.kernel = k;
          cell.loader = l;
          cell.program = p;
          cell.mode = mode_of_level(level);
          cell.id = fmt::format("k{}/l{}/p{}/{}", k, l, p, spec::to_text(cell.mode));
          run.cells.push_back(cell);
        }
  return run;
}

TEST(Speed, eighty_laws_over_fifty_thousand_cells) {
  const auto run = large_run();
  std::vector<spec::Law> laws;
  for (uint32_t i = 0; i < 80; ++i) {
    auto law = i < 10 ? made_feature(fmt::format("law-{}", i)) : made_law(fmt::format("law-{}", i));
    law.loaders = law.programs = {"*"};
    law.modes = {mode_of_level(i % 14), mode_of_level((i + 1) % 14), mode_of_level((i + 2) % 14)};
    if (i >= 10) law.cases[0].when = {feature(fmt::format("law-{}", i % 10))};
    law.cases[0].then.push_back(check(spec::Field::log_tail, spec::Check::Op::any_of,
                                      {text("*processed*")}));
    law.cases[0].then.push_back(
        check(spec::Field::insns, spec::Check::Op::equal, {number(2)}));
    if (i % 4 == 0) {
      law.other.emplace();
      law.other->loader = "l0";
    }
    laws.push_back(std::move(law));
  }
  const auto begin = std::clock();
  const auto findings = evaluate(laws, run);
  const double took = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  uint64_t looked_at = 0;
  for (const auto& result : findings.results)
    for (const auto& point : result.points) looked_at += point.cells;
  std::printf("evaluate: %.0f ms for %zu laws, %zu cells, %lu times looked at\n", took, laws.size(),
              run.cells.size(), static_cast<unsigned long>(looked_at));
  EXPECT_GT(looked_at, 800'000u);
  EXPECT_EQ(findings.holds, 70u);
}

}  // namespace
}  // namespace bpfmatrix::law
