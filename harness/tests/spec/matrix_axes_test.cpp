// kernels:, loaders:, required:, programs:, limits: of a matrix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr const char* kRest = "programs: [trivial]\nmodes: [{level: 0, buffer: none}]\n";

TEST(MatrixAxes, the_name_of_a_matrix_is_that_of_its_file) {
  Scratch scratch;
  const auto file = scratch.write("sub/my.night.yaml", with(""));
  const auto matrix = parse_matrix(file, three_kernels(), three_loaders(), {});
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->name, "my.night");
  EXPECT_EQ(matrix->file, file);
}

TEST(MatrixAxes, one_value_may_stand_without_a_list) {
  const Matrix matrix = parsed(std::string("kernels: debian-6.1\nloaders: raw\n") + kRest);
  EXPECT_THAT(matrix.kernels, ElementsAre("debian-6.1"));
  EXPECT_THAT(matrix.loaders, ElementsAre("raw"));
}

TEST(MatrixAxes, a_matrix_needs_kernels_loaders_and_programs) {
  EXPECT_THAT(mistakes("modes: [{level: 0, buffer: none}]\n"),
              ElementsAre("m.yaml:1:1: a matrix has no \"kernels\"",
                          "m.yaml:1:1: a matrix has no \"loaders\"",
                          "m.yaml:1:1: a matrix has no \"programs\""));
}

TEST(MatrixAxes, globs_that_match_nothing_are_mistakes_with_a_suggestion) {
  EXPECT_THAT(
      mistakes(std::string("kernels: [debian-6.2, \"fedora-*\"]\nloaders: [rwa]\n") + kRest),
      ElementsAre(
          "m.yaml:1:11: \"debian-6.2\" matches no kernel: did you mean \"debian-6.1\"?",
          "m.yaml:1:23: \"fedora-*\" matches no kernel: there are debian-5.10, debian-6.1, "
          "debian-6.12",
          "m.yaml:2:11: \"rwa\" matches no loader: there are raw, libbpf-0.3, libbpf-1.1.2"));
}

TEST(MatrixAxes, a_kernel_of_the_matrix_is_found_from_the_matrixs_folder) {
  Scratch scratch;
  const auto file = scratch.write("sub/m.yaml", std::string(R"(
kernels: [debian-6.1, {id: mine, file: ./bzImage, modules: ../lib/modules/6.9.0, series: 6.9}]
loaders: [raw, "libbpf-*", {id: libbpf-dev, version: 1.8.0, checkout: ../libbpf}]
required: [mine, "debian-*"]
)") + kRest);
  const auto matrix = parse_matrix(file, three_kernels(), three_loaders(), {});
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_THAT(matrix->kernels, ::testing::UnorderedElementsAre("debian-6.1", "mine"));
  EXPECT_THAT(matrix->required_kernels, ElementsAre("mine", "debian-*"));
  ASSERT_EQ(matrix->kernel_entries.size(), 1u);
  const KernelEntry& kernel = matrix->kernel_entries[0];
  EXPECT_EQ(kernel.id, "mine");
  EXPECT_EQ(kernel.vendor, "local");
  EXPECT_EQ(kernel.series, "6.9");
  EXPECT_EQ(kernel.place.line, 2);
  EXPECT_EQ(std::get<FileKernel>(kernel.source).image, scratch.path("sub/bzImage"));
  EXPECT_EQ(std::get<FileKernel>(kernel.source).modules, scratch.path("lib/modules/6.9.0"));
  ASSERT_EQ(matrix->loader_entries.size(), 1u);
  const LoaderEntry& loader = matrix->loader_entries[0];
  EXPECT_EQ(loader.id, "libbpf-dev");
  EXPECT_EQ(loader.kind, "libbpf");
  EXPECT_EQ(loader.version, "1.8.0");
  EXPECT_EQ(std::get<CheckoutLibbpf>(loader.source).folder, scratch.path("libbpf"));
}

TEST(MatrixAxes, a_kernel_without_modules_and_series_is_fine) {
  const Matrix matrix =
      parsed(std::string("kernels: [{id: mine, file: k}]\nloaders: [raw]\n") + kRest);
  ASSERT_EQ(matrix.kernel_entries.size(), 1u);
  EXPECT_TRUE(std::get<FileKernel>(matrix.kernel_entries[0].source).modules.empty());
  EXPECT_EQ(matrix.kernel_entries[0].series, "");
}

TEST(MatrixAxes, a_glob_may_match_an_entry_written_below_it) {
  EXPECT_THAT(
      mistakes(std::string("kernels: [\"mi*\", {id: mine, file: k}]\nloaders: [raw]\n") + kRest),
      ElementsAre());
}

TEST(MatrixAxes, entries_of_the_matrix_have_ids_of_their_own) {
  EXPECT_THAT(
      mistakes(
          std::string(R"(kernels: [{id: debian-6.1, file: k}, {id: a, file: k}, {id: a, file: l}]
loaders: [raw, {id: "A B", version: 1.0, checkout: x}]
)") + kRest),
      ElementsAre("m.yaml:1:16: id \"debian-6.1\" is taken", "m.yaml:1:61: id \"a\" is taken",
                  "m.yaml:2:21: \"id\" is \"A B\": must be an id of at most 64 characters out of "
                  "a-z 0-9 . _ -, a letter or digit first"));
}

TEST(MatrixAxes, entries_of_the_matrix_tell_what_they_lack) {
  EXPECT_THAT(
      mistakes(std::string("kernels: [{id: a}, {file: k}, {id: b, file: k, module: m}]\n"
                           "loaders: [{id: x, version: 1.0}, {id: y, checkout: c}]\n") +
               kRest),
      ElementsAre("m.yaml:1:11: a kernel of the matrix has no \"file\"",
                  "m.yaml:1:20: a kernel of the matrix has no \"id\"",
                  "m.yaml:1:48: unknown key \"module\" in a kernel of the matrix: did you mean "
                  "\"modules\"?",
                  "m.yaml:2:11: a loader of the matrix has one of \"checkout\" and \"git\"",
                  "m.yaml:2:34: a loader of the matrix has no \"version\""));
}

TEST(MatrixAxes, required_globs_must_match_a_kernel) {
  EXPECT_THAT(
      mistakes(with("required: [debian-9, debian-5.10]\n")),
      ElementsAre("m.yaml:5:12: \"debian-9\" matches no kernel: there are debian-5.10, debian-6.1, "
                  "debian-6.12"));
}

TEST(MatrixAxes, a_program_is_a_glob_or_a_mapping) {
  const Matrix matrix = parsed(R"(kernels: debian-6.1
loaders: raw
modes: {level: 0, buffer: none}
programs:
  - ./mine.bpf.o
  - match: [long_*, trivial]
    except: long_fault
    modes: {level: 1, buffer: 4KiB}
    cell_limit: 60s
)");
  ASSERT_EQ(matrix.programs.size(), 2u);
  EXPECT_THAT(matrix.programs[0].match, ElementsAre("./mine.bpf.o"));
  EXPECT_TRUE(matrix.programs[0].except.empty());
  ASSERT_EQ(matrix.programs[0].modes.size(), 1u);
  EXPECT_EQ(to_text(matrix.programs[0].modes[0]), "prog_load:0:none");
  EXPECT_EQ(matrix.programs[0].cell_limit, std::nullopt);
  EXPECT_EQ(matrix.programs[0].place.line, 5);
  EXPECT_THAT(matrix.programs[1].match, ElementsAre("long_*", "trivial"));
  EXPECT_THAT(matrix.programs[1].except, ElementsAre("long_fault"));
  ASSERT_EQ(matrix.programs[1].modes.size(), 1u);
  EXPECT_EQ(to_text(matrix.programs[1].modes[0]), "prog_load:1:4096");
  EXPECT_EQ(matrix.programs[1].cell_limit, 60s);
}

TEST(MatrixAxes, a_program_needs_modes_of_its_own_or_those_of_the_matrix) {
  EXPECT_THAT(
      mistakes("kernels: debian-6.1\nloaders: raw\nprograms:\n  - trivial\n  - match: x\n"
               "  - {match: y, modes: {level: 0, buffer: none}}\n"),
      ElementsAre("m.yaml:4:5: a program without modes: give it \"modes\", or all of them by "
                  "\"modes\" of the matrix",
                  "m.yaml:5:5: a program without modes: give it \"modes\", or all of them by "
                  "\"modes\" of the matrix"));
}

TEST(MatrixAxes, limits_have_defaults_one_by_one) {
  const Limits defaults = parsed(with("")).limits;
  EXPECT_EQ(defaults.cell, 10s);
  EXPECT_EQ(defaults.boot, 20s);
  EXPECT_EQ(defaults.memory, uint64_t{256} << 20);
  EXPECT_EQ(defaults.max_cells, 100'000u);
  const Limits limits = parsed(with("limits: {cell: 500ms, memory: 1GiB}\n")).limits;
  EXPECT_EQ(limits.cell, 500ms);
  EXPECT_EQ(limits.boot, 20s);
  EXPECT_EQ(limits.memory, uint64_t{1} << 30);
  EXPECT_EQ(parsed(with("limits: {boot: 2m, max_cells: 7}\n")).limits.boot, 2min);
  EXPECT_EQ(parsed(with("limits: {boot: 2m, max_cells: 7}\n")).limits.max_cells, 7u);
}

TEST(MatrixAxes, limits_out_of_range_are_refused) {
  EXPECT_THAT(
      mistakes(with("limits: {cell: 10, boot: 0s, memory: 63MiB, max_cells: 0}\n")),
      ElementsAre(
          "m.yaml:5:16: \"cell\" is \"10\": must be a duration such as 500ms, 10s or 2m, at "
          "most 24 h",
          "m.yaml:5:26: \"boot\" is \"0s\": must be a duration such as 500ms, 10s or 2m, at "
          "most 24 h",
          "m.yaml:5:38: \"memory\" is \"63MiB\": must be whole MiB from 64MiB to 64GiB",
          "m.yaml:5:56: \"max_cells\" is \"0\": must be a number from 1 to 10000000"));
  EXPECT_EQ(mistakes(with("limits: {memory: 65GiB}\n")).size(), 1u);
  EXPECT_EQ(mistakes(with("limits: {memory: 64MiB-1}\n")).size(), 1u);
  EXPECT_EQ(mistakes(with("limits: {memory: 100000000}\n")).size(), 1u);  // no whole MiB
  EXPECT_EQ(mistakes(with("limits: {memory: 64MiB}\n")).size(), 0u);
  EXPECT_EQ(mistakes(with("limits: {memory: 64GiB}\n")).size(), 0u);
}

}  // namespace
}  // namespace bpfmatrix::spec
