/* core_relocation: reads fields of the kernel's task_struct wherever this kernel keeps them.
 * Shows: CO-RE relocations, resolved by the library against the running kernel's BTF. libbpf before
 *   1.0 cannot parse the BTF of kernels since 6.1 and fails with ESRCH before any program load.
 * First kernel: 5.5 (bpf_probe_read_kernel), with CONFIG_DEBUG_INFO_BTF.
 * Why: the commonest reason why an old library does not work on a new kernel. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Only the members that are read; their offsets come from the kernel. */
struct task_struct {
  int tgid;
  struct task_struct* real_parent;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter") int core_relocation(void* context) {
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();

  (void)context;
  return BPF_CORE_READ(task, real_parent, tgid) == 1;
}

char program_license[] SEC("license") = "GPL";
