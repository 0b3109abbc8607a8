// Kernels that cannot be booted, beside one that can: a row of its own, and nothing else lost.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/files.h"
#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

namespace fs = std::filesystem;

// The image of a kernel that the facts have fetched: some regular file of the store that starts as
// a bzImage does.
std::string a_kernel_image() {
  const char* workspace = std::getenv("BPFMATRIX_WORKSPACE");
  const fs::path store =
      fs::path(workspace != nullptr ? workspace : BPFM_SOURCE "/.bpfmatrix") / "store";
  for (const auto& entry : fs::recursive_directory_iterator(store)) {
    if (!entry.is_regular_file() || entry.file_size() < (4U << 20)) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string head(0x206, '\0');
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    if (head.substr(0x202, 4) == "HdrS") return entry.path().string();
  }
  return {};
}

TEST(BadKernels, each_gives_a_row_of_its_own_and_the_good_one_runs) {
  auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "bad-kernels-");
  ASSERT_TRUE(folder.has_value());
  ASSERT_EQ(run_program({"fetch", "smoke"}).exit_code, 0);
  const auto image = base::read_file(a_kernel_image());
  ASSERT_TRUE(image.has_value()) << image.error().message;
  ASSERT_TRUE(base::write_file(folder->path() / "cut",
                               std::string_view(*image).substr(0, image->size() / 2))
                  .has_value());
  ASSERT_TRUE(base::write_file(folder->path() / "text", "this is no kernel\n").has_value());
  const std::string matrix =
      "kernels:\n"
      "  - debian-6.1\n"
      "  - {id: cut, file: ./cut}\n"
      "  - {id: text, file: ./text}\n"
      "  - {id: nowhere, file: ./nowhere}\n"
      "loaders: [raw]\n"
      "programs:\n"
      "  - {match: trivial, modes: [{interface: prog_load, level: [0, 1], buffer: [none, 4KiB]}]}\n"
      "limits: {boot: 4s}\n";
  ASSERT_TRUE(base::write_file(folder->path() / "bad.yaml", matrix).has_value());
  const auto ran = run_program({"run", (folder->path() / "bad.yaml").string(), "--quiet"});
  EXPECT_EQ(ran.exit_code, 101) << ran.err;
  std::map<std::string, std::string> reasons;
  std::map<std::string, std::string> statuses;
  const auto exported = export_latest();
  for (const auto& cell : exported["cells"]) {
    reasons[cell["kernel"]["id"]] = cell["reason"];
    statuses[cell["kernel"]["id"]] = cell["status"];
  }
  EXPECT_EQ(statuses["debian-6.1"], "DONE");
  EXPECT_EQ(statuses["cut"], "MISS");
  EXPECT_EQ(reasons["cut"], "BOOT_FAIL");
  EXPECT_EQ(reasons["text"], "BAD_IMAGE");
  EXPECT_EQ(reasons["nowhere"], "BAD_IMAGE");  // a path mistyped is never forgiven
}

}  // namespace
}  // namespace bpfmatrix::tests
