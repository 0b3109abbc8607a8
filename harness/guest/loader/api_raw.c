/* The loader without a library: bpf(2) itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"

/* Up to and including log_true_size (6.4); older kernels accept the zeros behind their own fields.
 */
#define PROG_ATTR_SIZE 144
#define BTF_ATTR_SIZE 32
#define MAX_ATTR_SIZE 8192

bool api_takes_attr_size(void) {
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

static uint32_t fill_prog(const struct load* load, uint8_t* attr) {
  const struct program* program = load->program;
  put32(attr, 0, program->prog_type);
  put32(attr, 4, program->instruction_count);
  put64(attr, 8, program->instructions);
  put64(attr, 16, program->license);
  put32(attr, 24, load->level);
  put32(attr, 28, (uint32_t)load->size);
  put64(attr, 32, load->buffer);
  strncpy((char*)attr + 48, program->name, 15);
  put32(attr, 68, program->expected_attach_type);
  return PROG_ATTR_SIZE;
}

static uint32_t fill_btf(const struct load* load, uint8_t* attr) {
  put64(attr, 0, load->program->btf);
  put64(attr, 8, load->buffer);
  put32(attr, 16, load->program->btf_size);
  put32(attr, 20, (uint32_t)load->size);
  put32(attr, 24, load->level);
  return BTF_ATTR_SIZE;
}

void api_load(const struct load* load, struct answer* answer) {
  static uint8_t attr[MAX_ATTR_SIZE];
  if (load->interface == BPFM_OBJECT_LOAD) {
    answer->state = BPFM_NOT_EXPRESSIBLE;
    answer->note = "OBJECT: bpf(2) knows no objects";
    return;
  }
  memset(attr, 0, sizeof attr);
  const bool is_btf = load->interface == BPFM_BTF_LOAD;
  uint32_t size = is_btf ? fill_btf(load, attr) : fill_prog(load, attr);
  if (load->attr_size) size = load->attr_size < MAX_ATTR_SIZE ? load->attr_size : MAX_ATTR_SIZE;
  const long fd = syscall(__NR_bpf, is_btf ? BPF_BTF_LOAD : BPF_PROG_LOAD, attr, size);
  answer->return_value = fd;
  answer->api_errno = fd < 0 ? errno : 0;
  if (fd >= 0) close((int)fd);
}
