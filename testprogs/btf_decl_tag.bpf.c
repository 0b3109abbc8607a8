/* btf_decl_tag: a trivial program whose own BTF has the kind DECL_TAG, and no other newer one.
 * Shows: as btf_float, for a kind that kernels know since 5.16 and libbpf since 0.6.
 * First kernel: any; its BTF by itself 5.16.
 * Why: one kind at a time. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct sample {
  int counter __attribute__((btf_decl_tag("own")));
};

struct sample own_sample SEC("types") __attribute__((used));

SEC("socket") int btf_decl_tag(struct __sk_buff* packet) {
  (void)packet;
  return 0;
}

char program_license[] SEC("license") = "GPL";
