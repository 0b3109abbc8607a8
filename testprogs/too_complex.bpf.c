/* too_complex: a bounded loop that is longer than the verifier is willing to follow.
 * Shows: E2BIG after 1,000,000 instructions ("BPF program is too large. Processed 1000001 insn"),
 *   and at level 2 a log of some 200 MB.
 * First kernel: refused by every kernel; by the limit since 5.3 (bounded loops), for its back-edge
 *   before.
 * Why: the slowest refusal there is (seconds; under emulation half a minute), and logs larger than
 *   16 MiB. The body is unrolled because
 *   straight lines are verified much faster than branches. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int too_complex(void) {
  asm volatile(
      "r0 = 0;"
      "r1 = 0;"
      "1:"
      ".rept 1000;"
      "r0 += 1;"
      ".endr;"
      "r1 += 1;"
      "if r1 < 2000 goto 1b;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
