// Runs the built program and reads what it exports.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bpfmatrix::tests {

struct ProgramOutput {
  int exit_code = -1;
  std::string out, err;
};
// build/bin/bpfmatrix with the tests' workspace (BPFMATRIX_WORKSPACE, else .bpfmatrix in the source
// tree, which the scripts use too: a kernel is fetched once).
ProgramOutput run_program(const std::vector<std::string>& arguments);

// The export of the newest run as JSON.
nlohmann::json export_latest();

}  // namespace bpfmatrix::tests
