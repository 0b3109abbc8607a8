#include "program_run.h"

#include <cstdlib>

#include "base/child_process.h"

namespace bpfmatrix::tests {

ProgramOutput run_program(const std::vector<std::string>& arguments) {
  base::CommandOptions options;
  options.argv = {BPFM_BUILD "/bin/bpfmatrix"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  // A test of machines that an earlier test answers would test nothing.
  if (!arguments.empty() && (arguments[0] == "run" || arguments[0] == "bisect"))
    options.argv.emplace_back("--no-cache");
  if (std::getenv("BPFMATRIX_WORKSPACE") == nullptr)
    options.environment.emplace_back("BPFMATRIX_WORKSPACE", BPFM_SOURCE "/.bpfmatrix");
  options.timeout = std::chrono::seconds(1200);
  auto output = base::run_command(options);
  if (!output) return {-1, "", output.error().message};
  return {output->status.by_signal ? -1 : output->status.code, output->standard_output,
          output->standard_error};
}

nlohmann::json export_latest() {
  return nlohmann::json::parse(run_program({"export", "latest"}).out, nullptr, false);
}

}  // namespace bpfmatrix::tests
