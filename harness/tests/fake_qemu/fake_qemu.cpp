// QEMU for the tests: takes the arguments that vm::make_command() writes, finds its console and its
// agent channel, and plays the scenario that the "kernel" names in its first line:
//
//   ok                hello, files stored, every cell measured, ends at SHUTDOWN
//   silent            never says anything            kvm_silent        the same under KVM, else ok
//   kvm_exit          exit1 under KVM, else ok
//   exit1             "fake failure", exit code 1    garbage           bytes that are no frame
//   wrong_nonce       a hello of another machine     flood N           N MiB of console, then ok
//   flood_again       hello, then frames "sent again" without end
//   flood_logs        ok, but every result is as large as one can be
//   cut_at N          ok, but ends after N bytes to the agent channel
//   panic_at N        panics in cell N, QEMU ends with code 0; what is held back is lost
//   panic_each        panics in the first cell of every RUN
//   panic_dense       likewise, but never in a RUN that announces
//   hang_at N         nothing more from cell N on, but a panic when it is sent an NMI
//   hang_deaf_at N    the same, and nothing when it is sent one
//   stop_at N         QEMU itself stands still then (SIGSTOP)
//   mute              QEMU never answers, not even on its monitor
//   no_hello          the agent shows itself on the console and says no hello
//   die_at N          QEMU itself dies by SIGSEGV then
//   die_at_run        QEMU dies when it is given a RUN, before any cell
//   loader_gone_at N  LOADER_GONE (signal 11) for cell N; the next RUN is served
//   no_space          the second file that is sent cannot be stored
//   foreign_cell      results of cells that were not asked for
//   unsaveable        ok, but it cannot be saved  sleeper           ok, but silent once restored
//   slow N            N ms between two cells, each sent at once
//   slow_boot N       says hello after N ms
//   late_splat        ok, then a KASAN report on the console after SHUTDOWN
//   splat_at N        a WARNING in cell N, which is measured all the same
//   splat_idle        a WARNING before the hello
//   oops_after N D    the result of cell N leaves; D microseconds later the kernel oopses and dies
//   oops_before N D   likewise the other way round: the result leaves after the oops
//   oom_at N          the OOM killer takes the loader in cell N; the next RUN is served
//   oom_panic_at N    no memory, nothing to kill: a panic in cell N
//   chatter_at N      no progress from cell N on, but words on the console for ever
//   reboot_at N       another kernel begins in cell N       reboot_loop   again and again, no hello
//   reset_at N        QEMU ends with code 0 in cell N, without a word
//
// A RUN that does not announce is answered with its first begin, and with all else at its end or at
// a loader's.
// "FAKE panic_at 7 once" plays it in the first start only, "twice" in the first two.
#include <cstdio>
#include <cstring>

#include "arguments.h"
#include "guest.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::puts("QEMU emulator version 7.2.22 (fake)");
    return 0;
  }
  auto arguments = bpfmatrix::tests::parse_arguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "qemu-system-x86_64: %s\n", arguments.error().message.c_str());
    return 1;
  }
  return bpfmatrix::tests::Guest(std::move(*arguments)).play();
}
