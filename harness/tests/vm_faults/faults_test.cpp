// A real panic, a real hang and a real want of memory on an old and a new kernel: each is blamed on
// exactly the cell that did it, and all other cells are measured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/files.h"

namespace bpfmatrix::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMatrix =
    "kernels: [debian-5.10, debian-7.3]\n"
    "loaders: [raw]\n"
    "programs:\n"
    "  - match: trivial\n"
    "    modes: [{interface: prog_load, level: [0, 1, 2, 4097, 4099], buffer: 4KiB},\n"
    "            {interface: prog_load, level: 3, buffer: [1, 64, 4KiB]}]\n"
    // A hang is waited for three times: dense, alone, and to confirm it.
    "  - match: uninitialised\n"
    "    modes: [{interface: prog_load, level: [1, 4098], buffer: 4KiB}]\n"
    "    cell_limit: 2s\n"
    "limits: {cell: 20s}\n";

struct Output {
  int exit_code = -1;
  std::string out, err;
};

// The program in a folder of its own, with the loader that does harm as its raw loader.
class Faults : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root() / "bin");
    fs::create_directories(root() / "share");
    fs::copy(BPFM_BUILD "/bin/bpfmatrix", root() / "bin/bpfmatrix");
    fs::copy(BPFM_SHARE, root() / "share/bpfmatrix", fs::copy_options::recursive);
    fs::copy_file(BPFM_LOADER, root() / "share/bpfmatrix/guest/loader-raw",
                  fs::copy_options::overwrite_existing);
    ASSERT_TRUE(base::write_file(root() / "faults.yaml", kMatrix).has_value());
  }
  Output run(const std::vector<std::string>& arguments) {
    base::CommandOptions options;
    options.argv = {(root() / "bin/bpfmatrix").string()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    if (std::getenv("BPFMATRIX_WORKSPACE") == nullptr)
      options.environment.emplace_back("BPFMATRIX_WORKSPACE", BPFM_SOURCE "/.bpfmatrix");
    options.timeout = std::chrono::seconds(1200);
    auto output = base::run_command(options);
    if (!output) return {-1, "", output.error().message};
    return {output->status.by_signal ? -1 : output->status.code, output->standard_output,
            output->standard_error};
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

 private:
  base::TemporaryFolder folder_ =
      *base::TemporaryFolder::make(fs::temp_directory_path(), "vm-faults-");
};

TEST_F(Faults, of_real_kernels_are_blamed_on_the_cells_that_did_them) {
  const auto ran =
      run({"run", (root() / "faults.yaml").string(), "--quiet", "--no-cache"});
  EXPECT_EQ(ran.exit_code, 100) << ran.err;
  const auto exported = nlohmann::json::parse(run({"export", "latest"}).out, nullptr, false);
  ASSERT_TRUE(exported.is_object());
  std::map<std::string, int> measured;
  for (const auto& cell : exported["cells"]) {
    const std::string kernel = cell["kernel"]["id"], reason = cell["reason"], note = cell["note"];
    const int level = cell["mode"]["level"], attempts = cell["attempts"];
    if (level == 4097 || level == 4098) EXPECT_EQ(attempts, 2) << kernel << ": not confirmed";
    if (level == 4097) {
      EXPECT_EQ(reason, "KERNEL_CRASH") << kernel << ": " << note;
      EXPECT_EQ(note, "Kernel panic - not syncing: sysrq triggered crash") << kernel;
    } else if (level == 4098) {
      EXPECT_EQ(reason, "HANG") << kernel << ": " << note;
    } else if (level == 4099) {
      EXPECT_EQ(reason, "GUEST_OOM") << kernel << ": " << note;
    } else {
      EXPECT_EQ(reason, "MEASURED") << kernel << " level " << level << ": " << note;
      ++measured[kernel];
    }
  }
  EXPECT_EQ(measured["debian-5.10"], 7) << ran.err;
  EXPECT_EQ(measured["debian-7.3"], 7) << ran.err;
}

}  // namespace
}  // namespace bpfmatrix::tests
