// A benchmark (label bench): prints processor time, which a busy machine does not change, and
// asserts only that the work was done.
#include <gtest/gtest.h>

#include <ctime>

#include "fixture.h"
#include "report/json_import.h"
#include "report/render.h"

namespace bpfmatrix::compat {
namespace {

// 11 kernels, 16 loaders, the fixture's cells at more and more sizes of the buffer until there are
// `cells`, and a law for each of 100 sizes.
void enlarge(Fixture& fixture, size_t cells) {
  auto& run = fixture.run;
  const auto some = run.cells;
  while (run.kernels.size() < 11) {
    run.kernels.push_back(run.kernels[run.kernels.size() % 3]);
    run.kernels.back().id += "-" + std::to_string(run.kernels.size());
  }
  while (run.loaders.size() < 16) {
    run.loaders.push_back(run.loaders[run.loaders.size() % 3 + 1]);
    run.loaders.back().id += std::to_string(run.loaders.size());
  }
  run.cells.clear();
  for (size_t size = 0; run.cells.size() < cells; ++size)
    for (uint32_t kernel = 0; kernel < run.kernels.size(); ++kernel)
      for (uint32_t loader = 0; loader < run.loaders.size(); ++loader) {
        auto cell = some[(size * 7 + kernel + loader) % some.size()];
        cell.kernel = kernel;
        cell.loader = loader;
        if (cell.mode.buffer.kind == spec::Buffer::Kind::fixed)
          cell.mode.buffer.value += static_cast<int64_t>(size);
        cell.id = run.kernels[kernel].id + "/" + run.loaders[loader].id + "/" +
                  run.programs[cell.program].id + "/" + spec::to_text(cell.mode);
        run.cells.push_back(std::move(cell));
      }
  const auto law = fixture.laws[2];
  for (int64_t i = 0; i < 100; ++i) {
    fixture.laws.push_back(law);
    fixture.laws.back().id += "-" + std::to_string(i);
    fixture.laws.back().modes[0].buffer.value += i;
  }
  fixture.hold_again();
}

double milliseconds_since(std::clock_t begin) {
  return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(Speed, docs_of_fifteen_thousand_cells) {
  const auto fixture = make_fixture();
  enlarge(*fixture, 15'000);
  const auto document = report::render_json(fixture->run, fixture->judgement);
  auto begin = std::clock();
  const auto read = report::import_json(document);
  const double import = milliseconds_since(begin);
  ASSERT_TRUE(read) << read.error().message;
  begin = std::clock();
  fixture->hold_again();
  const double hold = milliseconds_since(begin);
  begin = std::clock();
  const auto pages = make_pages(fixture->material());
  const double make = milliseconds_since(begin);
  size_t bytes = 0;
  for (const auto& page : pages) bytes += page.text.size();
  std::printf("docs: import %.0f ms, judge and laws %.0f ms, pages %.0f ms; %zu cells, %zu pages, "
              "%zu bytes\n",
              import, hold, make, fixture->run.cells.size(), pages.size(), bytes);
  EXPECT_GT(pages.size(), 120u);
}

}  // namespace
}  // namespace bpfmatrix::compat
