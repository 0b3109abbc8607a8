#include "report/repro.h"

#include <gtest/gtest.h>

namespace bpfmatrix::report {
namespace {

result::RunRecord run_of(const std::string& program) {
  result::RunRecord run;
  run.header.matrix = "quick";
  run.kernels = {{.id = "debian-6.1"}};
  run.loaders = {{.id = "raw"}};
  run.programs = {{.id = program}};
  run.cells.resize(1);
  run.cells[0].mode = {spec::Interface::prog_load, 2, {spec::Buffer::Kind::fixed, 4096}, {}};
  return run;
}

TEST(Repro, selects_the_one_cell) {
  auto run = run_of("trivial");
  EXPECT_EQ(repro(run, run.cells[0]),
            "bpfmatrix run --no-cache quick -k debian-6.1 -l raw -p trivial -m 'prog_load:2:4096'");
  run.header.matrix_file = "my matrices/quick.yaml";
  EXPECT_EQ(repro(run, run.cells[0]),
            "bpfmatrix run --no-cache 'my matrices/quick.yaml' -k debian-6.1 -l raw -p trivial -m "
            "'prog_load:2:4096'");
}

TEST(Repro, a_shell_reads_nothing_into_a_name) {
  auto run = run_of("x; rm -rf '$HOME'");
  run.cells[0].mode.extra = {{"k", "'`id`'"}};
  EXPECT_EQ(repro(run, run.cells[0]),
            "bpfmatrix run --no-cache quick -k debian-6.1 -l raw -p 'x; rm -rf '\\''$HOME'\\''' -m "
            "'prog_load:2:4096:k='\\''`id`'\\'''");
  run = run_of("-x");
  EXPECT_NE(repro(run, run.cells[0]).find("-p '-x'"), std::string::npos);
  run = run_of("");
  EXPECT_NE(repro(run, run.cells[0]).find("-p ''"), std::string::npos);
}

TEST(Repro, a_finding_is_measured_again_with_both_its_cells) {
  auto run = run_of("trivial");
  run.loaders.push_back({.id = "libbpf-0.3"});
  auto beside = run.cells[0];
  beside.loader = static_cast<uint32_t>(run.loaders.size() - 1);
  run.cells.push_back(beside);
  const auto second = static_cast<uint32_t>(run.cells.size() - 1);
  EXPECT_EQ(repro(run, law::Finding{"broken", 0, second}),
            "bpfmatrix run --no-cache quick -k debian-6.1 -l raw -l libbpf-0.3 -p trivial -m "
            "'prog_load:2:4096'");
  EXPECT_EQ(repro(run, law::Finding{"broken", 0, law::kNoCell}), repro(run, run.cells[0]));
  EXPECT_EQ(repro(run, law::Finding{"not exercised"}), "");
}

}  // namespace
}  // namespace bpfmatrix::report
