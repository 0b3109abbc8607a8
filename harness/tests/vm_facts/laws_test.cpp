// Every shipped law held against real kernels and libraries, and what must fail a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "program_run.h"

namespace bpfmatrix::tests {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;

class Laws : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // 101 is trouble on our side and no answer: seldom, on a busy machine, a guest stands still for
    // its cell's whole limit. What a law says is never tried twice.
    constexpr int kInfrastructure = 101;
    for (int tries = 0; tries < 2; ++tries) {
      ran_ = run_program({"run", BPFM_TEST_DATA "/laws/all.yaml", "--quiet"});
      if (ran_.exit_code != kInfrastructure) break;
    }
    document_ = export_latest();
    ASSERT_TRUE(document_.is_object()) << ran_.err;
    for (const auto& cell : document_["cells"]) cells_[cell["id"]] = cell;
  }

  // What a law or feature came to: "debian-6.1/raw" -> "holds".
  static std::map<std::string, std::string> verdicts(const std::string& id) {
    std::map<std::string, std::string> verdicts;
    for (const auto& law : document_["laws"]) {
      if (law["id"] != id) continue;
      for (const auto& point : law["points"])
        verdicts[point["kernel"].get<std::string>() + "/" + point["loader"].get<std::string>()] =
            point["verdict"];
    }
    EXPECT_FALSE(verdicts.empty()) << id;
    return verdicts;
  }
  // errno, who decided, and what it amounts to.
  static std::string blame(const std::string& id) {
    const auto found = cells_.find(id);
    if (found == cells_.end() || !found->second["observed"].is_object()) return "no cell " + id;
    const auto& cell = found->second;
    return cell["observed"]["errno"].get<std::string>() + " " +
           cell["observed"]["decided_by"].get<std::string>() + " " +
           cell["outcome"].get<std::string>();
  }

  static ProgramOutput ran_;
  static json document_;
  static std::map<std::string, json> cells_;
};
ProgramOutput Laws::ran_;
json Laws::document_;
std::map<std::string, json> Laws::cells_;

TEST_F(Laws, every_law_holds_on_every_kernel_with_every_library) {
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out.substr(ran_.out.rfind("cells:") - 20) << ran_.err;
  EXPECT_EQ(document_["run"]["findings"], json::array());
  std::set<std::string> holding;
  for (const auto& law : document_["laws"])
    for (const auto& point : law["points"])
      if (law["kind"] == "law" && point["verdict"] == "holds") holding.insert(law["id"]);
  EXPECT_GT(holding.size(), 130U);
}

TEST_F(Laws, features_draw_the_line_between_old_and_new) {
  using ::testing::Pair;
  using ::testing::UnorderedElementsAre;
  EXPECT_THAT(verdicts("log-rotates"),
              UnorderedElementsAre(Pair("debian-5.10/raw", "broken"), Pair("debian-6.1/raw", "broken"),
                                   Pair("debian-6.12/raw", "holds"), Pair("debian-7.3/raw", "holds")));
  for (const auto& [where, verdict] : verdicts("passes-high-levels"))
    EXPECT_EQ(verdict, where.ends_with("raw") || where.ends_with("1.7.0") ? "holds" : "broken")
        << where;
  for (const auto& [where, verdict] : verdicts("reads-kernel-btf")) {
    const bool old_library = where.ends_with("0.3") || where.ends_with("0.6.1");
    EXPECT_EQ(verdict, old_library && !where.starts_with("debian-5.10") ? "broken" : "holds")
        << where;
  }
}

TEST_F(Laws, the_same_errno_is_blamed_on_the_place_that_it_comes_from) {
  for (const std::string kernel : {"debian-5.10", "debian-6.1", "debian-6.12", "debian-7.3"}) {
    const bool old_kernel = kernel == "debian-5.10" || kernel == "debian-6.1";
    // 1: the verifier, 2: BTF's check, 3: the kernel's look at the log attributes
    EXPECT_EQ(blame(kernel + "/raw/endless_loop/prog_load:0:none"),
              "EINVAL kernel VERIFIER_REJECTION");
    EXPECT_EQ(blame(kernel + "/libbpf-1.7.0/endless_loop/prog_load:1:4096"),
              "EINVAL kernel VERIFIER_REJECTION");
    EXPECT_EQ(blame(kernel + "/raw/bad_btf/btf_load:1:1048576"), "EINVAL kernel VERIFIER_REJECTION");
    EXPECT_EQ(blame(kernel + "/raw/trivial/prog_load:2:null:4096"), "EINVAL kernel KERNEL_REFUSED");
    // 4: the library, for the same arguments
    for (const std::string library : {"libbpf-0.3", "libbpf-0.6.1", "libbpf-1.1.2", "libbpf-1.7.0"})
      EXPECT_EQ(blame(kernel + "/" + library + "/trivial/prog_load:2:null:4096"),
                "EINVAL library LIBRARY_REFUSED");
    // 5: the level, which the library refuses, or the kernel, or nobody
    EXPECT_EQ(blame(kernel + "/libbpf-1.1.2/trivial/prog_load:8:4096"),
              "EINVAL library LIBRARY_REFUSED");
    EXPECT_EQ(blame(kernel + "/libbpf-1.7.0/trivial/prog_load:8:4096"),
              old_kernel ? "EINVAL kernel KERNEL_REFUSED" : "0 kernel LOADED");
  }
}

TEST(LawsThatFail, a_broken_law_ends_with_100_and_names_the_two_cells_that_contradict) {
  const auto ran = run_program({"run", BPFM_TEST_DATA "/laws/broken.yaml", "--quiet"});
  EXPECT_EQ(ran.exit_code, 100) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("law false-law is broken: kept: expected tail, found head"));
  EXPECT_THAT(ran.out, HasSubstr("debian-6.12/raw/long_fault/prog_load:10:4096"));
  EXPECT_THAT(ran.out, HasSubstr("debian-6.12/raw/trivial/prog_load:8:4096"));
}

TEST(LawsThatFail, an_exception_excuses_and_a_missing_one_does_not) {
  const auto with = run_program({"run", BPFM_TEST_DATA "/laws/excepted.yaml", "--quiet"});
  EXPECT_EQ(with.exit_code, 0) << with.out << with.err;
  const auto without = run_program({"run", BPFM_TEST_DATA "/laws/unexcepted.yaml", "--quiet"});
  EXPECT_EQ(without.exit_code, 100) << without.out << without.err;
  EXPECT_THAT(without.out, HasSubstr("law unexcepted-law is broken"));
}

TEST(LawsThatFail, an_exception_that_nothing_needs_is_a_finding) {
  const auto ran = run_program({"run", BPFM_TEST_DATA "/laws/stale.yaml", "--quiet"});
  EXPECT_EQ(ran.exit_code, 100) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("stale"));
}

TEST(LawsThatFail, an_expectation_that_no_cell_exercises_is_a_finding) {
  const auto ran = run_program({"run", BPFM_TEST_DATA "/laws/unexercised.yaml", "--quiet"});
  EXPECT_EQ(ran.exit_code, 100) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("was exercised by no cell"));
}

TEST(Bisect, finds_the_boundary_of_a_feature_with_few_boots) {
  const auto ran = run_program({"bisect", "log-rotates", "-k", "debian-5.10", "-k", "debian-6.1",
                                "-k", "debian-6.12", "-k", "debian-7.3"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("no on debian-6.1"));
  EXPECT_THAT(ran.out, HasSubstr("yes on debian-6.12"));
}

}  // namespace
}  // namespace bpfmatrix::tests
