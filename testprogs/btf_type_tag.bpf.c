/* btf_type_tag: a trivial program whose own BTF has the kind TYPE_TAG, and no other newer one.
 * Shows: as btf_float, for a kind that kernels know since 5.17 and libbpf since 0.6.
 * First kernel: any; its BTF by itself 5.17.
 * Why: one kind at a time. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct sample {
  int __attribute__((btf_type_tag("own"))) * pointer;
};

struct sample own_sample SEC("types") __attribute__((used));

SEC("socket") int btf_type_tag(struct __sk_buff* packet) {
  (void)packet;
  return 0;
}

char program_license[] SEC("license") = "GPL";
