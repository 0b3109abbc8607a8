/* Several functions of one section, only some of them relocated; and a call within the section. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* Puts the last function of the section first in the symbol table. */
asm(".globl calls_inside");

__u64 counter;

static __attribute__((noinline)) int outside(struct __sk_buff* packet) {
  return packet->len > 100 ? 1 : 2;
}

/* Stands first in the file and has no relocation. */
SEC("socket") int plain(struct __sk_buff* packet) {
  return packet->len;
}

SEC("socket") int calls_outside(struct __sk_buff* packet) {
  return outside(packet);
}

SEC("socket") int reads_global(struct __sk_buff* packet) {
  return counter + packet->len;
}

/* No ELF relocation: the assembler resolves the call of a label in its own section. */
SEC("socket") __attribute__((naked)) int calls_inside(void) {
  asm volatile("goto 2f; 1: r0 = 0; exit; 2: call 1b; exit;");
}

SEC("xdp") int other_section(struct xdp_md* context) {
  return context->data ? 1 : 2;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
