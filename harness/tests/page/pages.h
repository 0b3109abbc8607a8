// Runs for the tests of the page: hostile, large.
#pragma once

#include <string>
#include <vector>

#include "result/run_record.h"

namespace bpfmatrix::report {

// More than a hundred texts that set window.pwned, or ask for something, where they are run.
[[nodiscard]] std::vector<std::string> hostile_texts();

// One cell for each of them: in the log and the library's messages of every second cell, in the
// note of the others, and here and there in all else that a guest or an object's author writes.
[[nodiscard]] result::RunRecord hostile_run();

// `cells` cells, every one with a log of its own that is as long as it may be.
[[nodiscard]] result::RunRecord large_run(uint32_t cells);

}  // namespace bpfmatrix::report
