// The facts that the project exists for, from real boots, read from the exported JSON. Structure
// and relations are tested, never whole texts: those change from kernel to kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

using Cells = std::map<std::string, nlohmann::json>;

const std::vector<std::string> kOld = {"debian-5.10", "debian-6.1"};  // before 6.4: no rotating log
const std::vector<std::string> kNew = {"debian-6.12", "debian-7.3"};
const std::vector<std::string> kAll = {"debian-5.10", "debian-6.1", "debian-6.12", "debian-7.3"};
const std::vector<std::string> kStrict = {"libbpf-0.3", "libbpf-0.6.1", "libbpf-1.0.1",
                                          "libbpf-1.1.2"};
const std::vector<std::string> kPassing = {"raw", "libbpf-1.2.0", "libbpf-1.7.0"};

class Facts : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto ran = run_program({"run", BPFM_TEST_DATA "/facts.yaml", "--quiet"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err << ran.out;
    const auto exported = export_latest();
    ASSERT_TRUE(exported.is_object());
    for (const auto& cell : exported["cells"]) cells_[cell["id"]] = cell;
    ASSERT_GT(cells_.size(), 400U);
  }

  // The cell, which must have been measured.
  static const nlohmann::json& cell(const std::string& kernel, const std::string& loader,
                                    const std::string& rest) {
    static const nlohmann::json kMissing{{"outcome", "MISSING"},
                                         {"observed", nlohmann::json::object()}};
    const auto found = cells_.find(kernel + "/" + loader + "/" + rest);
    EXPECT_NE(found, cells_.end()) << kernel << "/" << loader << "/" << rest;
    return found == cells_.end() ? kMissing : found->second;
  }
  static std::string outcome(const std::string& kernel, const std::string& loader,
                             const std::string& rest) {
    return cell(kernel, loader, rest)["outcome"];
  }
  static nlohmann::json observed(const std::string& kernel, const std::string& loader,
                                 const std::string& rest, const std::string& field) {
    const auto& found = cell(kernel, loader, rest);
    const bool has = found["observed"].is_object() && found["observed"].contains(field);
    EXPECT_TRUE(has) << field << " of " << found.dump().substr(0, 2000);
    return has ? found["observed"][field] : nlohmann::json();
  }
  // Calls of `cmd` that were the measured one.
  static size_t measured_calls(const std::string& kernel, const std::string& loader,
                               const std::string& rest) {
    size_t count = 0;
    const auto calls = observed(kernel, loader, rest, "calls");
    for (const auto& call : calls)
      count += call["cmd"] == "PROG_LOAD" && !call["probe"].get<bool>() ? 1 : 0;
    return count;
  }
  static Cells cells_;
};
Cells Facts::cells_;

TEST_F(Facts, every_kernel_booted_and_every_cell_has_an_answer) {
  for (const auto& [id, cell] : cells_) {
    EXPECT_NE(cell["status"], "MISS") << id << cell["reason"];
    EXPECT_NE(cell["status"], "ERROR") << id << cell["reason"];
  }
}

TEST_F(Facts, a_log_that_does_not_fit_is_ENOSPC_on_every_kernel_in_both_modes) {
  for (const auto& kernel : kAll) {
    EXPECT_EQ(observed(kernel, "raw", "long_fault/prog_load:2:4096", "errno"), "ENOSPC") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:4096"), "LOG_TRUNCATED") << kernel;
  }
  for (const auto& kernel : kNew)
    EXPECT_EQ(observed(kernel, "raw", "long_fault/prog_load:10:4096", "errno"), "ENOSPC") << kernel;
}

TEST_F(Facts, the_head_is_kept_before_the_log_rotates_and_the_tail_since) {
  for (const auto& loader : kPassing) {
    for (const auto& kernel : kOld)
      EXPECT_EQ(observed(kernel, loader, "long_fault/prog_load:2:4096", "kept"), "head")
          << kernel << loader;
    for (const auto& kernel : kNew) {
      EXPECT_EQ(observed(kernel, loader, "long_fault/prog_load:2:4096", "kept"), "tail")
          << kernel << loader;
      EXPECT_EQ(observed(kernel, loader, "long_fault/prog_load:10:4096", "kept"), "head")
          << kernel << loader;
    }
  }
}

TEST_F(Facts, level_8_is_refused_by_an_old_kernel_where_the_library_passes_it_on) {
  for (const auto& kernel : kOld) {
    for (const auto& loader : kPassing) {
      EXPECT_EQ(observed(kernel, loader, "trivial/prog_load:8:4096", "errno"), "EINVAL")
          << kernel << loader;
      EXPECT_EQ(observed(kernel, loader, "trivial/prog_load:8:4096", "decided_by"), "kernel")
          << kernel << loader;
      EXPECT_EQ(outcome(kernel, loader, "trivial/prog_load:8:4096"), "KERNEL_REFUSED")
          << kernel << loader;
    }
  }
  for (const auto& kernel : kNew)
    for (const auto& loader : kPassing)
      EXPECT_EQ(outcome(kernel, loader, "trivial/prog_load:8:4096"), "LOADED") << kernel << loader;
}

TEST_F(Facts, level_8_is_refused_by_libbpf_before_1_2_without_any_load_on_every_kernel) {
  for (const auto& kernel : kAll) {
    for (const auto& loader : kStrict) {
      EXPECT_EQ(observed(kernel, loader, "trivial/prog_load:8:4096", "errno"), "EINVAL")
          << kernel << loader;
      EXPECT_EQ(observed(kernel, loader, "trivial/prog_load:8:4096", "decided_by"), "library")
          << kernel << loader;
      EXPECT_EQ(measured_calls(kernel, loader, "trivial/prog_load:8:4096"), 0U) << kernel << loader;
    }
    EXPECT_GE(measured_calls(kernel, "raw", "trivial/prog_load:8:4096"), 1U);
  }
}

TEST_F(Facts, the_true_size_is_told_since_the_log_rotates_on_success_and_failure) {
  for (const auto& kernel : kNew) {
    EXPECT_GT(observed(kernel, "raw", "trivial/prog_load:2:128", "log_true_size"), 0) << kernel;
    EXPECT_GT(observed(kernel, "raw", "long_fault/prog_load:2:4096", "log_true_size"), 4096)
        << kernel;
  }
  for (const auto& kernel : kOld)
    EXPECT_TRUE(observed(kernel, "raw", "long_fault/prog_load:2:4096", "log_true_size").is_null())
        << kernel;
}

TEST_F(Facts, the_true_size_is_not_told_when_the_attribute_ends_before_it) {
  const std::string mode = "trivial/prog_load:2:4096:attr_size=140";
  for (const auto& kernel : kNew) {
    EXPECT_EQ(outcome(kernel, "raw", mode), "LOADED") << kernel;
    EXPECT_TRUE(observed(kernel, "raw", mode, "log_true_size").is_null()) << kernel;
  }
  EXPECT_EQ(cell("debian-7.3", "libbpf-1.7.0", mode)["reason"], "NOT_EXPRESSIBLE");
}

TEST_F(Facts, a_retry_with_exactly_the_true_size_gives_the_real_answer_and_one_less_does_not) {
  for (const auto& kernel : kNew) {
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:true"), "VERIFIER_REJECTION")
        << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:true-1"), "LOG_TRUNCATED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:2:true"), "LOADED") << kernel;
    EXPECT_EQ(observed(kernel, "raw", "trivial/prog_load:2:true-1", "errno"), "ENOSPC") << kernel;
  }
}

TEST_F(Facts, before_the_log_rotates_the_text_needs_its_length_and_two_bytes) {
  for (const auto& kernel : kOld) {
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:true"), "LOG_TRUNCATED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:true+1"), "VERIFIER_REJECTION")
        << kernel;
    const auto& whole = cell(kernel, "raw", "long_fault/prog_load:2:true+1");
    EXPECT_EQ(whole["mode"]["buffer_size"].get<uint64_t>(),
              whole["observed"]["log_length"].get<uint64_t>() + 2)
        << kernel;
  }
}

TEST_F(Facts, a_text_shorter_than_the_least_buffer_has_the_least_as_its_size) {
  for (const auto& kernel : kOld) {
    // 128 is the smallest that is accepted, so the true size is one less.
    const auto& exact = cell(kernel, "raw", "trivial/prog_load:1:true");
    EXPECT_EQ(exact["mode"]["buffer_size"], 127) << kernel;
    EXPECT_EQ(exact["outcome"], "KERNEL_REFUSED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:1:true+1"), "LOADED") << kernel;
  }
  for (const auto& kernel : kNew)
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:1:true"), "LOADED") << kernel;
}

TEST_F(Facts, the_same_errno_is_the_verifiers_or_that_of_the_log_attributes) {
  for (const auto& kernel : kAll) {
    const std::string program = "endless_loop/prog_load:0:";
    for (const std::string buffer : {"none", "null:4096", "4096"})
      EXPECT_EQ(observed(kernel, "raw", program + buffer, "errno"), "EINVAL") << kernel << buffer;
    EXPECT_EQ(outcome(kernel, "raw", program + "none"), "VERIFIER_REJECTION") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", program + "null:4096"), "KERNEL_REFUSED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", program + "4096"), "KERNEL_REFUSED") << kernel;
  }
}

TEST_F(Facts, buffers_below_128_bytes_are_refused_before_the_log_rotates_and_taken_since) {
  for (const std::string size : {"1", "64", "127"}) {
    for (const auto& kernel : kOld)
      EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:2:" + size), "KERNEL_REFUSED")
          << kernel << " " << size;
    for (const auto& kernel : kNew)
      EXPECT_EQ(observed(kernel, "raw", "trivial/prog_load:2:" + size, "errno"), "ENOSPC")
          << kernel << " " << size;
  }
  for (const auto& kernel : kOld)
    EXPECT_NE(outcome(kernel, "raw", "trivial/prog_load:2:128"), "KERNEL_REFUSED");
}

TEST_F(Facts, a_null_buffer_of_size_0_asks_for_the_size_since_the_log_rotates) {
  for (const auto& kernel : kOld)
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:none"), "KERNEL_REFUSED");
  for (const auto& kernel : kNew) {
    EXPECT_EQ(outcome(kernel, "raw", "long_fault/prog_load:2:none"), "VERIFIER_REJECTION")
        << kernel;
    EXPECT_EQ(observed(kernel, "raw", "long_fault/prog_load:2:none", "log_true_size"),
              observed(kernel, "raw", "long_fault/prog_load:2:4096", "log_true_size"))
        << kernel;
  }
}

TEST_F(Facts, buffers_up_to_a_gibibyte_less_one_are_taken_and_a_gibibyte_is_not) {
  for (const auto& kernel : kAll) {
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:2:16777216"), "LOADED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:2:1073741823"), "LOADED") << kernel;
    EXPECT_EQ(outcome(kernel, "raw", "trivial/prog_load:2:1073741824"), "KERNEL_REFUSED") << kernel;
  }
}

TEST_F(Facts, nothing_is_ever_written_past_the_buffer) {
  for (const auto& [id, cell] : cells_) {
    const auto& observed = cell["observed"];
    const bool measured = observed.is_object() && observed.contains("overrun");
    EXPECT_EQ(measured ? observed["overrun"].get<int>() : 0, 0) << id;
  }
}

TEST_F(Facts, a_core_object_fails_with_a_library_that_cannot_read_the_kernels_btf) {
  const std::string mode = "core_relocation/object_load:0:none";
  for (const std::string kernel : {"debian-6.1", "debian-6.12", "debian-7.3"}) {
    for (const std::string loader : {"libbpf-0.3", "libbpf-0.6.1"})
      EXPECT_EQ(outcome(kernel, loader, mode), "MISSING_BTF") << kernel << loader;
    for (const std::string loader : {"libbpf-1.0.1", "libbpf-1.1.2", "libbpf-1.7.0"})
      EXPECT_EQ(outcome(kernel, loader, mode), "LOADED") << kernel << loader;
  }
  EXPECT_EQ(outcome("debian-5.10", "libbpf-0.3", mode), "LOADED");
}

TEST_F(Facts, an_object_with_maps_and_globals_loads_with_every_library_on_every_kernel) {
  for (const auto& kernel : kAll)
    for (const auto& loader : {"libbpf-0.3", "libbpf-0.6.1", "libbpf-1.0.1", "libbpf-1.7.0"})
      EXPECT_EQ(outcome(kernel, loader, "global_data/object_load:0:none"), "LOADED")
          << kernel << loader;
}

TEST_F(Facts, the_error_of_an_object_load_is_libbpfs_own_until_0_6_and_the_kernels_since) {
  const std::string mode = "uninitialised/object_load:0:none";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(observed(kernel, "libbpf-0.3", mode, "errno"), "LIBBPF_ERRNO__VERIFY") << kernel;
    EXPECT_EQ(observed(kernel, "libbpf-0.6.1", mode, "errno"), "LIBBPF_ERRNO__VERIFY") << kernel;
    EXPECT_EQ(observed(kernel, "libbpf-1.0.1", mode, "errno"), "EACCES") << kernel;
    EXPECT_EQ(observed(kernel, "libbpf-1.7.0", mode, "errno"), "EACCES") << kernel;
    EXPECT_EQ(outcome(kernel, "libbpf-0.3", mode), "VERIFIER_REJECTION") << kernel;
  }
}

}  // namespace
}  // namespace bpfmatrix::tests
