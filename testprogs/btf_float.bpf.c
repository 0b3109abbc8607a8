/* btf_float: a trivial program whose own BTF has the kind FLOAT, and no newer one.
 * Shows: what becomes of that kind where kernel (before 5.13) or library (before 0.4) do not know
 *   it: a newer library rewrites it for an older kernel, an older one drops the BTF.
 * First kernel: any; its BTF by itself 5.13.
 * Why: own_btf has four newer kinds at once, so that the oldest of them hides behind the newest. The
 *   variable lies in a section of its own, which no library makes a map of. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

float own_sample SEC("types") __attribute__((used));

SEC("socket") int btf_float(struct __sk_buff* packet) {
  (void)packet;
  return 0;
}

char program_license[] SEC("license") = "GPL";
