/* Sees every bpf() call of the library: the linker sends its syscall() here (-Wl,--wrap=syscall).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loader.h"

#define ARENA_SIZE ((1ull << 30) + (1ull << 20))
#define GUARD 64    /* bytes looked at behind the buffer */
#define SENTINEL 16 /* bytes at its start that tell whether it was written */
#define PATTERN 0xa5
#define COPY_LIMIT (32ull << 20)
#define KEEP_END (1ull << 20) /* of a text over the limit: the last bytes of the copy */

/* Byte offsets in union bpf_attr, the same since the fields exist (include/uapi/linux/bpf.h). */
enum {
  PROG_INSN_CNT = 4,
  PROG_INSNS = 8,
  PROG_LOG_LEVEL = 24,
  PROG_LOG_SIZE = 28,
  PROG_LOG_BUF = 32,
  PROG_NAME = 48,
  PROG_LOG_TRUE_SIZE = 140, /* 6.4 */
  BTF_DATA = 0,
  BTF_LOG_BUF = 8,
  BTF_SIZE = 16,
  BTF_LOG_SIZE = 20,
  BTF_LOG_LEVEL = 24,
  BTF_LOG_TRUE_SIZE = 28, /* 6.4 */
  MAP_NAME = 28,
  CMD_TOKEN_CREATE = 36, /* BPF_TOKEN_CREATE, 6.9 */
  /* struct bpf_common_attr, 7.2 */
  COMMON_LOG_BUF = 0,
  COMMON_LOG_SIZE = 8,
  COMMON_LOG_LEVEL = 12,
  COMMON_LOG_TRUE_SIZE = 16,
};
#define COMMON_ATTRS (1u << 16) /* BPF_COMMON_ATTRS, a bit beside the command */

struct record record;
static const struct load* current; /* NULL: not recording */
static uint8_t* arena;

long __real_syscall(long number, ...);

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

void* arena_buffer(uint64_t size) {
  if (!arena) {
    void* map = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return NULL;
    arena = map;
  }
  return size + GUARD <= ARENA_SIZE ? arena : NULL;
}

void arena_release(uint64_t size) {
  if (arena && size > (1u << 20)) madvise(arena, size + GUARD, MADV_DONTNEED);
}

void record_begin(const struct load* load) {
  free(record.log.text);
  memset(&record, 0, offsetof(struct record, calls));
  current = load;
}

void record_end(void) {
  current = NULL;
}

/* One bpf() call as it was asked for. */
struct call {
  long cmd;
  uint8_t* attr;
  uint32_t attr_size;
  uint8_t* common; /* NULL where the command has no bit for it */
  uint32_t common_size;
};

static uint32_t field32(const uint8_t* attr, uint32_t attr_size, uint32_t offset) {
  uint32_t value = 0;
  if (offset + 4 <= attr_size) memcpy(&value, attr + offset, 4);
  return value;
}

static uint64_t field64(const uint8_t* attr, uint32_t attr_size, uint32_t offset) {
  uint64_t value = 0;
  if (offset + 8 <= attr_size) memcpy(&value, attr + offset, 8);
  return value;
}

/* Does this kernel take program names (4.15)? Those before it refuse a non-zero byte there. */
static bool kernel_takes_names(void) {
  static int known = -1;
  if (known >= 0) return known;
  static const uint64_t instructions[2] = {0x00000000000000b7ull,
                                           0x0000000000000095ull}; /* r0 = 0; exit */
  static const char license[] = "GPL";
  uint8_t attr[PROG_NAME + 16] = {0};
  const uint64_t at = (uint64_t)(uintptr_t)instructions, text = (uint64_t)(uintptr_t)license;
  attr[0] = BPF_PROG_TYPE_SOCKET_FILTER;
  attr[PROG_INSN_CNT] = 2;
  memcpy(attr + 8, &at, 8);
  memcpy(attr + 16, &text, 8);
  attr[PROG_NAME] = 'n';
  const long fd = __real_syscall(__NR_bpf, (long)BPF_PROG_LOAD, attr, (long)sizeof attr);
  if (fd >= 0) close((int)fd);
  known = fd >= 0;
  return known;
}

/* A low-level PROG_LOAD of the program itself passes the very instructions that the library was
 * given; its name is no sign, since libbpf from 1.0 on drops it where a caller without rights makes
 * its probe of names fail. An object's carries the name (cut to 15 characters); where the kernel
 * takes no names it carries none, and at least as many instructions as the function. */
static bool is_programs_load(const uint8_t* attr, uint32_t attr_size) {
  if (current->interface == BPFM_PROG_LOAD)
    return field64(attr, attr_size, PROG_INSNS) ==
           (uint64_t)(uintptr_t)current->program->instructions;
  char name[16] = "";
  if (PROG_NAME + sizeof name <= attr_size) memcpy(name, attr + PROG_NAME, sizeof name);
  /* libbpf up to 0.6 tries the same program as a kprobe to explain a failure. */
  if (record.measured && field32(attr, attr_size, 0) != record.prog_type) return false;
  const bool long_enough = field32(attr, attr_size, PROG_INSN_CNT) >= current->instruction_count;
  if (name[0] == '\0') return long_enough && !kernel_takes_names();
  return long_enough && strncmp(name, current->function, sizeof name - 1) == 0;
}

/* The object's own BTF names its functions; the BTF of a feature probe does not. */
static bool is_objects_btf(const uint8_t* attr, uint32_t attr_size) {
  if (current->interface == BPFM_BTF_LOAD) return true;
  const void* data = (const void*)(uintptr_t)field64(attr, attr_size, BTF_DATA);
  const uint32_t size = field32(attr, attr_size, BTF_SIZE);
  return data && memmem(data, size, current->function, strlen(current->function) + 1) != NULL;
}

static uint32_t measured_command(void) {
  switch (current->interface) {
    case BPFM_BTF_LOAD:
      return BPF_BTF_LOAD;
    case BPFM_MAP_CREATE:
      return BPF_MAP_CREATE;
    default:
      return BPF_PROG_LOAD;
  }
}

static bool is_probe(uint32_t cmd, const uint8_t* attr, uint32_t attr_size) {
  if (api_is_direct() && cmd == measured_command()) return false;
  switch (cmd) {
    case BPF_PROG_LOAD:
      return !is_programs_load(attr, attr_size);
    case BPF_BTF_LOAD:
      return !is_objects_btf(attr, attr_size);
    case BPF_MAP_CREATE:
      /* Probes make maps without a name, or with one of their own. */
      return MAP_NAME + 7 > attr_size || attr[MAP_NAME] == '\0' ||
             memcmp(attr + MAP_NAME, "libbpf_", 7) == 0;
    case CMD_TOKEN_CREATE:
      return true;
    default:
      return false;
  }
}

struct log_fields {
  uint32_t level, size;
  uint8_t* buffer;
};

static struct log_fields log_fields(uint32_t cmd, const struct call* call) {
  const uint8_t* attr = call->attr;
  const uint32_t attr_size = call->attr_size;
  struct log_fields log = {0};
  if (cmd == BPF_PROG_LOAD) {
    log.level = field32(attr, attr_size, PROG_LOG_LEVEL);
    log.size = field32(attr, attr_size, PROG_LOG_SIZE);
    log.buffer = (uint8_t*)(uintptr_t)field64(attr, attr_size, PROG_LOG_BUF);
  } else if (cmd == BPF_BTF_LOAD) {
    log.level = field32(attr, attr_size, BTF_LOG_LEVEL);
    log.size = field32(attr, attr_size, BTF_LOG_SIZE);
    log.buffer = (uint8_t*)(uintptr_t)field64(attr, attr_size, BTF_LOG_BUF);
  }
  /* The kernel takes those of the command itself first. */
  if (call->common && !log.level && !log.size && !log.buffer) {
    log.level = field32(call->common, call->common_size, COMMON_LOG_LEVEL);
    log.size = field32(call->common, call->common_size, COMMON_LOG_SIZE);
    log.buffer = (uint8_t*)(uintptr_t)field64(call->common, call->common_size, COMMON_LOG_BUF);
  }
  return log;
}

/* What stands where the kernel writes the true size: in the command's own attribute, and in the
 * common one. */
struct true_sizes {
  uint32_t own, common;
};
static struct true_sizes true_sizes(uint32_t cmd, const struct call* call) {
  struct true_sizes sizes = {0, 0};
  if (cmd == BPF_PROG_LOAD) sizes.own = field32(call->attr, call->attr_size, PROG_LOG_TRUE_SIZE);
  if (cmd == BPF_BTF_LOAD) sizes.own = field32(call->attr, call->attr_size, BTF_LOG_TRUE_SIZE);
  if (call->common)
    sizes.common = field32(call->common, call->common_size, COMMON_LOG_TRUE_SIZE);
  return sizes;
}

static bool in_arena(const uint8_t* buffer) {
  return arena && buffer >= arena && buffer < arena + ARENA_SIZE;
}

static void arm(const struct log_fields* log) {
  if (!in_arena(log->buffer) || log->size + (uint64_t)GUARD > ARENA_SIZE) return;
  memset(log->buffer, PATTERN, log->size < SENTINEL ? log->size : SENTINEL);
  memset(log->buffer + log->size, PATTERN, GUARD);
}

static void copy_log(const struct log_fields* log) {
  const uint64_t length = strnlen((const char*)log->buffer, log->size);
  const uint64_t kept = length < COPY_LIMIT ? length : COPY_LIMIT;
  free(record.log.text);
  record.log.text = malloc(kept ? kept : 1);
  record.log.length = length;
  record.log.complete = kept == length && record.log.text;
  if (!record.log.text) return;
  if (kept == length) {
    memcpy(record.log.text, log->buffer, length);
  } else {
    memcpy(record.log.text, log->buffer, kept - KEEP_END);
    memcpy(record.log.text + kept - KEEP_END, log->buffer + length - KEEP_END, KEEP_END);
  }
}

static void look_at_buffer(const struct log_fields* log) {
  record.touched = false;
  record.log.length = 0;
  if (!log->buffer || log->buffer == UNMAPPED_BUFFER) return;
  if (in_arena(log->buffer)) {
    const uint32_t sentinel = log->size < SENTINEL ? log->size : SENTINEL;
    for (uint32_t i = 0; i < sentinel; ++i) record.touched |= log->buffer[i] != PATTERN;
    uint32_t overrun = 0;
    for (uint32_t i = 0; i < GUARD; ++i)
      if (log->buffer[log->size + i] != PATTERN) overrun = i + 1;
    if (overrun > record.overrun) record.overrun = overrun;
  } else {
    record.touched = log->size > 0 && log->buffer[0] != '\0';
  }
  if (record.touched) copy_log(log);
}

static void keep_call(const struct call* call, const struct log_fields* log, int error, bool probe,
                      bool measured) {
  if (record.count == BPFM_MAX_CALLS) {
    ++record.dropped;
    return;
  }
  struct recorded_call* kept = &record.calls[record.count++];
  kept->cmd = (uint32_t)call->cmd;
  kept->level = log->level;
  kept->size = log->size;
  kept->attr_size = call->attr_size;
  kept->error = error;
  kept->length = measured ? (uint32_t)record.log.length : 0;
  kept->flags = (uint8_t)((probe ? BPFM_CALL_PROBE : 0) | (measured ? BPFM_CALL_MEASURED : 0));
}

void record_arm(const struct load* load) {
  const struct log_fields log = {load->level, (uint32_t)load->size, load->buffer};
  arm(&log);
}

void record_look(const struct load* load) {
  const struct log_fields log = {load->level, (uint32_t)load->size, load->buffer};
  look_at_buffer(&log);
}

void recorder_look_at_kernel(void) {
  (void)kernel_takes_names();
}

static long pass_on(const struct call* call, long common, long common_size) {
  if (((uint32_t)call->cmd & COMMON_ATTRS) == 0)
    return __real_syscall(__NR_bpf, call->cmd, call->attr, (long)call->attr_size);
  return __real_syscall(__NR_bpf, call->cmd, call->attr, (long)call->attr_size, common,
                        common_size);
}

/* What a measured call that has returned leaves in the record. */
static void keep_measured(uint32_t command, const struct call* call, const struct log_fields* log,
                          int error, struct true_sizes before) {
  if (!record.measured && command == BPF_PROG_LOAD)
    record.prog_type = field32(call->attr, call->attr_size, 0);
  const struct true_sizes after = true_sizes(command, call);
  record.measured = true;
  record.had_buffer = log->buffer != NULL;
  record.kernel_errno = error;
  record.level = log->level;
  record.size = log->size;
  /* A value that was there before (true_size_in) is not the kernel's. */
  record.log_true_size = after.own != before.own         ? after.own
                         : after.common != before.common ? after.common
                                                         : 0;
  look_at_buffer(log);
}

static long recorded_bpf(const long a[5]) {
  const int errno_before = errno; /* a call that succeeds leaves it alone, and old libbpf reads it */
  const uint64_t before = now_ns();
  const uint32_t command = (uint32_t)a[0] & ~COMMON_ATTRS;
  const bool has_common = ((uint32_t)a[0] & COMMON_ATTRS) != 0;
  const struct call call = {a[0], (uint8_t*)a[1], (uint32_t)a[2],
                            has_common ? (uint8_t*)a[3] : NULL, has_common ? (uint32_t)a[4] : 0};
  const struct log_fields log = log_fields(command, &call);
  const bool probe = is_probe(command, call.attr, call.attr_size);
  const bool measured = command == measured_command() && !probe;
  const struct true_sizes sizes = true_sizes(command, &call);
  if (measured) arm(&log);
  if (command == BPF_BTF_LOAD && !probe)
    record.btf_kinds =
        btf_kinds((const void*)(uintptr_t)field64(call.attr, call.attr_size, BTF_DATA),
                  field32(call.attr, call.attr_size, BTF_SIZE));

  const uint64_t called = now_ns();
  const long result = pass_on(&call, a[3], a[4]);
  const int error = result < 0 ? errno : 0;
  const uint64_t returned = now_ns();

  if (measured) keep_measured(command, &call, &log, error, sizes);
  keep_call(&call, &log, error, probe, measured);
  record.overhead_ns += (called - before) + (now_ns() - returned);
  errno = result < 0 ? error : errno_before;
  return result;
}

long __wrap_syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (number == __NR_bpf && current) return recorded_bpf(a);
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
