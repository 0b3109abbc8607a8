// A console with what is to be found on it: harness/tests/console/data/README.md tells the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "console/finding.h"

namespace bpfmatrix::console {

struct Fixture {
  std::string name;                   // of the file, below data/
  std::vector<std::string> expected;  // "oops divide error in foo", "... (corrupted)"; none: clean
  bool running = false;               // the console of a machine that is up already
  std::string source;
  std::string text;
};

// All of data/, by name; a malformed file is a failed test and left out.
[[nodiscard]] std::vector<Fixture> read_fixtures();

// A finding in a fixture's words.
[[nodiscard]] std::string words(const Finding& finding);
// What a monitor finds in `pieces`, which follow each other.
[[nodiscard]] std::vector<Finding> find_in(const std::vector<std::string_view>& pieces,
                                           bool running = false);

}  // namespace bpfmatrix::console
