/* own_btf: a trivial program whose own BTF has the kinds FLOAT, DECL_TAG, TYPE_TAG and ENUM64.
 * Shows: what becomes of BTF that is newer than the kernel or the library: FLOAT is known to
 *   kernels since 5.13 and libbpf 0.4, the tags since 5.16/5.17 and 0.6, ENUM64 since 6.0 and 1.0.
 *   Newer libraries rewrite it for older kernels; older ones load the program without it.
 * First kernel: any; its BTF by itself 6.0.
 * Why: BTF loads with their own log, and whether a library hides the difference. The variable lies
 *   in a section of its own, which no library makes a map of. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum wide { wide_small = 1, wide_large = 0x100000000 };

struct sample {
  float ratio;
  enum wide width;
  int __attribute__((btf_type_tag("own"))) * pointer;
  int counter __attribute__((btf_decl_tag("own")));
};

struct sample own_sample SEC("types") __attribute__((used));

SEC("socket") int own_btf(struct __sk_buff* packet) {
  (void)packet;
  return 0;
}

char program_license[] SEC("license") = "GPL";
