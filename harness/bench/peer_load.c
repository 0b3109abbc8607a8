/* peer_load: the job of scripts/bench-peers.sh for tools that run a command in a guest: what the raw
 * loader does for `trivial` at level 2 in a buffer of 4 KiB, by the bare system call. Prints the
 * verifier log; exits with 1 if the program was not loaded. Linked static: a guest may have no libc. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  static const struct bpf_insn trivial[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT},
  };
  static char log[4096];

  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insns = (uintptr_t)trivial;
  attr.insn_cnt = sizeof trivial / sizeof trivial[0];
  attr.license = (uintptr_t) "GPL";
  attr.log_level = 2;
  attr.log_buf = (uintptr_t)log;
  attr.log_size = sizeof log;

  const long loaded = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
  if (loaded < 0) printf("BPF_PROG_LOAD failed: %s\n", strerror(errno));
  fputs(log, stdout);
  return loaded < 0 || fflush(stdout) != 0;
}
