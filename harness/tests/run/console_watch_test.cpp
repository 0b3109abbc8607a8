#include "run/console_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWarning = "[ 1.0] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n";
constexpr const char* kStall = "[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]\n";

spec::ConsoleLists lists() {
  spec::AllowedReport entry;
  entry.title = "WARNING at a.c:*";
  entry.kernels = {"debian-6.*"};
  entry.reason = "known";
  entry.expires = "2027-03-31";
  spec::ConsoleLists lists;
  lists.allow = {entry};
  lists.deny = {{"list_add corruption", "lists"}};
  return lists;
}

TEST(ConsoleRules, hold_for_their_kernels_until_the_end_of_their_day) {
  EXPECT_EQ(console_rules(lists(), "debian-6.1", "2027-03-31").allowed.size(), 1U);
  EXPECT_EQ(console_rules(lists(), "debian-7.3", "2027-03-31").allowed.size(), 0U);
  EXPECT_EQ(console_rules(lists(), "debian-6.1", "2027-04-01").allowed.size(), 0U);
  EXPECT_EQ(console_rules(lists(), "debian-6.1", "2027-04-01").denied.size(), 1U);
  EXPECT_THAT(expired_entries(lists(), "2027-03-31"), IsEmpty());
  EXPECT_THAT(expired_entries(lists(), "2027-04-01"),
              ElementsAre(HasSubstr("expired on 2027-03-31 (known)")));
  EXPECT_TRUE(spec::is_date(today()));
}

TEST(ConsoleWatch, a_splat_counts_unless_it_is_allowed) {
  ConsoleWatch strict, lenient({.denied = {}, .allowed = {"WARNING at a.c:*"}});
  strict.feed(kWarning);
  lenient.feed(kWarning);
  ASSERT_TRUE(strict.trouble().has_value());
  EXPECT_EQ(strict.trouble()->title, "WARNING at a.c:LINE in f");
  EXPECT_FALSE(lenient.trouble().has_value());
  EXPECT_THAT(lenient.passed_over(), ElementsAre("allowed: WARNING at a.c:LINE in f"));
}

TEST(ConsoleWatch, a_stall_never_counts_and_explains_a_silence) {
  ConsoleWatch watch;
  watch.feed(kStall);
  EXPECT_FALSE(watch.trouble().has_value());
  EXPECT_EQ(watch.stalled(), "BUG: soft lockup");
  EXPECT_THAT(watch.passed_over(), ElementsAre(HasSubstr("stalled")));
}

TEST(ConsoleWatch, what_is_settled_troubles_nobody_any_more) {
  ConsoleWatch watch;
  watch.feed(kWarning);
  watch.settle_as_machines_own();
  EXPECT_FALSE(watch.trouble().has_value());
  EXPECT_THAT(watch.passed_over(), ElementsAre(HasSubstr("while no cell ran")));
  watch.feed("[ 2.0] ---[ end trace 0 ]---\n[ 2.0] list_del corruption. x\n");
  EXPECT_FALSE(watch.trouble().has_value());
  watch.feed("[ 3.0] Kernel panic - not syncing: x\n");
  EXPECT_TRUE(watch.panicked());
}

TEST(ConsoleWatch, a_guest_without_memory_is_no_trouble_of_the_kernel) {
  ConsoleWatch watch;
  watch.feed("[ 1.0] Out of memory: Killed process 61 (loader) total-vm:1kB\n");
  EXPECT_FALSE(watch.trouble().has_value());
  EXPECT_EQ(watch.out_of_memory(), "Out of memory");
  watch.settle();
  EXPECT_FALSE(watch.out_of_memory().has_value());
}

TEST(ConsoleWatch, a_boot_is_trouble_once_the_agent_has_said_hello) {
  ConsoleWatch watch;
  watch.feed("Booting the kernel.\n");
  EXPECT_FALSE(watch.trouble().has_value());
  watch.set_running();
  watch.feed("Linux version 6.1\n");
  ASSERT_TRUE(watch.trouble().has_value());
  EXPECT_EQ(watch.trouble()->kind, console::Kind::reboot);
}

TEST(ConsoleWatch, knows_what_the_shutdown_alone_can_cause) {
  ConsoleWatch watch;
  watch.feed(std::string(kWarning) + "[ 1.0] Call Trace:\n[ 1.0]  device_shutdown+0x1/0x2\n");
  EXPECT_TRUE(watch.of_the_shutdown());
  ConsoleWatch other;
  other.feed(kWarning);
  EXPECT_FALSE(other.of_the_shutdown());
}

}  // namespace
}  // namespace bpfmatrix::run
