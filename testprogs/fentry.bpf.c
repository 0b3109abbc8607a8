/* fentry: a program for the entry of a kernel function.
 * Shows: an attach target that must be found in the kernel's BTF before the load: without BTF, or
 *   with a library that cannot parse it, there is no program load at all.
 * First kernel: 5.5 (BPF trampolines), with CONFIG_DEBUG_INFO_BTF.
 * Why: program types that need a BTF id. The target is bpf_fentry_test1(int), which the kernel
 *   keeps for this purpose (net/bpf/test_run.c, since 5.5). */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u64 total;

SEC("fentry/bpf_fentry_test1") int fentry(__u64* arguments) {
  total += (__u32)arguments[0];
  return 0;
}

char program_license[] SEC("license") = "GPL";
