/* long_fault: as long as long_valid, with a fault at the very end.
 * Shows: EACCES where the log is long and only its tail names the reason ("R9 !read_ok"): which end
 *   of a log is kept decides whether anyone can read it.
 * First kernel: refused by every kernel.
 * Why: truncated logs, head against tail, ENOSPC in place of EACCES. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int long_fault(void) {
  asm volatile(
      "r0 = 0;"
      ".rept 2997;"
      "r0 += 1;"
      ".endr;"
      "r0 = r9;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
