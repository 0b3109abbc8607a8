// A machine that is restored must answer like one that was booted.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

// What is told of each cell, without times.
std::map<std::string, nlohmann::json> observations(const std::vector<std::string>& arguments) {
  const auto ran = run_program(arguments);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::map<std::string, nlohmann::json> found;
  const auto exported = export_latest();
  for (const auto& cell : exported["cells"]) {
    nlohmann::json kept = {{"outcome", cell["outcome"]}};
    // A cell that cannot be measured, such as one without a true size, has none.
    const bool seen = cell["observed"].is_object();
    for (const char* field : {"errno", "kernel_errno", "decided_by", "kept", "log_true_size",
                              "true_size", "log_length", "log_head", "calls", "overrun", "touched"})
      if (seen) kept[field] = cell["observed"].at(field);
    found[cell["id"].get<std::string>()] = kept;
  }
  return found;
}

TEST(Restore, a_restored_machine_and_one_for_each_cell_answer_like_a_booted_one) {
  auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "restore-");
  ASSERT_TRUE(folder.has_value());
  const std::string matrix =
      "kernels: [debian-6.1, debian-6.12]\n"
      "loaders: [raw]\n"
      "modes: [{level: [0, 1], buffer: [none, 128, 4KiB, true-1]}]\n"
      "programs: [trivial, uninitialised]\n";
  const auto shared = folder->path() / "shared.yaml", alone = folder->path() / "alone.yaml";
  ASSERT_TRUE(base::write_file(shared, matrix).has_value());
  ASSERT_TRUE(base::write_file(alone, matrix + "isolation: cell\n").has_value());
  const auto booted = observations({"run", shared.string(), "--cold"});
  ASSERT_EQ(booted.size(), 32U);
  EXPECT_GE(std::ranges::count_if(booted, [](const auto& cell) { return cell.second.size() > 1; }), 24);
  observations({"run", shared.string()});  // saves them, if nobody has yet
  EXPECT_EQ(observations({"run", shared.string()}), booted);
  EXPECT_EQ(observations({"run", alone.string()}), booted);
}

}  // namespace
}  // namespace bpfmatrix::tests
