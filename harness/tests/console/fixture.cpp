#include "fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "console/monitor.h"

namespace bpfmatrix::console {
namespace {

namespace fs = std::filesystem;

// Takes "# key: value" lines up to the first other one.
bool read_header(std::string_view* text, Fixture* fixture) {
  bool expects = false;
  while (text->starts_with("# ")) {
    const size_t end = text->find('\n');
    if (end == text->npos) return false;
    const auto line = text->substr(2, end - 2);
    text->remove_prefix(end + 1);
    const size_t colon = line.find(": ");
    const auto key = line.substr(0, colon);
    const auto value = colon == line.npos ? std::string_view() : line.substr(colon + 2);
    if (key == "expect") {
      expects = true;
      if (value != "none") fixture->expected.emplace_back(value);
    } else if (key == "source") {
      fixture->source = value;
    } else if (key == "running") {
      fixture->running = true;
    } else {
      return false;
    }
  }
  return expects && !fixture->source.empty();
}

}  // namespace

std::vector<Fixture> read_fixtures() {
  std::vector<Fixture> fixtures;
  const fs::path root = BPFM_TEST_DATA;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".txt") continue;
    const auto content = base::read_file(entry.path());
    Fixture fixture;
    fixture.name = fs::relative(entry.path(), root).string();
    std::string_view text = content ? std::string_view(*content) : std::string_view();
    if (!read_header(&text, &fixture)) {
      ADD_FAILURE() << fixture.name << " has no header of a fixture";
      continue;
    }
    fixture.text = text;
    fixtures.push_back(std::move(fixture));
  }
  std::sort(fixtures.begin(), fixtures.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return fixtures;
}

std::string words(const Finding& finding) {
  return std::string(name(finding.kind)) + " " + finding.title +
         (finding.corrupted ? " (corrupted)" : "");
}

std::vector<Finding> find_in(const std::vector<std::string_view>& pieces, bool running) {
  Monitor monitor;
  if (running) monitor.set_running();
  for (const auto piece : pieces) monitor.feed(piece);
  monitor.finish();
  return monitor.findings();
}

}  // namespace bpfmatrix::console
