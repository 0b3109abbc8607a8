/* uninitialised: reads a register that was never written.
 * Shows: EACCES after one instruction, with a short log ("R9 !read_ok").
 * First kernel: refused by every kernel.
 * Why: the smallest refusal by the verifier: errno and log of a failed load. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int uninitialised(void) {
  asm volatile(
      "r0 = r9;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
