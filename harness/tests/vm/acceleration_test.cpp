// The choice between KVM and TCG, with canaries of the fake machine. The "device" is a plain file:
// the fake needs no KVM.
#include "vm/acceleration.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "../process/open_descriptors.h"
#include "fake_machine.h"

namespace bpfmatrix::vm {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tests::FakeKernel;

struct Choosing {
  explicit Choosing(const std::string& scenario) : kernel(scenario) {
    limits.kvm_device = kernel.folder() / "kvm";
    limits.kvm = scenario == "kvm_silent" ? 300ms : 10s;
    limits.tcg = 10s;
    EXPECT_TRUE(base::write_file(limits.kvm_device, ""));
  }
  base::Result<Acceleration> operator()(AccelChoice choice) {
    boost::asio::io_context io;
    return tests::run(io, choose_acceleration(io, kernel.config(), choice, memory(), limits));
  }
  [[nodiscard]] std::filesystem::path memory() const { return kernel.folder() / "accel.json"; }
  // How many machines were started.
  [[nodiscard]] int starts() const {
    return std::stoi(base::read_file(kernel.kernel() + ".count").value_or("0"));
  }

  FakeKernel kernel;
  CanaryLimits limits;
};

TEST(ChooseAcceleration, kvm_is_taken_when_a_guest_answers_under_it) {
  Choosing choose("ok");
  const auto answer = choose(AccelChoice::automatic);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accel, Accel::kvm);
  EXPECT_LT(answer->slowdown, 10);
  EXPECT_THAT(answer->sentence, HasSubstr("using KVM"));
  EXPECT_FALSE(answer->remembered);
  EXPECT_TRUE(tests::no_children()) << "the canary is gone";
}

TEST(ChooseAcceleration, a_kvm_under_which_no_guest_comes_up_gives_tcg_within_the_deadline) {
  Choosing choose("kvm_silent");
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = choose(AccelChoice::automatic);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accel, Accel::tcg);
  EXPECT_THAT(answer->sentence, HasSubstr("kvm opens, but no guest came up under it within 0.3 s; "
                                          "using TCG"));
  EXPECT_LT(answer->slowdown, 10) << "measured by a canary of its own";
  EXPECT_TRUE(tests::no_children());
}

TEST(ChooseAcceleration, a_qemu_that_fails_under_kvm_is_quoted) {
  Choosing choose("exit1");
  const auto answer = choose(AccelChoice::automatic);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accel, Accel::tcg);
  EXPECT_EQ(answer->slowdown, 10) << "no canary under TCG either";
  EXPECT_THAT(answer->sentence, HasSubstr("exit code 1: qemu-system-x86_64: fake failure"));
}

TEST(ChooseAcceleration, the_second_question_boots_nothing) {
  Choosing choose("kvm_silent");
  const auto first = choose(AccelChoice::automatic);
  ASSERT_TRUE(first);
  EXPECT_EQ(choose.starts(), 2) << "one under KVM, one under TCG";
  const auto second = choose(AccelChoice::automatic);
  ASSERT_TRUE(second);
  EXPECT_EQ(choose.starts(), 2);
  EXPECT_TRUE(second->remembered);
  EXPECT_EQ(second->accel, first->accel);
  EXPECT_EQ(second->slowdown, first->slowdown);
  EXPECT_EQ(second->sentence, first->sentence);
}

TEST(ChooseAcceleration, no_device_is_tcg_at_once_and_says_why) {
  Choosing choose("ok");
  std::filesystem::remove(choose.limits.kvm_device);
  const auto answer = choose(AccelChoice::automatic);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accel, Accel::tcg);
  EXPECT_THAT(answer->sentence, HasSubstr("there is no "));
  EXPECT_EQ(choose.starts(), 1) << "only the one that measures TCG";
  // A device that appears is tried, whatever is remembered of the time without it.
  ASSERT_TRUE(base::write_file(choose.limits.kvm_device, ""));
  EXPECT_EQ(choose(AccelChoice::automatic)->accel, Accel::kvm);
}

TEST(ChooseAcceleration, a_device_without_permission_says_what_to_do) {
  if (::geteuid() == 0) GTEST_SKIP() << "root opens everything";
  Choosing choose("ok");
  std::filesystem::permissions(choose.limits.kvm_device, std::filesystem::perms::none);
  EXPECT_THAT(choose(AccelChoice::automatic)->sentence, HasSubstr("group kvm"));
}

TEST(ChooseAcceleration, a_demand_for_kvm_that_cannot_be_met_is_unavailable) {
  Choosing choose("kvm_silent");
  const auto answer = choose(AccelChoice::kvm);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("no guest came up under it"));
  EXPECT_EQ(Choosing("ok")(AccelChoice::kvm)->accel, Accel::kvm) << "the opposite case";
}

TEST(ChooseAcceleration, a_demand_for_tcg_boots_nothing_and_uses_what_was_measured) {
  Choosing choose("kvm_silent");
  const auto unmeasured = choose(AccelChoice::tcg);
  ASSERT_TRUE(unmeasured);
  EXPECT_EQ(unmeasured->slowdown, 10);
  EXPECT_EQ(choose.starts(), 0);
  const auto measured = choose(AccelChoice::automatic);
  ASSERT_TRUE(measured);
  EXPECT_EQ(choose(AccelChoice::tcg)->slowdown, measured->slowdown);
}

TEST(ChooseAcceleration, a_missing_qemu_is_an_error_and_no_tcg) {
  FakeKernel kernel("ok");
  auto config = kernel.config();
  config.qemu = "/nowhere/qemu-system-x86_64";
  boost::asio::io_context io;
  const auto answer = tests::run(
      io, choose_acceleration(io, config, AccelChoice::automatic, kernel.folder() / "m"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::unavailable);
}

}  // namespace
}  // namespace bpfmatrix::vm
