/* global_data: global variables (.bss, .data, .rodata) and an array map.
 * Shows: what a library must do before it can load a program: create maps, fill them, relocate.
 * First kernel: 5.2 (global data); 5.10 of those measured.
 * Why: relocations, so that only a library can load it; map and BTF calls before the program's. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} lengths SEC(".maps");

__u64 seen;                    /* .bss */
__u32 limit = 1500;            /* .data */
const volatile __u32 step = 1; /* .rodata, read at run time */

SEC("socket") int global_data(struct __sk_buff* packet) {
  __u32 slot = packet->len > limit;
  __u64* length = bpf_map_lookup_elem(&lengths, &slot);

  seen += step;
  if (length) *length += packet->len;
  return 0;
}

char program_license[] SEC("license") = "GPL";
