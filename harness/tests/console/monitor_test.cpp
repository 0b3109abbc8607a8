#include "console/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> found(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& finding : find_all(text)) out.push_back(words(finding));
  return out;
}

TEST(Monitor, tells_the_cause_before_its_consequence) {
  EXPECT_THAT(found("[    1.0] BUG: kernel NULL pointer dereference, address: 08\r\n"
                    "[    1.0] Oops: 0000 [#1] PREEMPT SMP\r\n"
                    "[    1.0] RIP: 0010:bpf_prog_put+0x10/0x20\r\n"
                    "[    1.0] ---[ end trace 0000000000000000 ]---\r\n"
                    "[    1.0] Kernel panic - not syncing: Fatal exception\r\n"),
              ElementsAre("oops BUG: kernel NULL pointer dereference in bpf_prog_put",
                          "panic Kernel panic - not syncing: Fatal exception"));
}

// Lines that look like reports: of the kernel itself, of processes, of the verifier.
TEST(Monitor, passes_over_what_only_looks_like_a_report) {
  for (const char* line :
       {"ODEBUG: object is on stack", "DEBUG: something", "INVALID BTF_INFO: 0d000000",
        "BTF_INFO: task 3 blocked for more than 120 seconds", "INFO: lockdep is turned off.",
        "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.2 msecs",
        "WARNING: Unprivileged eBPF is enabled with eIBRS, data leaks possible via Spectre v2 BHB "
        "attacks!",
        "perf: interrupt took too long (2510 > 2500), lowering kernel.perf_event_max_sample_rate",
        "traps: a.out[7] general protection fault ip:401136 sp:7ffd error:0 in a.out[401000+1000]",
        "traps: a.out[7] trap invalid opcode ip:401136 sp:7ffd error:0 in a.out[401000+1000]",
        "traps: a.out[7] trap divide error ip:401136 sp:7ffd error:0 in a.out[401000+1000]",
        "loader[7]: segfault at 8 ip 0000000000401136 sp 00007ffd error 6",
        "WARNING: workqueue cpumask: online intersect > possible intersect",
        "WARNING: kernel stack regs at (____ptrval____) in swapper:1 has bad 'bp' value",
        "0: (b7) r0 = 0 ; BUG in the program, WARNING: none, INFO: task", "reboot: Power down",
        "R1 invalid mem access: BUG", "processed 2 insns", "verifier: Kernel panic is not here",
        "Kernel panic", "BUG", "WARNING: CPU: 0", "INFO: task x", "general protection fault",
        "bpf: Oops: no", "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
        "random: crng init done", "systemd[1]: WARNING: something in a unit"})
    EXPECT_THAT(found(std::string("[    1.0] ") + line + "\n"), IsEmpty()) << line;
}

TEST(Monitor, does_not_take_a_split_line_for_another) {
  const std::string text = "[    1.0] ODEBUG: x\n[    1.0] x BUG: y\n[    1.0] DEBUG: BUG\n";
  for (size_t at = 0; at < text.size(); ++at)
    EXPECT_THAT(find_in({std::string_view(text).substr(0, at), std::string_view(text).substr(at)}),
                IsEmpty())
        << at;
}

TEST(Monitor, knows_a_second_boot_and_any_boot_of_a_machine_that_was_up) {
  const std::string boot = "Booting the kernel.\r\n[    0.000000] Linux version 6.1.0 (gcc)\r\n";
  EXPECT_THAT(found(boot), IsEmpty());
  EXPECT_THAT(found(boot + boot), ElementsAre("reboot a second boot"));
  EXPECT_EQ(find_in({boot}, true).size(), 1U);
  EXPECT_THAT(found("[    9.0] x: Linux version 1\n[    9.0] Rebooting in 1 seconds..\n"), IsEmpty());
}

TEST(Monitor, a_line_without_an_end_is_looked_at_when_nothing_more_comes) {
  Monitor monitor;
  monitor.feed("[    1.0] Kernel panic - not syncing: now");
  EXPECT_THAT(monitor.findings(), IsEmpty());
  monitor.finish();
  ASSERT_EQ(monitor.findings().size(), 1U);
  EXPECT_TRUE(monitor.findings()[0].corrupted) << "more of it may have been meant to come";
}

TEST(Monitor, a_stall_whose_line_is_cut_is_no_bug) {
  const std::string line = "[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]";
  for (size_t end = 0; end <= line.size(); ++end)
    for (const auto& finding : find_all(line.substr(0, end)))
      EXPECT_EQ(finding.kind, Kind::soft_lockup) << end;
}

TEST(Monitor, offsets_are_those_of_the_stream) {
  const std::string before(5000, 'x');
  const auto findings = find_all(before + "\n\nKernel panic - not syncing: a\n");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].offset, 5002U);
}

TEST(Monitor, a_finding_keeps_its_report_and_no_more_than_8_kib) {
  std::string text = "BUG: KASAN: use-after-free in f+0x1/0x2\n";
  for (int i = 0; i < 1000; ++i) text += "[    1.0]  some_function+0x10/0x20\n";
  const auto findings = find_all(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_LE(findings[0].report.size(), 8192U);
  EXPECT_GT(findings[0].report.size(), 8000U);
  EXPECT_TRUE(findings[0].report.starts_with("BUG: KASAN"));
}

TEST(Monitor, a_report_whose_place_never_comes_is_corrupted) {
  EXPECT_THAT(found("BUG: unable to handle page fault for address: ffff\n"),
              ElementsAre("oops BUG: unable to handle page fault (corrupted)"));
  EXPECT_THAT(found("WARNING: CPU: 0 PID: 1 at kernel/a.c:5 f+0x\xff/0x2\n"),
              ElementsAre("warning WARNING at kernel/a.c:LINE in f (corrupted)"));
}

TEST(Monitor, a_flood_of_findings_is_counted_and_not_kept) {
  Monitor monitor;
  for (int i = 0; i < 100'000; ++i) {
    monitor.feed("watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]\n---[ end trace 0 ]---\n");
    monitor.feed("WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n---[ end trace 0 ]---\n");
  }
  EXPECT_EQ(monitor.findings().size(), 64U);
  EXPECT_EQ(monitor.left_out(), 200'000U - 64);
}

TEST(Monitor, a_line_without_end_costs_no_memory_and_hides_nothing_behind_it) {
  Monitor monitor;
  const std::string piece(size_t{1} << 20, 'x');
  for (int i = 0; i < 64; ++i) monitor.feed(piece);
  monitor.feed("\nKernel panic - not syncing: a\n");
  ASSERT_EQ(monitor.findings().size(), 1U);
  EXPECT_EQ(monitor.findings()[0].offset, (uint64_t{64} << 20) + 1);
}

TEST(Monitor, any_bytes_are_taken) {
  Monitor monitor;
  std::string bytes;
  for (int i = 0; i < 70'000; ++i) bytes += static_cast<char>(i * 7919 >> 3);
  monitor.feed(bytes);
  monitor.feed(std::string(5000, '\0') + std::string(5000, '\r') + std::string(5000, '['));
  monitor.finish();
  EXPECT_THAT(monitor.findings(), IsEmpty());
}

TEST(Monitor, lines_of_the_list_are_findings) {
  Monitor monitor({"list_add corruption"});
  monitor.feed("[    1.0] list_add corruption. prev->next should be next (ffff888012345678)\n");
  ASSERT_EQ(monitor.findings().size(), 1U);
  EXPECT_EQ(words(monitor.findings()[0]),
            "denied list_add corruption. prev->next should be next (ADDR)");
}

}  // namespace
}  // namespace bpfmatrix::console
