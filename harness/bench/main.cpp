#include <fmt/format.h>

#include <exception>

#include "bench/bench.h"

namespace bpfmatrix::bench {

image::Workspace Context::open_workspace() const {
  std::error_code ignored;
  return image::Workspace{std::filesystem::absolute(workspace, ignored)};
}

void Context::fail(const base::Error& error) {
  fmt::print(stderr, "bpfmatrix-bench: {}\n", error.message);
  exit_code = 1;
}

}  // namespace bpfmatrix::bench

int main(int argc, char** argv) {
  using namespace bpfmatrix;  // NOLINT: main only
  CLI::App app{"Measures bpfmatrix on this machine; asserts nothing."};
  bench::Context context;
  app.add_option("--workspace", context.workspace, "Folder with the kernels")
      ->envname("BPFMATRIX_WORKSPACE")
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  bench::add_rate(app, context);
  bench::add_start(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bpfmatrix-bench: BUG: {}\n", error.what());
    return 1;
  }
  return context.exit_code;
}
