// The project's own matrices, with the real catalogues and programs made by hand after testprogs/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "fixture.h"
#include "plan/plan.h"
#include "spec/matrix.h"

namespace bpfmatrix::plan {
namespace {

using ::testing::UnorderedElementsAre;

// Programs that only laws load: their modes stand in harness/laws/.
const std::vector<const char*> kOfLaws = {"bad_btf",    "bad_ld_imm64", "btf_decl_tag",
                                          "btf_enum64", "btf_float",    "btf_type_tag"};

class Matrices : public ::testing::Test {
 protected:
  Matrices()
      : kernels_(*spec::read_kernel_catalogue(BPFM_SOURCE "/images/kernels.yaml")),
        loaders_(*spec::read_loader_catalogue(BPFM_SOURCE "/images/libbpf.yaml")) {
    for (const char* plain : {"trivial", "uninitialised", "long_valid", "long_fault",
                              "endless_loop", "too_complex", "own_btf"})
      objects_.add(plain, {plain});
    for (const char* of_laws : kOfLaws) objects_.add(of_laws, {of_laws});
    for (const char* relocated : {"global_data", "core_relocation"})
      objects_.add(relocated, {relocated}).functions[0].has_relocations = true;
    objects_.add("fentry", {"fentry"}).functions[0].needs_attach_target = true;
  }

  // The matrix and its plan; `name` without ".yaml".
  void open(const std::string& name) {
    auto matrix = spec::parse_matrix(BPFM_SOURCE "/matrices/" + name + ".yaml", kernels_, loaders_,
                                     *spec::read_laws(BPFM_SOURCE "/harness/laws"));
    ASSERT_TRUE(matrix) << matrix.error().message;
    matrix_ = std::move(*matrix);
    auto plan = expand(matrix_, kernels_, loaders_, objects_.programs(), {});
    ASSERT_TRUE(plan) << plan.error().message;
    plan_ = std::move(*plan);
    EXPECT_THAT(plan_.notes, ::testing::IsEmpty());
  }

  // Each expectation must be held against at least one cell that is run.
  void expectations_are_exercised() const {
    for (const auto& expectation : matrix_.expectations) {
      const bool exercised =
          std::any_of(plan_.cells.begin(), plan_.cells.end(), [&](const Cell& cell) {
            return cell.ruling == Cell::Ruling::run &&
                   expectation.selector.matches(plan_.kernels[cell.kernel].id,
                                                plan_.loaders[cell.loader].id,
                                                plan_.programs[cell.program].id, cell.mode);
          });
      EXPECT_TRUE(exercised) << spec::to_text(expectation.place);
      EXPECT_FALSE(expectation.reason.empty()) << spec::to_text(expectation.place);
    }
  }

  // No cell may be told two things: expectations that match one cell agree in every word.
  void expectations_agree() const {
    for (const auto& cell : plan_.cells) {
      spec::Expectation sum;
      for (const auto& one : matrix_.expectations) {
        if (!one.selector.matches(plan_.kernels[cell.kernel].id, plan_.loaders[cell.loader].id,
                                  plan_.programs[cell.program].id, cell.mode))
          continue;
        const auto agree = [&](std::optional<std::string> spec::Expectation::*word) {
          if (!(one.*word)) return;
          EXPECT_TRUE(!(sum.*word) || sum.*word == one.*word)
              << plan_.id(cell) << " at " << spec::to_text(one.place) << ": " << *(one.*word);
          sum.*word = one.*word;
        };
        agree(&spec::Expectation::outcome);
        agree(&spec::Expectation::error);
        agree(&spec::Expectation::decided_by);
        agree(&spec::Expectation::kept);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> modes_of(const std::string& program) const {
    std::vector<std::string> modes;
    for (const auto& cell : plan_.cells)
      if (cell.kernel == 0 && cell.loader == 0 && plan_.programs[cell.program].id == program)
        modes.push_back(spec::to_text(cell.mode));
    return modes;
  }

  spec::KernelCatalogue kernels_;
  spec::LoaderCatalogue loaders_;
  Objects objects_;
  spec::Matrix matrix_;
  Plan plan_;
};

TEST_F(Matrices, smoke_is_tiny) {
  open("smoke");
  EXPECT_EQ(plan_.cells.size(), 16u);
  expectations_are_exercised();
  expectations_agree();
}

TEST_F(Matrices, quick_can_be_read_by_one_person) {
  open("quick");
  EXPECT_EQ(plan_.kernels.size(), 4u);
  EXPECT_EQ(plan_.loaders.size(), 6u);
  EXPECT_EQ(plan_.cells.size(), 696u);  // matrices/README.md says so
  EXPECT_LE(plan_.cells.size(), matrix_.limits.max_cells);
}

TEST_F(Matrices, every_expectation_of_quick_is_exercised_and_none_contradicts_another) {
  open("quick");
  EXPECT_GE(matrix_.expectations.size(), 15u);
  expectations_are_exercised();
  expectations_agree();
}

TEST_F(Matrices, nightly_takes_every_kernel_every_loader_and_the_programs_that_no_law_brings) {
  open("nightly");
  EXPECT_EQ(plan_.kernels.size(), kernels_.kernels.size());
  EXPECT_EQ(plan_.loaders.size(), loaders_.loaders.size());
  EXPECT_EQ(plan_.programs.size(), objects_.programs().size() - kOfLaws.size());
  EXPECT_EQ(plan_.cells.size(), 74'976u);  // matrices/README.md says so
}

TEST_F(Matrices, every_expectation_of_nightly_is_exercised_and_none_contradicts_another) {
  open("nightly");
  expectations_are_exercised();
  expectations_agree();
}

TEST_F(Matrices, the_full_set_of_nightly_has_every_level_and_every_buffer) {
  open("nightly");
  const auto modes = modes_of("trivial");
  EXPECT_EQ(modes, modes_of("uninitialised"));
  EXPECT_EQ(modes, modes_of("long_fault"));
  const std::set<std::string> all(modes.begin(), modes.end());
  EXPECT_EQ(all.size(), modes.size());
  std::vector<uint32_t> levels{16, 32, 1u << 31};
  for (uint32_t level = 0; level < 16; ++level) levels.push_back(level);
  for (const uint32_t level : levels)
    for (const char* buffer : {"none", "4096", "true"})
      EXPECT_EQ(all.count(fmt::format("prog_load:{}:{}", level, buffer)), 1u)
          << level << " " << buffer;
  for (const uint32_t level : {1, 2, 10})
    for (const char* buffer :
         {"none", "null:4096", "0", "1", "16", "64", "127", "128", "129", "4096", "1048576",
          "16777215", "16777216", "1073741823", "1073741824", "true-1", "true", "true+1", "true+2"})
      EXPECT_EQ(all.count(fmt::format("prog_load:{}:{}", level, buffer)), 1u)
          << level << " " << buffer;
  const auto of = [&](const std::string& interface) {
    return std::count_if(modes.begin(), modes.end(),
                         [&](const std::string& mode) { return mode.starts_with(interface); });
  };
  EXPECT_EQ(of("prog_load:"), 19 * 3 + 3 * 19 - 3 * 3);
  EXPECT_EQ(of("object_load:"), 7);
  EXPECT_EQ(of("btf_load:"), 4);
}

TEST_F(Matrices, other_programs_of_nightly_run_in_at_most_twelve_modes) {
  open("nightly");
  for (const char* program : {"long_valid", "endless_loop", "global_data", "core_relocation",
                              "fentry", "own_btf", "too_complex"}) {
    EXPECT_LE(modes_of(program).size(), 12u) << program;
    EXPECT_GE(modes_of(program).size(), 6u) << program;
  }
}

TEST_F(Matrices, the_slow_program_runs_with_four_loaders_short_logs_and_a_long_limit) {
  open("nightly");
  std::set<std::string> loaders;
  for (const auto& cell : plan_.cells) {
    if (plan_.programs[cell.program].id != "too_complex") {
      EXPECT_NE(cell.ruling, Cell::Ruling::filtered);
      continue;
    }
    EXPECT_EQ(cell.limit, std::chrono::seconds(120));
    EXPECT_TRUE(cell.mode.level == 0 || cell.mode.level == 1 || cell.mode.level == 4);
    EXPECT_LE(cell.mode.buffer.value, 16 << 20);
    if (cell.ruling != Cell::Ruling::filtered) loaders.insert(plan_.loaders[cell.loader].id);
  }
  EXPECT_THAT(loaders, UnorderedElementsAre("raw", "libbpf-0.3", "libbpf-1.1.2", "libbpf-1.7.0"));
}

TEST_F(Matrices, every_file_of_the_folder_is_a_matrix_that_can_be_planned) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BPFM_SOURCE "/matrices")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    open(entry.path().stem().string());
    EXPECT_FALSE(plan_.cells.empty()) << entry.path();
  }
  EXPECT_GE(count, 3u);
}

}  // namespace
}  // namespace bpfmatrix::plan
