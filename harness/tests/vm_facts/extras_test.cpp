// What a load varies beside its log mode, from real boots: bytes of the attribute, rights, the
// attribute that is common to all commands (7.2), strategies, BTF of one newer kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/files.h"
#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Cells = std::map<std::string, nlohmann::json>;
using Strings = std::vector<std::string>;

const Strings kOld = {"debian-5.10", "debian-6.1"};  // before 6.4: no rotating log
const Strings kNew = {"debian-6.12", "debian-7.3"};
const Strings kBefore72 = {"debian-5.10", "debian-6.1", "debian-6.12"};  // before BPF_COMMON_ATTRS
const Strings kAll = {"debian-5.10", "debian-6.1", "debian-6.12", "debian-7.3"};
const std::string kNewest = "debian-7.3";

class Extras : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const char* matrix : {"/extras.yaml", "/extras_libbpf.yaml"}) {
      const auto ran = run_program({"run", std::string(BPFM_TEST_DATA) + matrix, "--quiet"});
      ASSERT_EQ(ran.exit_code, 0) << ran.err << ran.out;
      const auto exported = export_latest();
      ASSERT_TRUE(exported.is_object());
      for (const auto& cell : exported["cells"]) cells_[cell["id"]] = cell;
    }
    ASSERT_GT(cells_.size(), 300U);
  }

  static const nlohmann::json& cell(const std::string& kernel, const std::string& rest) {
    static const nlohmann::json kMissing{{"outcome", "MISSING"},
                                         {"observed", nlohmann::json::object()}};
    const auto found = cells_.find(kernel + "/" + rest);
    EXPECT_NE(found, cells_.end()) << kernel << "/" << rest;
    return found == cells_.end() ? kMissing : found->second;
  }
  static std::string outcome(const std::string& kernel, const std::string& rest) {
    return cell(kernel, rest)["outcome"];
  }
  static nlohmann::json observed(const std::string& kernel, const std::string& rest,
                                 const std::string& field) {
    const auto& found = cell(kernel, rest);
    const bool has = found["observed"].is_object() && found["observed"].contains(field);
    EXPECT_TRUE(has) << field << " of " << found.dump().substr(0, 2000);
    return has ? found["observed"][field] : nlohmann::json();
  }
  static std::string error(const std::string& kernel, const std::string& rest) {
    const auto value = observed(kernel, rest, "errno");
    return value.is_string() ? value.get<std::string>() : "none";
  }
  // The calls that are a probe, or those that are measured.
  static std::vector<nlohmann::json> calls(const std::string& kernel, const std::string& rest,
                                           const char* flag = "measured") {
    std::vector<nlohmann::json> some;
    const auto all = observed(kernel, rest, "calls");
    for (const auto& call : all)
      if (call[flag].get<bool>()) some.push_back(call);
    return some;
  }
  static Strings kinds(const std::string& kernel, const std::string& rest) {
    const auto list = observed(kernel, rest, "btf_kinds");
    return list.is_array() ? list.get<Strings>() : Strings();
  }
  static Cells cells_;
};
Cells Extras::cells_;

TEST_F(Extras, every_cell_has_an_answer) {
  for (const auto& [id, cell] : cells_) {
    EXPECT_NE(cell["status"], "MISS") << id << cell["reason"];
    EXPECT_NE(cell["status"], "ERROR") << id << cell["reason"] << cell["note"];
  }
}

TEST_F(Extras, log_attributes_are_refused_before_the_callers_rights_since_7_2) {
  for (const std::string uid : {"0", "65534"}) {
    const std::string mode = "raw/trivial/prog_load:16:4096:uid=" + uid;
    for (const auto& kernel : kBefore72) EXPECT_EQ(error(kernel, mode), "EPERM") << kernel;
    EXPECT_EQ(error(kNewest, mode), "EINVAL");
  }
  const std::string empty = "raw/trivial/prog_load:16:4096:insn_cnt=0";
  for (const auto& kernel : kBefore72) EXPECT_EQ(error(kernel, empty), "E2BIG") << kernel;
  EXPECT_EQ(error(kNewest, empty), "EINVAL");
  for (const auto& kernel : kAll)
    EXPECT_EQ(error(kernel, "raw/trivial/prog_load:1:4096:insn_cnt=0"), "E2BIG") << kernel;
}

TEST_F(Extras, a_load_needs_CAP_BPF_and_takes_it_with_any_user) {
  for (const auto& kernel : kAll) {
    const std::string mode = "raw/trivial/prog_load:1:4096:";
    for (const std::string poor : {"uid=65534", "caps=none"}) {
      EXPECT_EQ(error(kernel, mode + poor), "EPERM") << kernel << poor;
      EXPECT_EQ(outcome(kernel, mode + poor), "KERNEL_REFUSED") << kernel << poor;
    }
    for (const std::string rich : {"caps=bpf", "caps=bpf+perfmon,uid=65534"})
      EXPECT_EQ(outcome(kernel, mode + rich), "LOADED") << kernel << rich;
    EXPECT_EQ(error(kernel, "libbpf-1.7.0/btf_enum64/object_load:0:none:caps=none"), "EPERM");
  }
}

TEST_F(Extras, attributes_of_a_page_are_taken_and_larger_ones_are_not) {
  const std::string mode = "raw/trivial/prog_load:2:4096:attr_size=";
  for (const auto& kernel : kAll) {
    for (const std::string size : {"143", "144", "4096"})
      EXPECT_EQ(outcome(kernel, mode + size), "LOADED") << kernel << size;
    EXPECT_EQ(error(kernel, mode + "4097"), "E2BIG") << kernel;
  }
  for (const auto& kernel : kNew) {
    const auto told = [&](const std::string& size) {
      return observed(kernel, mode + size, "log_true_size");
    };
    EXPECT_TRUE(told("143").is_null()) << kernel;
    EXPECT_GT(told("144"), 0) << kernel;
  }
}

TEST_F(Extras, a_byte_behind_the_attribute_is_E2BIG_and_one_that_the_command_does_not_know_EINVAL) {
  const std::string mode = "raw/trivial/prog_load:2:4096:tail_byte=";
  for (const auto& kernel : kAll) EXPECT_EQ(error(kernel, mode + "200"), "E2BIG") << kernel;
  EXPECT_EQ(error("debian-5.10", mode + "142"), "E2BIG");  // 120 bytes there
  EXPECT_EQ(error("debian-6.1", mode + "142"), "EINVAL");  // 144
  for (const auto& kernel : kNew) EXPECT_EQ(outcome(kernel, mode + "142"), "LOADED") << kernel;
  EXPECT_EQ(error("debian-6.12", mode + "167"), "E2BIG");  // 152
}

TEST_F(Extras, a_true_size_that_is_passed_is_not_taken_for_the_kernels) {
  const std::string mode = "raw/trivial/prog_load:2:4096:true_size_in=77";
  EXPECT_EQ(error("debian-5.10", mode), "E2BIG");
  EXPECT_EQ(error("debian-6.1", mode), "EINVAL");
  EXPECT_TRUE(observed("debian-6.1", mode, "log_true_size").is_null());
  for (const auto& kernel : kNew) {
    EXPECT_EQ(outcome(kernel, mode), "LOADED") << kernel;
    EXPECT_EQ(observed(kernel, mode, "log_true_size").get<uint64_t>(),
              observed(kernel, mode, "log_length").get<uint64_t>() + 1)
        << kernel;
  }
  const std::string btf = "raw/bad_btf/btf_load:1:65536:true_size_in=77";
  for (const auto& kernel : kOld)
    EXPECT_EQ(outcome(kernel, btf), "KERNEL_REFUSED") << kernel;
  for (const auto& kernel : kNew)
    EXPECT_EQ(outcome(kernel, btf), "VERIFIER_REJECTION") << kernel;
}

TEST_F(Extras, an_unmapped_buffer_is_EFAULT_and_the_size_is_told_all_the_same) {
  const std::string mode = "raw/trivial/prog_load:2:4096:buffer=unmapped";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(error(kernel, mode), "EFAULT") << kernel;
    EXPECT_FALSE(observed(kernel, mode, "touched").get<bool>()) << kernel;
  }
  for (const auto& kernel : kOld)
    EXPECT_TRUE(observed(kernel, mode, "log_true_size").is_null()) << kernel;
  for (const auto& kernel : kNew) EXPECT_GT(observed(kernel, mode, "log_true_size"), 0) << kernel;
}

TEST_F(Extras, btf_loads_mind_an_unmapped_buffer_since_the_log_rotates) {
  const std::string mode = "/btf_load:1:65536:buffer=unmapped";
  for (const auto& kernel : kOld) {
    EXPECT_EQ(outcome(kernel, "raw/trivial" + mode), "LOADED") << kernel;
    EXPECT_EQ(error(kernel, "raw/bad_btf" + mode), "EINVAL") << kernel;
  }
  for (const auto& kernel : kNew)
    for (const std::string program : {"raw/trivial", "raw/bad_btf"})
      EXPECT_EQ(error(kernel, program + mode), "EFAULT") << kernel << program;
}

TEST_F(Extras, the_common_attribute_is_an_unknown_command_before_7_2) {
  for (const auto& kernel : kBefore72)
    for (const std::string how : {"only", "same", "different", "null", "size0", "pad"})
      EXPECT_EQ(error(kernel, "raw/trivial/prog_load:2:4096:common=" + how), "EINVAL")
          << kernel << how;
}

TEST_F(Extras, the_common_attribute_of_7_3_has_the_log_alone_or_alike) {
  const std::string mode = "raw/trivial/prog_load:2:4096:common=";
  for (const std::string how : {"only", "same", "size0"}) {
    EXPECT_EQ(outcome(kNewest, mode + how), "LOADED") << how;
    EXPECT_EQ(observed(kNewest, mode + how, "log_true_size").get<uint64_t>(),
              observed(kNewest, mode + how, "log_length").get<uint64_t>() + 1)
        << how;
    EXPECT_EQ(calls(kNewest, mode + how).at(0)["cmd"], "PROG_LOAD|COMMON_ATTRS");
  }
  EXPECT_EQ(error(kNewest, mode + "different"), "EINVAL");
  EXPECT_EQ(error(kNewest, mode + "null"), "EFAULT");
  EXPECT_EQ(error(kNewest, mode + "pad"), "E2BIG");
  EXPECT_EQ(error(kNewest, "raw/trivial/prog_load:16:4096:common=only"), "EINVAL");
  const std::string cut = "raw/long_fault/prog_load:2:4096:common=only";
  EXPECT_EQ(outcome(kNewest, cut), "LOG_TRUNCATED");
  EXPECT_EQ(observed(kNewest, cut, "kept"), "tail");
}

TEST_F(Extras, a_map_has_a_log_since_7_2) {
  const std::string mode = "raw/trivial/map_create:";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(outcome(kernel, mode + "0:none:map_type=2"), "LOADED") << kernel;
    EXPECT_EQ(error(kernel, mode + "0:none:map_type=999"), "EINVAL") << kernel;
    EXPECT_EQ(calls(kernel, mode + "0:none:map_type=999").at(0)["cmd"], "MAP_CREATE") << kernel;
  }
  for (const auto& kernel : kBefore72)
    EXPECT_EQ(observed(kernel, mode + "1:4096:map_type=999", "log_length"), 0) << kernel;
  EXPECT_EQ(observed(kNewest, mode + "1:4096:map_type=999", "log_head"), "Invalid map_type.\n");
  EXPECT_EQ(observed(kNewest, mode + "1:4096:map_type=999", "log_true_size"), 19);
  EXPECT_EQ(outcome(kNewest, mode + "1:4096:map_type=999"), "KERNEL_REFUSED");
  EXPECT_EQ(observed(kNewest, mode + "1:4096:map_extra=1", "log_head"), "Invalid map_extra.\n");
  EXPECT_EQ(outcome(kNewest, mode + "1:8:map_type=999"), "LOG_TRUNCATED");
  EXPECT_EQ(observed(kNewest, mode + "1:8:map_type=999", "kept"), "tail");
  EXPECT_EQ(cell(kNewest, "libbpf-1.7.0/trivial/map_create:0:none")["reason"], "NOT_EXPRESSIBLE");
}

TEST_F(Extras, doubling_ends_with_a_buffer_that_fits) {
  const std::string mode = "raw/long_fault/prog_load:2:4096:strategy=double";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(outcome(kernel, mode), "VERIFIER_REJECTION") << kernel;
    EXPECT_EQ(observed(kernel, mode, "kept"), "all") << kernel;
    uint64_t size = 4096;
    const auto loads = calls(kernel, mode);
    for (size_t i = 0; i < loads.size(); ++i, size *= 2) {
      EXPECT_EQ(loads[i]["size"], size) << kernel;
      EXPECT_EQ(loads[i]["errno"], i + 1 == loads.size() ? "EACCES" : "ENOSPC") << kernel;
    }
    const auto length = observed(kernel, mode, "log_length").get<uint64_t>();
    EXPECT_LT(length, size / 2) << kernel;  // the last one
    EXPECT_GT(length, size / 4 - 2) << kernel;
    EXPECT_EQ(loads.back()["length"], length) << kernel;
    // EINVAL of the verifier is an answer, not a refusal of the size.
    EXPECT_EQ(calls(kernel, "raw/endless_loop/prog_load:1:4096:strategy=double").size(), 1U);
  }
}

TEST_F(Extras, two_loads_are_enough_where_the_size_is_told) {
  for (const std::string strategy : {"exact", "query"}) {
    const std::string mode = "raw/long_fault/prog_load:2:4096:strategy=" + strategy;
    for (const auto& kernel : kNew) {
      const auto loads = calls(kernel, mode);
      ASSERT_EQ(loads.size(), 2U) << kernel << strategy;
      EXPECT_EQ(loads[0]["size"], strategy == "exact" ? 4096 : 0) << kernel;
      EXPECT_EQ(loads[1]["size"], observed(kernel, mode, "log_true_size")) << kernel;
      EXPECT_EQ(observed(kernel, mode, "kept"), "all") << kernel;
    }
    for (const auto& kernel : kOld) {
      EXPECT_GT(calls(kernel, mode).size(), 5U) << kernel << strategy;
      EXPECT_EQ(observed(kernel, mode, "kept"), "all") << kernel << strategy;
    }
  }
  for (const auto& kernel : kOld) {
    const auto first = calls(kernel, "raw/long_fault/prog_load:2:4096:strategy=query").at(0);
    EXPECT_EQ(first["size"], 0) << kernel;
    EXPECT_EQ(first["errno"], "EINVAL") << kernel;
  }
}

TEST_F(Extras, fixed_first_keeps_the_head_on_every_kernel) {
  const std::string mode = "raw/long_fault/prog_load:2:4096:strategy=fixed-first";
  for (const auto& kernel : kAll) EXPECT_EQ(observed(kernel, mode, "kept"), "head") << kernel;
  for (const auto& kernel : kOld) {
    const auto loads = calls(kernel, mode);
    ASSERT_EQ(loads.size(), 2U) << kernel;
    EXPECT_EQ(loads[0]["level"], 10) << kernel;
    EXPECT_EQ(loads[0]["errno"], "EINVAL") << kernel;
    EXPECT_EQ(loads[1]["level"], 2) << kernel;
  }
  for (const auto& kernel : kNew) EXPECT_EQ(calls(kernel, mode).size(), 1U) << kernel;
}

TEST_F(Extras, invalid_btf_with_a_small_log_keeps_its_errno_until_the_log_rotates) {
  for (const auto& kernel : kOld) {
    EXPECT_EQ(error(kernel, "raw/bad_btf/btf_load:1:256"), "EINVAL") << kernel;
    EXPECT_EQ(observed(kernel, "raw/bad_btf/btf_load:1:256", "kept"), "head") << kernel;
  }
  for (const auto& kernel : kNew) {
    EXPECT_EQ(error(kernel, "raw/bad_btf/btf_load:1:256"), "ENOSPC") << kernel;
    EXPECT_EQ(observed(kernel, "raw/bad_btf/btf_load:1:256", "kept"), "tail") << kernel;
  }
  for (const auto& kernel : kAll) {
    EXPECT_EQ(error(kernel, "raw/bad_btf/btf_load:1:65536"), "EINVAL") << kernel;
    EXPECT_GT(observed(kernel, "raw/bad_btf/btf_load:1:65536", "log_length"), 300) << kernel;
  }
}

TEST_F(Extras, each_newer_kind_of_btf_stands_alone) {
  const std::pair<std::string, std::string> programs[] = {{"btf_float", "FLOAT"},
                                                          {"btf_decl_tag", "DECL_TAG"},
                                                          {"btf_type_tag", "TYPE_TAG"},
                                                          {"btf_enum64", "ENUM64"}};
  for (const auto& [program, kind] : programs) {
    const std::string mode = "raw/" + program + "/btf_load:1:65536";
    EXPECT_EQ(error("debian-5.10", mode), "EINVAL") << program;
    for (const std::string kernel : {"debian-6.1", "debian-6.12", "debian-7.3"})
      EXPECT_EQ(outcome(kernel, mode), "LOADED") << kernel << program;
    for (const auto& [other, other_kind] : programs) {
      if (other == program)
        EXPECT_THAT(kinds("debian-6.1", mode), Contains(kind));
      else
        EXPECT_THAT(kinds("debian-6.1", mode), Not(Contains(other_kind))) << program;
    }
  }
}

TEST_F(Extras, what_a_library_made_of_the_btf_is_seen) {
  const std::string mode = "/btf_enum64/object_load:0:none";
  for (const std::string loader : {"libbpf-1.1.2", "libbpf-1.7.0"}) {
    EXPECT_THAT(kinds("debian-5.10", loader + mode), Not(Contains("ENUM64"))) << loader;
    EXPECT_THAT(kinds("debian-5.10", loader + mode), Contains("UNION")) << loader;
    EXPECT_THAT(kinds("debian-6.1", loader + mode), Contains("ENUM64")) << loader;
  }
  for (const auto& kernel : kAll)
    EXPECT_TRUE(observed(kernel, "libbpf-0.3" + mode, "btf_kinds").is_null()) << kernel;
}

TEST_F(Extras, the_kernels_btf_is_read_by_the_libraries_that_know_its_kinds) {
  const std::string mode = "/trivial/kernel_btf:0:none";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(outcome(kernel, "raw" + mode), "LOADED") << kernel;
    EXPECT_FALSE(observed(kernel, "raw" + mode, "needs_call").get<bool>()) << kernel;
    EXPECT_EQ(observed(kernel, "raw" + mode, "decided_by"), "library") << kernel;
    for (const std::string loader : {"libbpf-1.1.2", "libbpf-1.7.0"})
      EXPECT_EQ(outcome(kernel, loader + mode), "LOADED") << kernel << loader;
  }
  EXPECT_THAT(kinds("debian-5.10", "raw" + mode), Not(Contains("ENUM64")));
  EXPECT_EQ(outcome("debian-5.10", "libbpf-0.3" + mode), "LOADED");
  for (const std::string kernel : {"debian-6.1", "debian-6.12", "debian-7.3"}) {
    EXPECT_THAT(kinds(kernel, "raw" + mode), Contains("ENUM64")) << kernel;
    EXPECT_EQ(outcome(kernel, "libbpf-0.3" + mode), "MISSING_BTF") << kernel;
    EXPECT_TRUE(observed(kernel, "libbpf-0.3" + mode, "btf_unreadable").get<bool>()) << kernel;
  }
}

TEST_F(Extras, hidden_btf_is_missing_for_every_loader) {
  for (const auto& kernel : kAll) {
    EXPECT_EQ(error(kernel, "raw/trivial/kernel_btf:0:none:kernel_btf=hidden"), "ENOENT") << kernel;
    for (const std::string loader : {"libbpf-0.3", "libbpf-1.1.2", "libbpf-1.7.0"}) {
      EXPECT_EQ(outcome(kernel, loader + "/trivial/kernel_btf:0:none:kernel_btf=hidden"),
                "MISSING_BTF");
      EXPECT_EQ(outcome(kernel, loader + "/core_relocation/object_load:0:none:kernel_btf=hidden"),
                "MISSING_BTF")
          << kernel << loader;
    }
  }
}

TEST_F(Extras, a_fresh_process_shows_the_probes_that_a_used_one_has_behind_it) {
  for (const auto& kernel : kAll) {
    for (const std::string loader : {"libbpf-1.1.2", "libbpf-1.7.0"}) {
      const std::string mode = loader + "/btf_enum64/object_load:0:none";
      EXPECT_LT(calls(kernel, mode, "probe").size(), 5U) << kernel << loader;
      EXPECT_GT(calls(kernel, mode + ":process=fresh", "probe").size(), 8U) << kernel << loader;
    }
  }
}

TEST_F(Extras, the_users_buffer_holds_the_log_of_the_btf_when_the_program_is_never_loaded) {
  const std::string mode = "libbpf-1.1.2/btf_float/object_load:8:4096";
  for (const auto& kernel : kAll) {
    EXPECT_EQ(outcome(kernel, mode), "LIBRARY_REFUSED") << kernel;
    EXPECT_TRUE(calls(kernel, mode).empty()) << kernel;
    EXPECT_TRUE(observed(kernel, mode, "touched").get<bool>()) << kernel;
    EXPECT_EQ(observed(kernel, mode, "kept"), "none") << kernel;
    EXPECT_THAT(observed(kernel, mode, "log_head").get<std::string>(), HasSubstr("magic: 0xeb9f"));
  }
}

TEST_F(Extras, a_library_cannot_vary_what_belongs_to_the_call) {
  for (const std::string loader : {"libbpf-0.3", "libbpf-1.7.0"}) {
    const auto& found = cell(kNewest, loader + "/btf_enum64/prog_load:1:4096:tail_byte=0");
    EXPECT_EQ(found["reason"], "NOT_EXPRESSIBLE");
    EXPECT_THAT(found["note"].get<std::string>(), HasSubstr("tail_byte"));
  }
}

TEST_F(Extras, a_program_refused_before_verification_has_no_statistics_on_7_3) {
  for (const std::string level : {"1", "4"}) {
    const std::string mode = "raw/bad_ld_imm64/prog_load:" + level + ":4096";
    EXPECT_EQ(observed(kNewest, mode, "log_head"), "invalid bpf_ld_imm64 insn\n");
    for (const auto& kernel : kBefore72)
      EXPECT_THAT(observed(kernel, mode, "log_head").get<std::string>(), HasSubstr("processed 0"))
          << kernel;
  }
}

// A cell in a process of its own that takes too long: it alone is lost, and neither process lives
// on beside the cells after it.
TEST(Apart, a_cell_that_is_killed_costs_itself_and_nothing_else) {
  auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "apart-");
  ASSERT_TRUE(folder.has_value());
  const std::string matrix =
      "kernels: [debian-6.1]\n"
      "loaders: [raw]\n"
      "programs:\n"
      "  - match: too_complex\n"
      "    cell_limit: 20ms\n"
      "    modes: [{level: 0, buffer: none, extra: {process: fresh}}]\n"
      "  - match: trivial\n"
      "    modes: [{level: 0, buffer: none, extra: {process: fresh}}, {level: 0, buffer: none}]\n";
  ASSERT_TRUE(base::write_file(folder->path() / "apart.yaml", matrix).has_value());
  const auto ran = run_program({"run", (folder->path() / "apart.yaml").string(), "--quiet"});
  EXPECT_EQ(ran.exit_code, 101) << ran.err;
  std::map<std::string, std::string> outcomes;
  const auto exported = export_latest();
  for (const auto& cell : exported["cells"]) outcomes[cell["id"]] = cell["outcome"];
  EXPECT_EQ(outcomes["debian-6.1/raw/too_complex/prog_load:0:none:process=fresh"], "TIMEOUT");
  EXPECT_EQ(outcomes["debian-6.1/raw/trivial/prog_load:0:none:process=fresh"], "LOADED");
  EXPECT_EQ(outcomes["debian-6.1/raw/trivial/prog_load:0:none"], "LOADED");
}

}  // namespace
}  // namespace bpfmatrix::tests
