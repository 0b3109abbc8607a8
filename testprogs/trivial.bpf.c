/* trivial: the shortest valid program.
 * Shows: a load that every kernel accepts; what a log holds when there is nothing to say.
 * First kernel: any that has socket filters (4.9 at least).
 * Why: the reference against which every other program and log mode is read. No relocations. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("socket") __attribute__((naked)) int trivial(void) {
  asm volatile(
      "r0 = 0;"
      "exit;");
}

char program_license[] SEC("license") = "GPL";
