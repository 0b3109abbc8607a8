// What is remembered of the choice, and when it is not believed.
#include <gtest/gtest.h>

#include <limits>

#include "base/files.h"
#include "vm/acceleration.h"

namespace bpfmatrix::vm {
namespace {

class AccelerationMemory : public ::testing::Test {
 protected:
  base::TemporaryFolder folder_ = *base::TemporaryFolder::make("/tmp", "bpfm-accel-");
  std::filesystem::path file_ = folder_.path() / "deep" / "acceleration.json";
  HostState host_{.boot_id = "b-1", .qemu_version = "7.2.22", .kvm_opens = true};
  Acceleration kvm_{.accel = Accel::kvm, .slowdown = 1.25, .sentence = "using \"KVM\"\n"};
};

TEST_F(AccelerationMemory, what_was_remembered_is_recalled) {
  ASSERT_TRUE(remember(file_, host_, kvm_));
  const auto back = recall(file_, host_);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->accel, Accel::kvm);
  EXPECT_EQ(back->slowdown, 1.25);
  EXPECT_EQ(back->sentence, kvm_.sentence);
  EXPECT_TRUE(back->remembered);
}

TEST_F(AccelerationMemory, another_boot_qemu_or_device_state_is_asked_anew) {
  ASSERT_TRUE(remember(file_, host_, kvm_));
  auto other = host_;
  other.boot_id = "b-2";
  EXPECT_FALSE(recall(file_, other));
  other = host_;
  other.qemu_version = "8.0.0";
  EXPECT_FALSE(recall(file_, other));
  other = host_;
  other.isolation = "seccomp-only";
  EXPECT_FALSE(recall(file_, other));
  other = host_;
  other.kvm_opens = false;
  EXPECT_FALSE(recall(file_, other));
}

TEST_F(AccelerationMemory, a_host_without_a_boot_id_remembers_nothing) {
  host_.boot_id.clear();
  ASSERT_TRUE(remember(file_, host_, kvm_));
  EXPECT_FALSE(recall(file_, host_));
}

TEST_F(AccelerationMemory, a_broken_file_is_no_answer) {
  EXPECT_FALSE(recall(file_, host_)) << "missing";
  const auto whole = [](const std::string& accel, const std::string& slowdown,
                        const std::string& sentence) {
    return R"({"boot_id":"b-1","qemu_version":"7.2.22","kvm_opens":true,"isolation":"","accel":)" + accel +
           R"(,"slowdown":)" + slowdown + R"(,"sentence":)" + sentence + "}";
  };
  const std::string broken[] = {"",
                                "{",
                                "[]",
                                "null",
                                R"({"boot_id":"b-1"})",
                                whole(R"("xen")", "1", R"("s")"),
                                whole(R"("kvm")", R"("1")", R"("s")"),
                                whole(R"("kvm")", "1", "7")};
  for (const auto& text : broken) {
    ASSERT_TRUE(base::write_file(file_, text));
    EXPECT_FALSE(recall(file_, host_)) << text;
  }
  ASSERT_TRUE(base::write_file(file_, whole(R"("kvm")", "99", R"("s")")));
  const auto back = recall(file_, host_);
  ASSERT_TRUE(back) << "the control: a whole one is taken";
  EXPECT_EQ(back->slowdown, 10) << "within its bounds";
}

TEST(Slowdown, it_is_the_time_against_one_second_within_one_and_ten) {
  using Seconds = std::chrono::duration<double>;
  EXPECT_EQ(slowdown_of(Seconds(0.3)), 1);
  EXPECT_EQ(slowdown_of(Seconds(3.5)), 3.5);
  EXPECT_EQ(slowdown_of(Seconds(60)), 10);
  EXPECT_EQ(slowdown_of(Seconds(std::numeric_limits<double>::quiet_NaN())), 10);
}

}  // namespace
}  // namespace bpfmatrix::vm
