// Results leave a guest in batches: what a loader that is killed had not sent yet is not lost.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

// Short cells around one that is killed after a few milliseconds: those before it lie in the batch
// that its loader had not written, those behind it run in another process.
TEST(Batches, a_cell_that_is_killed_costs_no_result_around_it) {
  auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "batch-");
  ASSERT_TRUE(folder.has_value());
  const std::string levels = "modes: [{level: [0, 1, 2, 3, 4, 5, 6, 7], buffer: [none, 4KiB]}]\n";
  const std::string matrix =
      "kernels: [debian-6.12]\n"
      "loaders: [raw]\n"
      "programs:\n"
      "  - match: trivial\n    " + levels +
      "  - match: too_complex\n"
      "    cell_limit: 1ms\n"
      "    modes: [{level: 0, buffer: none}, {level: 1, buffer: 4KiB}]\n"
      "  - match: uninitialised\n    " + levels;
  ASSERT_TRUE(base::write_file(folder->path() / "batch.yaml", matrix).has_value());
  const auto ran = run_program({"run", (folder->path() / "batch.yaml").string()});
  EXPECT_EQ(ran.exit_code, 101) << ran.err;
  // The machine lived on: nothing ran twice.
  EXPECT_EQ(ran.err.find("fresh machine"), std::string::npos) << ran.err;
  const auto exported = export_latest();
  size_t measured = 0, killed = 0;
  for (const auto& cell : exported["cells"]) {
    const bool too_complex = cell["program"]["id"] == "too_complex";
    (too_complex ? killed : measured) += 1;
    EXPECT_EQ(cell["state"], too_complex ? "timeout" : "measured") << cell["id"];
  }
  EXPECT_EQ(killed, 2U);
  EXPECT_EQ(measured, 32U);
}

}  // namespace
}  // namespace bpfmatrix::tests
