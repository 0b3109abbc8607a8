// Whole runs on machines that are played: what boots, what runs, and what earlier runs answer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/digest.h"
#include "base/files.h"
#include "image/content_store.h"
#include "image/loader_build.h"
#include "image/lock.h"
#include "result/store.h"
#include "run/driver.h"
#include "run/preview.h"
#include "tests/fake_qemu/fake_kernel.h"

namespace bpfmatrix::run {
namespace {

namespace fs = std::filesystem;
using result::AttemptState;

constexpr const char* kCrate = "1.1.1+v1.1.0";

class CachedRuns : public testing::Test {
 protected:
  CachedRuns()
      : folder_(*base::TemporaryFolder::make(fs::temp_directory_path(), "cached-runs-")),
        workspace_{folder_.path() / "workspace"},
        data_{folder_.path() / "share"} {
    const fs::path built = BPFM_BUILD "/share/bpfmatrix";
    fs::create_directories(data_.root / "guest");
    for (const char* part : {"images", "laws", "matrices", "testprogs", "guest/loader",
                             "guest/wire"})
      fs::create_directory_symlink(fs::canonical(built / part), data_.root / part);
    write(data_.agent(), "agent");
    write(data_.raw_loader(), "raw loader");
    lock_library("library");
    add_kernel("one", "ok");
    add_kernel("two", "ok");
    auto& matrix = request_.made.emplace();
    matrix.name = "made";
    matrix.file = folder_.path() / "made.yaml";
    matrix.kernels = {"*"};
    matrix.kernel_entries = kernels_;
    matrix.kernels = {"one", "two"};
    matrix.loaders = {"raw", "libbpf-mine"};
    matrix.loader_entries = {
        {"libbpf-mine", "libbpf", "1.1.1", spec::CrateLibbpf{kCrate}, {}}};
    spec::ProgramChoice choice;
    choice.match = {"trivial"};
    for (const uint32_t level : {0, 1, 2})
      choice.modes.push_back(
          {spec::Interface::prog_load, level, {spec::Buffer::Kind::fixed, 4096}, {}});
    matrix.programs = {choice};
    request_.accel = vm::AccelChoice::tcg;
    request_.sandbox = vm::SandboxChoice::off;  // the fake counts its starts beside its kernel
    request_.offline = true;
    request_.quiet = true;
    request_.qemu = BPFM_BUILD "/tests/fake_qemu";
  }

  static void write(const fs::path& path, const std::string& content) {
    ASSERT_TRUE(base::write_file(path, content));
  }
  void add_kernel(const std::string& id, const std::string& scenario) {
    const fs::path image = folder_.path() / ("kernel-" + id);
    const auto bytes = tests::make_fake_kernel(id, scenario);
    write(image, bytes);
    kernels_.push_back({id, "local", "6.1", "x86_64", spec::FileKernel{image, {}}, {}});
    digests_[id] = base::sha256_hex(bytes);
  }
  // As if the library's loader had been built before, with this binary.
  void lock_library(const std::string& binary) {
    auto lock = image::Lock::read(workspace_.lock()).value();
    const std::string source(64, 'a');
    lock.loaders["libbpf-mine"] = {
        std::string("crate libbpf-sys ") + kCrate, source,
        image::ContentStore(workspace_.store()).put(binary, true).value(),
        image::recipe_digest(source, {1, 1, 1}, image::read_loader_sources(data_).value(),
                             image::identify_toolchain().value())};
    ASSERT_TRUE(lock.write());
  }

  result::RunRecord run() {
    const auto summary = run_matrix(request_, workspace_, data_);
    if (!summary) {
      ADD_FAILURE() << summary.error().message;
      return {};
    }
    auto store = result::Store::open(workspace_.results());
    auto record = store->read(summary->run);
    EXPECT_TRUE(record);
    return record ? *record : result::RunRecord{};
  }
  // Machines that were started with a kernel so far: fake_qemu counts them.
  int boots(const std::string& id) const {
    const auto& sha256 = digests_.at(id);
    const auto count =
        base::read_file(workspace_.store() / sha256.substr(0, 2) / (sha256 + ".count"));
    return count ? std::atoi(count->c_str()) : 0;
  }

  base::TemporaryFolder folder_;
  image::Workspace workspace_;
  image::DataFolder data_;
  RunRequest request_;
  std::vector<spec::KernelEntry> kernels_;
  std::map<std::string, std::string> digests_;  // of kernels, by id
};

// Ids of the cells that were measured now.
std::vector<std::string> run_now(const result::RunRecord& run) {
  std::vector<std::string> ids;
  for (const auto& cell : run.cells)
    if (!cell.cached && cell.attempts != 0) ids.push_back(cell.id);
  return ids;
}

TEST_F(CachedRuns, an_unchanged_matrix_boots_nothing_and_shows_the_same) {
  const auto first = run();
  ASSERT_EQ(first.cells.size(), 12u);
  EXPECT_EQ(run_now(first).size(), 12u);
  const auto second = run();
  EXPECT_TRUE(run_now(second).empty());
  EXPECT_EQ(boots("one"), 1);
  EXPECT_EQ(boots("two"), 1);
  EXPECT_FALSE(second.header.finished.empty());
  ASSERT_EQ(second.cells.size(), 12u);
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_TRUE(second.cells[i].cached);
    EXPECT_EQ(second.cells[i].attempt, first.cells[i].attempt);
    EXPECT_EQ(second.cells[i].attempt.state, AttemptState::measured);
    EXPECT_EQ(second.cells[i].key, first.cells[i].key);
  }
}

TEST_F(CachedRuns, a_plan_tells_what_a_run_would_take_from_earlier_ones_and_boots_nothing) {
  const auto told = [&] {
    auto planned = make_plan(*request_.made, request_.selection, data_, {});
    const auto preview = mark_cached(*planned, request_, workspace_, data_);
    EXPECT_TRUE(preview);
    EXPECT_EQ(preview->unknown, "");
    EXPECT_EQ(std::ranges::count(planned->plan.cells, plan::Cell::Ruling::cached,
                                 &plan::Cell::ruling),
              preview->cached);
    return preview->cached;
  };
  EXPECT_EQ(told(), 0u) << "there is no store yet";
  EXPECT_FALSE(fs::exists(workspace_.results()));
  request_.selection.kernels = {"one"};
  run();
  request_.selection.kernels = {};
  EXPECT_EQ(told(), 6u);
  EXPECT_EQ(boots("two"), 0);
  run();
  EXPECT_EQ(told(), 12u);
  lock_library("another library");
  EXPECT_EQ(told(), 6u);
  request_.cache = false;
  EXPECT_EQ(told(), 0u);
}

TEST_F(CachedRuns, changing_one_loader_runs_only_that_loaders_cells) {
  run();
  lock_library("another library");
  const auto second = run();
  const auto now = run_now(second);
  EXPECT_EQ(now.size(), 6u);
  EXPECT_TRUE(std::ranges::all_of(now, [](const std::string& id) {
    return id.find("/libbpf-mine/") != std::string::npos;
  }));
  // And back: the first binary's cells are still known.
  lock_library("library");
  EXPECT_TRUE(run_now(run()).empty());
  EXPECT_EQ(boots("one"), 2);
}

TEST_F(CachedRuns, a_new_cell_boots_its_kernel_and_runs_alone) {
  request_.selection.kernels = {"one"};
  run();
  request_.selection.kernels = {};
  const auto both = run();
  EXPECT_EQ(run_now(both).size(), 6u);
  EXPECT_EQ(boots("one"), 1);
  EXPECT_EQ(boots("two"), 1);
  auto& modes = request_.made->programs[0].modes;
  modes.push_back({spec::Interface::prog_load, 4, {spec::Buffer::Kind::fixed, 4096}, {}});
  EXPECT_EQ(run_now(run()).size(), 4u);
  EXPECT_EQ(boots("one"), 2);
}

TEST_F(CachedRuns, another_agent_or_more_memory_is_another_machine) {
  run();
  write(data_.agent(), "another agent");
  EXPECT_EQ(run_now(run()).size(), 12u);
  request_.made->limits.memory = uint64_t{512} << 20;
  EXPECT_EQ(run_now(run()).size(), 12u);
  request_.made->limits.cell = std::chrono::milliseconds(20'000);  // changes no observation
  EXPECT_TRUE(run_now(run()).empty());
}

TEST_F(CachedRuns, without_the_cache_everything_runs_and_is_kept) {
  request_.cache = false;
  run();
  EXPECT_EQ(run_now(run()).size(), 12u);
  EXPECT_EQ(boots("one"), 2);
  request_.cache = true;
  EXPECT_TRUE(run_now(run()).empty());
}

TEST_F(CachedRuns, a_cell_that_did_not_end_well_runs_again_alone) {
  add_kernel("bad", "loader_gone_at 1 once");
  request_.made->kernel_entries = kernels_;
  request_.made->kernels = {"bad"};
  const auto first = run();
  ASSERT_EQ(first.cells.size(), 6u);
  EXPECT_EQ(first.cells[1].attempt.state, AttemptState::agent_crash);
  const auto second = run();
  EXPECT_EQ(run_now(second), std::vector<std::string>{second.cells[1].id});
  EXPECT_EQ(second.cells[1].attempt.state, AttemptState::measured);
  EXPECT_EQ(second.cells[1].key, first.cells[1].key);
  EXPECT_TRUE(run_now(run()).empty());
  EXPECT_EQ(boots("bad"), 2);
}

TEST_F(CachedRuns, an_edited_expectation_shows_at_once_with_everything_cached) {
  const auto status = [&](const std::string& outcome) {
    spec::Expectation expectation;
    expectation.outcome = outcome;
    expectation.reason = "so it is written";
    request_.made->expectations = {expectation};
    const auto record = run();
    return result::judge(record).verdicts.at(0).status;
  };
  EXPECT_EQ(status("LOADED"), result::Status::PASS);
  EXPECT_EQ(status("VERIFIER_REJECTION"), result::Status::FAIL);
  EXPECT_EQ(boots("one"), 1);
}

// KVM was found to work, and then does not: `kvm_exit` is a QEMU that ends at once under it.
class KvmFailure : public CachedRuns {
 protected:
  KvmFailure() {
    add_kernel("three", "kvm_exit");
    add_kernel("four", "kvm_exit");
    request_.made->kernel_entries = kernels_;
    request_.made->kernels = {"three", "four"};
    request_.made->loaders = {"raw"};
    vm::HostState host;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> host.boot_id;
    host.qemu_version = "7.2.22";
    host.kvm_opens = std::ifstream("/dev/kvm").good();
    vm::Sandbox sandbox;
    sandbox.started_by_root = ::geteuid() == 0;
    host.isolation = sandbox.level(true);
    EXPECT_TRUE(vm::remember(workspace_.acceleration(), host,
                             {.accel = vm::Accel::kvm, .slowdown = 1, .sentence = "using KVM"}));
  }
};

TEST_F(KvmFailure, the_rest_of_a_run_goes_on_under_tcg_and_the_run_says_so) {
  request_.accel = vm::AccelChoice::automatic;
  request_.machines = 1;
  const auto record = run();
  ASSERT_EQ(record.cells.size(), 6U);
  for (const auto& cell : record.cells)
    EXPECT_EQ(cell.attempt.state, AttemptState::measured) << cell.id << " " << cell.attempt.note;
  EXPECT_EQ(record.header.accel, "kvm+tcg");
  for (const auto& kernel : record.kernels) {
    EXPECT_EQ(kernel.accel, "tcg");
    EXPECT_EQ(kernel.problem, "");
  }
  // Two in vain, the question whether it is KVM, and the one that served; the next kernel knows.
  EXPECT_EQ(boots("three"), 4);
  EXPECT_EQ(boots("four"), 1);
  EXPECT_EQ(run().header.accel, "tcg") << "remembered";
}

TEST_F(KvmFailure, cells_are_not_run_where_kvm_was_demanded) {
  request_.accel = vm::AccelChoice::kvm;
  const auto record = run();
  ASSERT_EQ(record.cells.size(), 6U);
  for (const auto& cell : record.cells)
    EXPECT_EQ(cell.attempt.state, AttemptState::accel_broken) << cell.attempt.note;
  EXPECT_EQ(record.cells[0].attempt.note.find("KVM was demanded"), 0U);
  EXPECT_EQ(judge(record).exit_code, 101);
}

TEST_F(KvmFailure, a_demand_that_fails_at_the_start_costs_the_cells_and_not_the_run) {
  std::filesystem::remove(workspace_.acceleration());
  request_.accel = vm::AccelChoice::kvm;
  const auto record = run();
  ASSERT_EQ(record.cells.size(), 6U);
  for (const auto& cell : record.cells)
    EXPECT_EQ(cell.attempt.state, AttemptState::accel_broken) << cell.attempt.note;
  EXPECT_EQ(judge(record).exit_code, 101);
}

TEST_F(KvmFailure, a_kernel_that_comes_up_under_neither_is_its_own_fault) {
  add_kernel("five", "exit1");
  request_.made->kernel_entries = kernels_;
  request_.made->kernels = {"five"};
  request_.accel = vm::AccelChoice::automatic;
  const auto record = run();
  for (const auto& cell : record.cells)
    EXPECT_EQ(cell.attempt.state, AttemptState::qemu_crash) << cell.attempt.note;
  EXPECT_EQ(record.header.accel, "kvm");
}

}  // namespace
}  // namespace bpfmatrix::run
