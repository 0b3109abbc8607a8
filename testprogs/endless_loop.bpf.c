/* endless_loop: a loop whose state never changes.
 * Shows: EINVAL at once: "infinite loop detected" (kernels since 5.3, which know loops) or
 *   "back-edge" (older ones).
 * First kernel: refused by every kernel.
 * Why: a refusal with another errno than uninitialised, early and cheap. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int endless_loop(void) {
  asm volatile(
      "r0 = 0;"
      "1:"
      "if r0 == 0 goto 1b;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
