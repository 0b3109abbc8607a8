// A user's own object, given by its path: works as the shipped programs do, with every loader.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/files.h"
#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

namespace fs = std::filesystem;

TEST(UserObjects, given_by_path_run_with_every_loader) {
  auto folder = base::TemporaryFolder::make(fs::temp_directory_path(), "user-object-");
  ASSERT_TRUE(folder.has_value());
  fs::copy(BPFM_USER_OBJECT, folder->path() / "two_programs.bpf.o");
  const std::string matrix =
      "kernels: [debian-6.1]\n"
      "loaders: [raw, libbpf-0.3, libbpf-1.1.2]\n"
      "programs: [./two_programs.bpf.o]\n"
      "modes:\n"
      "  - {interface: prog_load, level: 1, buffer: 4KiB}\n"
      "  - {interface: object_load, level: 0, buffer: none}\n";
  ASSERT_TRUE(base::write_file(folder->path() / "mine.yaml", matrix).has_value());
  const auto ran = run_program({"run", (folder->path() / "mine.yaml").string(), "--quiet"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::map<std::string, nlohmann::json> cells;
  const auto exported = export_latest();
  for (const auto& cell : exported["cells"]) cells[cell["id"]] = cell;
  EXPECT_EQ(cells.size(), 12U);
  const std::string plain = "two_programs:plain/", counting = "two_programs:Counting/";
  for (const std::string loader :
       {"debian-6.1/raw/", "debian-6.1/libbpf-0.3/", "debian-6.1/libbpf-1.1.2/"}) {
    EXPECT_EQ(cells[loader + plain + "prog_load:1:4096"]["outcome"], "LOADED") << loader;
    const auto& relocated = cells[loader + counting + "prog_load:1:4096"];
    EXPECT_EQ(relocated["reason"], "NOT_EXPRESSIBLE") << loader;
    EXPECT_EQ(relocated["note"].get<std::string>().rfind("RELOCATIONS", 0), 0U)
        << relocated["note"];
  }
  for (const std::string loader : {"debian-6.1/libbpf-0.3/", "debian-6.1/libbpf-1.1.2/"}) {
    EXPECT_EQ(cells[loader + plain + "object_load:0:none"]["outcome"], "LOADED") << loader;
    EXPECT_EQ(cells[loader + counting + "object_load:0:none"]["outcome"], "LOADED") << loader;
    // One program is on at a time: the other one's load is not among the calls.
    size_t loads = 0;
    for (const auto& call : cells[loader + plain + "object_load:0:none"]["observed"]["calls"])
      loads += call["cmd"] == "PROG_LOAD" && !call["probe"].get<bool>() ? 1 : 0;
    EXPECT_EQ(loads, 1U) << loader;
  }
}

}  // namespace
}  // namespace bpfmatrix::tests
