/* The loader without a library: bpf(2) itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"

/* Up to and including log_true_size (6.4); older kernels accept the zeros behind their own fields.
 */
#define PROG_ATTR_SIZE 144
#define PROG_LOG_TRUE_SIZE 140
#define BTF_ATTR_SIZE 32
#define BTF_LOG_TRUE_SIZE 28
#define MAP_ATTR_SIZE 72 /* up to and including map_extra (5.16) */
#define MAX_ATTR_SIZE 8192

/* 7.2, include/uapi/linux/bpf.h; the headers here are older. */
#define COMMON_ATTRS (1 << 16)
struct common_attr {
  uint64_t log_buf;
  uint32_t log_size, log_level, log_true_size, padding;
};

uint32_t api_extras(void) {
  return ~0u;
}
bool api_is_direct(void) {
  return true;
}
const char* api_messages(void) {
  return "";
}

static void put64(uint8_t* attr, uint32_t offset, const void* pointer) {
  const uint64_t value = (uint64_t)(uintptr_t)pointer;
  memcpy(attr + offset, &value, 8);
}
static void put32(uint8_t* attr, uint32_t offset, uint32_t value) {
  memcpy(attr + offset, &value, 4);
}

static bool has(const struct load* load, uint32_t key) {
  return (load->extras.given & key) != 0;
}

static uint32_t fill_prog(const struct load* load, bool with_log, uint8_t* attr) {
  const struct program* program = load->program;
  put32(attr, 0, program->prog_type);
  put32(attr, 4,
        has(load, EXTRA_INSN_CNT) ? load->extras.insn_cnt : program->instruction_count);
  put64(attr, 8, program->instructions);
  put64(attr, 16, program->license);
  if (with_log) {
    put32(attr, 24, load->level);
    put32(attr, 28, (uint32_t)load->size);
    put64(attr, 32, load->buffer);
  }
  strncpy((char*)attr + 48, program->name, 15);
  put32(attr, 68, program->expected_attach_type);
  if (has(load, EXTRA_TRUE_SIZE_IN)) put32(attr, PROG_LOG_TRUE_SIZE, load->extras.true_size_in);
  return PROG_ATTR_SIZE;
}

static uint32_t fill_btf(const struct load* load, bool with_log, uint8_t* attr) {
  put64(attr, 0, load->program->btf);
  put32(attr, 16, load->program->btf_size);
  if (with_log) {
    put64(attr, 8, load->buffer);
    put32(attr, 20, (uint32_t)load->size);
    put32(attr, 24, load->level);
  }
  if (has(load, EXTRA_TRUE_SIZE_IN)) put32(attr, BTF_LOG_TRUE_SIZE, load->extras.true_size_in);
  return BTF_ATTR_SIZE;
}

/* An array of one element: key size, value size and number of entries suit many other types too. */
static uint32_t fill_map(const struct load* load, uint8_t* attr) {
  put32(attr, 0, has(load, EXTRA_MAP_TYPE) ? load->extras.map_type : (uint32_t)BPF_MAP_TYPE_ARRAY);
  put32(attr, 4, 4);
  put32(attr, 8, 4);
  put32(attr, 12, 1);
  strncpy((char*)attr + 28, load->function[0] ? load->function : "bpfm", 15);
  memcpy(attr + 64, &load->extras.map_extra, 8);
  return MAP_ATTR_SIZE;
}

/* Whether the command's own attribute asks for the log; a map's has no fields for it. */
static bool log_in_attr(const struct load* load) {
  return load->interface != BPFM_MAP_CREATE &&
         !(has(load, EXTRA_COMMON) && load->extras.common == COMMON_ONLY);
}

static struct common_attr fill_common(const struct load* load) {
  struct common_attr common = {0};
  const uint8_t how = has(load, EXTRA_COMMON) ? load->extras.common : COMMON_ONLY;
  if (how != COMMON_PAD || load->interface == BPFM_MAP_CREATE) {
    common.log_buf = (uint64_t)(uintptr_t)load->buffer;
    common.log_size = (uint32_t)load->size;
    common.log_level = load->level;
  }
  if (how == COMMON_DIFFERENT)
    common.log_size = load->size > 1 ? common.log_size - 1 : common.log_size + 1;
  if (how == COMMON_PAD) common.padding = 1;
  return common;
}

static long call(const struct load* load, int cmd, uint8_t* attr, uint32_t size) {
  const bool map_with_log = load->interface == BPFM_MAP_CREATE &&
                            (load->level || load->size || load->buffer);
  if (!has(load, EXTRA_COMMON) && !map_with_log) return syscall(__NR_bpf, cmd, attr, size);
  struct common_attr common = fill_common(load);
  const bool none = has(load, EXTRA_COMMON) && load->extras.common == COMMON_NULL;
  const bool empty = has(load, EXTRA_COMMON) && load->extras.common == COMMON_SIZE0;
  return syscall(__NR_bpf, cmd | COMMON_ATTRS, attr, size, none ? NULL : &common,
                 empty ? 0l : (long)sizeof common);
}

/* The kernel's BTF as the kernel gives it; NULL and errno where there is none. */
static void* read_kernel_btf(size_t* size) {
  const int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return NULL;
  uint8_t* bytes = fstat(fd, &status) == 0 ? malloc((size_t)status.st_size + 1) : NULL;
  *size = 0;
  for (ssize_t n = 1; bytes && n > 0 && *size < (size_t)status.st_size;) {
    n = read(fd, bytes + *size, (size_t)status.st_size - *size);
    if (n > 0) *size += (size_t)n;
  }
  close(fd);
  return bytes;
}

static void kernel_btf(struct answer* answer) {
  size_t size = 0;
  answer->no_call_needed = true;
  void* btf = read_kernel_btf(&size);
  if (!btf) {
    answer->api_errno = errno;
    if (errno == ENOMEM) {
      answer->state = BPFM_LOADER_ERROR;
      answer->note = "KERNEL_BTF: no memory to read it";
    }
  } else {
    answer->btf_kinds = btf_kinds(btf, size);
    /* There is nobody here who could refuse it: what this walk does not know is not measured. */
    if (!answer->btf_kinds) {
      answer->state = BPFM_NOT_MEASURABLE;
      answer->note = "KERNEL_BTF: it has a kind that this loader does not know";
    }
  }
  free(btf);
  answer->btf_unreadable = answer->api_errno != 0;
  answer->return_value = -(int64_t)answer->api_errno;
}

static void not_expressible(struct answer* answer, const char* why) {
  answer->state = BPFM_NOT_EXPRESSIBLE;
  answer->note = why;
}

void api_load(const struct load* load, struct answer* answer) {
  static uint8_t attr[MAX_ATTR_SIZE];
  static uint32_t dirty; /* bytes at its start that the last load may have left */
  memset(attr, 0, dirty);
  uint32_t size;
  int cmd;
  switch (load->interface) {
    case BPFM_OBJECT_LOAD:
      return not_expressible(answer, "OBJECT: bpf(2) knows no objects");
    case BPFM_KERNEL_BTF:
      return kernel_btf(answer);
    case BPFM_MAP_CREATE:
      if (has(load, EXTRA_COMMON) &&
          (load->extras.common == COMMON_SAME || load->extras.common == COMMON_DIFFERENT))
        return not_expressible(answer, "EXTRA: the attribute of a map has no log of its own");
      cmd = BPF_MAP_CREATE;
      size = fill_map(load, attr);
      break;
    case BPFM_BTF_LOAD:
      cmd = BPF_BTF_LOAD;
      size = fill_btf(load, log_in_attr(load), attr);
      break;
    default:
      cmd = BPF_PROG_LOAD;
      size = fill_prog(load, log_in_attr(load), attr);
  }
  if (has(load, EXTRA_TAIL_BYTE) && load->extras.tail_byte < MAX_ATTR_SIZE) {
    attr[load->extras.tail_byte] = 1;
    if (size <= load->extras.tail_byte) size = load->extras.tail_byte + 1;
  }
  dirty = size;
  if (has(load, EXTRA_ATTR_SIZE))
    size = load->extras.attr_size < MAX_ATTR_SIZE ? load->extras.attr_size : MAX_ATTR_SIZE;
  if (dirty < size) dirty = size;
  const long fd = call(load, cmd, attr, size);
  answer->return_value = fd;
  answer->api_errno = fd < 0 ? errno : 0;
  if (fd >= 0) close((int)fd);
}
