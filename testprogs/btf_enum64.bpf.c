/* btf_enum64: a trivial program whose own BTF has the kind ENUM64, and no other newer one.
 * Shows: as btf_float, for a kind that kernels know since 6.0 and libbpf since 1.0.
 * First kernel: any; its BTF by itself 6.0.
 * Why: one kind at a time. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum wide { wide_small = 1, wide_large = 0x100000000 };

enum wide own_sample SEC("types") __attribute__((used));

SEC("socket") int btf_enum64(struct __sk_buff* packet) {
  (void)packet;
  return 0;
}

char program_license[] SEC("license") = "GPL";
