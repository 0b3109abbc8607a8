/* An object of a user: two programs, one of which needs a map. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("socket") int plain(struct __sk_buff* packet) { return packet->len > 100; }

SEC("xdp") int Counting(struct xdp_md* context) {
  __u32 slot = 0;
  __u64* count = bpf_map_lookup_elem(&counts, &slot);
  if (count) ++*count;
  return XDP_PASS;
}

char program_license[] SEC("license") = "GPL";
