/* long_valid: 3,000 instructions in a straight line, all valid.
 * Shows: a load that succeeds and yet writes a long log: 150 to 250 KB at level 2, and at level 1 a
 *   long text of which a kernel since 5.8 keeps only the last lines.
 * First kernel: any that takes 3,000 instructions (4.9 at least: the limit was 4,096 until 5.2).
 * Why: logs that do not fit, of a program that is fine. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int long_valid(void) {
  asm volatile(
      "r0 = 0;"
      ".rept 2998;"
      "r0 += 1;"
      ".endr;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
