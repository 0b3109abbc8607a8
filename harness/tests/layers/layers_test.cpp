// The dependency diagram of harness/docs/architecture.md, held against every #include.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/files.h"

namespace {

namespace fs = std::filesystem;

using Layers = std::map<std::string, std::set<std::string>>;

const fs::path kHarness = fs::path(BPFM_SOURCE) / "harness";

Layers read_layers() {
  Layers layers;
  std::ifstream file(kHarness / "docs/layers.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, below;
    std::getline(words, name, ':');
    auto& allowed = layers[name];
    while (words >> below) allowed.insert(below);
  }
  return layers;
}

// Folders that `text`, a file of `layer`, includes without being allowed to.
std::set<std::string> forbidden(const std::string& text, const std::string& layer,
                                const Layers& layers) {
  static const std::regex include(R"(#\s*include\s*"([a-z_]+)/)");
  std::set<std::string> wrong;
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    const std::string folder = (*it)[1];
    if (folder != layer && layers.contains(folder) && !layers.at(layer).contains(folder))
      wrong.insert(folder);
  }
  return wrong;
}

TEST(Layers, includes_run_down_the_diagram) {
  const Layers layers = read_layers();
  ASSERT_GE(layers.size(), 11U);
  size_t files = 0;
  for (const auto& [layer, allowed] : layers) {
    for (const auto& entry : fs::recursive_directory_iterator(kHarness / layer)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".h" && extension != ".c") continue;
      ++files;
      const auto text = bpfmatrix::base::read_file(entry.path());
      ASSERT_TRUE(text.has_value());
      for (const auto& folder : forbidden(*text, layer, layers))
        ADD_FAILURE() << entry.path() << " includes " << folder << "/, which " << layer
                      << " may not use";
    }
  }
  EXPECT_GT(files, 60U);
}

TEST(Layers, the_diagram_itself_has_no_cycle) {
  const Layers layers = read_layers();
  for (const auto& [layer, below] : layers)
    for (const auto& one : below)
      EXPECT_FALSE(layers.at(one).contains(layer)) << layer << " and " << one;
}

TEST(Layers, an_include_against_the_diagram_is_found) {
  const Layers layers = read_layers();
  EXPECT_EQ(forbidden("#include \"vm/machine.h\"\n", "report", layers),
            std::set<std::string>{"vm"});
  EXPECT_TRUE(
      forbidden("#include \"result/store.h\"\n#include <vector>\n", "report", layers).empty());
}

TEST(Layers, no_file_has_begun_to_collect_the_work_of_others) {
  for (const auto& entry : fs::recursive_directory_iterator(kHarness)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".h" && extension != ".c") continue;
    std::ifstream file(entry.path());
    const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
    EXPECT_LE(lines, 600) << entry.path();
    const bool is_main = entry.path() == kHarness / "cli/main.cpp";
    EXPECT_LE(is_main ? lines : 0, 80) << entry.path();
  }
}

}  // namespace
