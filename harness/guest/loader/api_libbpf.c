/* The loader with libbpf, any version from 0.0.3: every difference between versions stands here,
 * with the version that made it. BPFM_LIBBPF_MAJOR, _MINOR and _PATCH come from the builder.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"

#define LIBBPF_IS_AT_LEAST(major, minor) \
  (BPFM_LIBBPF_MAJOR > (major) || (BPFM_LIBBPF_MAJOR == (major) && BPFM_LIBBPF_MINOR >= (minor)))
/* 0.0.3 to 0.0.9 were releases of their own, each with other functions. */
#define LIBBPF_IS_AT_LEAST_0_0(patch) (LIBBPF_IS_AT_LEAST(0, 1) || BPFM_LIBBPF_PATCH >= (patch))

uint32_t api_extras(void) {
  return EXTRAS_OF_PROCESS;
}
bool api_is_direct(void) {
  return false;
}

/* --- what the library prints --- */

static char messages[BPFM_MAX_MESSAGES + 1];
static size_t messages_size;
static bool ours; /* what is printed now answers a question of this loader, not the load */

const char* api_messages(void) {
  return messages;
}

static int keep_message(enum libbpf_print_level level, const char* format, va_list args) {
  /* Of one message its beginning (some hold a whole log), of all messages the last. */
  char line[BPFM_MAX_MESSAGES / 2];
  if (ours || level != LIBBPF_WARN || vsnprintf(line, sizeof line, format, args) <= 0) return 0;
  const size_t size = strlen(line);
  if (messages_size + size > BPFM_MAX_MESSAGES) {
    const size_t dropped = messages_size + size - BPFM_MAX_MESSAGES;
    memmove(messages, messages + dropped, messages_size - dropped);
    messages_size -= dropped;
  }
  memcpy(messages + messages_size, line, size + 1);
  messages_size += size;
  return 0;
}

static void not_expressible(struct answer* answer, const char* why) {
  answer->state = BPFM_NOT_EXPRESSIBLE;
  answer->note = why;
}

/* Before 1.0 low-level functions return -1 and set errno; from 1.0 they return -errno. */
static void take_result(struct answer* answer, long result) {
  answer->return_value = result;
  if (result >= 0)
    answer->api_errno = 0;
  else
    answer->api_errno = LIBBPF_IS_AT_LEAST(1, 0) || result != -1 ? (int32_t)-result : errno;
}

#if LIBBPF_IS_AT_LEAST(1, 2) /* opts.log_true_size of bpf_prog_load() and bpf_btf_load() */
#define ASK_TRUE_SIZE(opts) ((opts)->log_true_size = TRUE_SIZE_BEFORE)
#define TAKE_TRUE_SIZE(opts, answer) \
  ((answer)->has_true_size = true, (answer)->true_size = (opts)->log_true_size)
#else
#define ASK_TRUE_SIZE(opts) ((void)0)
#define TAKE_TRUE_SIZE(opts, answer) ((void)0)
#endif

/* --- low-level program load --- */

static void prog_load(const struct load* load, struct answer* answer) {
  const struct program* program = load->program;
  int fd;
#if LIBBPF_IS_AT_LEAST(0, 6) /* bpf_prog_load() with options */
  struct bpf_prog_load_opts opts;
  memset(&opts, 0, sizeof opts);
  opts.sz = sizeof opts;
  opts.expected_attach_type = (enum bpf_attach_type)program->expected_attach_type;
  opts.log_level = load->level;
  opts.log_buf = load->buffer;
  opts.log_size = (uint32_t)load->size;
  ASK_TRUE_SIZE(&opts);
  fd = bpf_prog_load((enum bpf_prog_type)program->prog_type, program->name, program->license,
                     (const struct bpf_insn*)program->instructions, program->instruction_count,
                     &opts);
  TAKE_TRUE_SIZE(&opts, answer);
#else
  struct bpf_load_program_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = (enum bpf_prog_type)program->prog_type;
  attr.expected_attach_type = (enum bpf_attach_type)program->expected_attach_type;
  attr.name = program->name;
  attr.insns = (const struct bpf_insn*)program->instructions;
  attr.insns_cnt = program->instruction_count;
  attr.license = program->license;
  attr.log_level = load->level;
  fd = bpf_load_program_xattr(&attr, load->buffer, load->size);
#endif
  take_result(answer, fd);
  if (fd >= 0) close(fd);
}

/* --- BTF --- */

static void btf_load(const struct load* load, struct answer* answer) {
  const struct program* program = load->program;
  int fd;
#if LIBBPF_IS_AT_LEAST(0, 7) /* bpf_btf_load() with options */
  struct bpf_btf_load_opts opts;
  memset(&opts, 0, sizeof opts);
  opts.sz = sizeof opts;
  opts.log_level = load->level;
  opts.log_buf = load->buffer;
  opts.log_size = (uint32_t)load->size;
  ASK_TRUE_SIZE(&opts);
  fd = bpf_btf_load(program->btf, program->btf_size, &opts);
  TAKE_TRUE_SIZE(&opts, answer);
#else
  /* bpf_load_btf() takes "log or not", and drops the request when there is no buffer. */
  if (load->level > 1) {
    not_expressible(answer, "LEVEL: bpf_load_btf() knows no log level before 0.7");
    return;
  }
  if (load->level != 0 && (!load->buffer || !load->size)) {
    not_expressible(answer,
                    "BUFFER: bpf_load_btf() drops the log request without a buffer before 0.7");
    return;
  }
  fd = bpf_load_btf(program->btf, program->btf_size, load->buffer, (uint32_t)load->size,
                    load->level != 0);
#endif
  take_result(answer, fd);
  if (fd >= 0) close(fd);
}

/* --- a whole object --- */

/* Reads the BTF of the kernel that it runs on: 0 or an errno. */
static int32_t read_kernel_btf(void) {
  errno = 0;
#if LIBBPF_IS_AT_LEAST(0, 5) /* btf__load_vmlinux_btf() */
  struct btf* btf = btf__load_vmlinux_btf();
#elif LIBBPF_IS_AT_LEAST_0_0(7) /* libbpf_find_kernel_btf() */
  struct btf* btf = libbpf_find_kernel_btf();
#else /* 0.0.5 and 0.0.6 do the same inside; before 0.0.5 nothing reads it */
  static uint8_t bytes[32 << 20];
  const int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  for (ssize_t part; fd >= 0 && (part = read(fd, bytes + size, sizeof bytes - size)) > 0;)
    size += (size_t)part;
  if (fd >= 0) close(fd);
  struct btf* btf = btf__new(bytes, (uint32_t)size);
#endif
  const long error = libbpf_get_error(btf);
  if (error) return (int32_t)-error;
  if (!btf) return errno ? errno : ENOENT;
  btf__free(btf);
  return 0;
}

/* Asked after a failed load: is its cause that the BTF cannot be read? No part of the load. */
static bool cannot_read_kernel_btf(void) {
  const uint64_t began = now_ns();
  ours = true;
  const bool cannot = read_kernel_btf() != 0;
  ours = false;
  record.overhead_ns += now_ns() - began;
  return cannot;
}

static void kernel_btf(struct answer* answer) {
  answer->no_call_needed = true;
  answer->api_errno = read_kernel_btf();
  answer->return_value = -(int64_t)answer->api_errno;
  answer->btf_unreadable = answer->api_errno != 0;
}

/* Of an object with several programs, only `function` is to be loaded. False when this version
 * loads all or none. */
static bool set_autoload(struct bpf_object* object, const char* function) {
  struct bpf_program* program;
#if LIBBPF_IS_AT_LEAST(0, 1) /* bpf_program__set_autoload() */
  bpf_object__for_each_program(program, object) {
    bpf_program__set_autoload(program, strcmp(bpf_program__name(program), function) == 0);
  }
  return true;
#else
  int programs = 0;
  bpf_object__for_each_program(program, object) ++programs;
  return programs <= 1;
#endif
}

#if LIBBPF_IS_AT_LEAST_0_0(6) /* open options; types are taken from the sections */
static struct bpf_object* open_object(const struct load* load) {
  struct bpf_object_open_opts opts;
  memset(&opts, 0, sizeof opts);
  opts.sz = sizeof opts;
  opts.object_name = "bpfmatrix";
#if LIBBPF_IS_AT_LEAST(0, 7) /* kernel_log_buf, _size, _level */
  opts.kernel_log_level = load->level;
  if (!load->own_buffer) {
    opts.kernel_log_buf = load->buffer;
    opts.kernel_log_size = load->size;
  }
#endif
  return bpf_object__open_mem(load->program->bytes, load->program->size, &opts);
}
#else
static bool no_object_file; /* a failure of this loader, not of the library */

/* Before 0.0.6 an object in memory must have a "version" section, a file need not. */
static int object_file(const struct program* program, char path[64]) {
  no_object_file = true;
  const int fd = memfd_create("bpfmatrix", MFD_CLOEXEC);
  if (fd < 0) return -1;
  snprintf(path, 64, "/proc/self/fd/%d", fd);
  if (write(fd, program->bytes, program->size) == (ssize_t)program->size) {
    no_object_file = false;
    return fd;
  }
  close(fd);
  return -1;
}

static struct bpf_object* open_object(const struct load* load) {
  char path[64];
  const int fd = object_file(load->program, path);
  if (fd < 0) return NULL;
  struct bpf_object_open_attr attr = {.file = path};
  struct bpf_object* object = bpf_object__open_xattr(&attr);
  close(fd);
  if (!object || libbpf_get_error(object)) return object;
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    enum bpf_prog_type type;
    enum bpf_attach_type attach_type;
    if (libbpf_prog_type_by_name(bpf_program__title(program, false), &type, &attach_type)) continue;
    bpf_program__set_type(program, type);
    bpf_program__set_expected_attach_type(program, attach_type);
  }
  return object;
}
#endif

#if LIBBPF_IS_AT_LEAST(0, 7) /* the level is an option of open */
static int load_object(struct bpf_object* object, const struct load* load) {
  (void)load;
  return bpf_object__load(object);
}
#elif LIBBPF_IS_AT_LEAST_0_0(4) /* bpf_object__load_xattr() */
static int load_object(struct bpf_object* object, const struct load* load) {
  struct bpf_object_load_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.obj = object;
  attr.log_level = (int)load->level;
  return bpf_object__load_xattr(&attr);
}
#else
/* 0.0.3 takes a level only where it opens a file itself, and makes -EINVAL of all errors there. */
static int load_object(struct bpf_object* object, const struct load* load) {
  if (load->level == 0) return bpf_object__load(object);
  struct bpf_prog_load_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.log_level = (int)load->level;
  char path[64];
  const int fd = object_file(load->program, path);
  if (fd < 0) return -errno;
  attr.file = path;
  struct bpf_object* loaded = NULL;
  int program_fd = -1;
  const int result = bpf_prog_load_xattr(&attr, &loaded, &program_fd);
  if (result == 0) bpf_object__close(loaded);
  close(fd);
  return result;
}
#endif

/* Did the loader itself fail to hand the object over? */
static bool object_was_lost(struct answer* answer) {
#if LIBBPF_IS_AT_LEAST_0_0(6)
  (void)answer;
  return false;
#else
  if (!no_object_file) return false;
  answer->state = BPFM_LOADER_ERROR;
  answer->note = "OBJECT: it could not be written to a file in memory";
  return true;
#endif
}

static void object_load(const struct load* load, struct answer* answer) {
#if !LIBBPF_IS_AT_LEAST(0, 7)
  if (!load->own_buffer) {
    not_expressible(answer, "BUFFER: an object load takes no log buffer before 0.7");
    return;
  }
#endif
  struct bpf_object* object = open_object(load);
  const long failed = libbpf_get_error(object);
  if (failed || !object) {
    if (object_was_lost(answer)) return;
    take_result(answer, failed ? failed : -errno);
    answer->btf_unreadable = answer->api_errno == ESRCH && cannot_read_kernel_btf();
    return;
  }
  if (!set_autoload(object, load->function)) {
    not_expressible(answer, "PROGRAM: one program of an object alone cannot be loaded before 0.1");
    bpf_object__close(object);
    return;
  }
  const int result = load_object(object, load);
  if (object_was_lost(answer)) {
    bpf_object__close(object);
    return;
  }
  /* Object-level functions return the code itself in every version. */
  answer->return_value = result;
  answer->api_errno = result < 0 ? -result : 0;
  bpf_object__close(object);
  if (result == -ESRCH && !record.measured) answer->btf_unreadable = cannot_read_kernel_btf();
}

void api_load(const struct load* load, struct answer* answer) {
  libbpf_set_print(keep_message);
  messages_size = 0;
  messages[0] = '\0';
  errno = 0;
  switch (load->interface) {
    case BPFM_PROG_LOAD:
      prog_load(load, answer);
      break;
    case BPFM_BTF_LOAD:
      btf_load(load, answer);
      break;
    case BPFM_OBJECT_LOAD:
      object_load(load, answer);
      break;
    case BPFM_KERNEL_BTF:
      kernel_btf(answer);
      break;
    default: /* bpf_map_create() has log options from 1.8 */
      not_expressible(answer, "MAP_CREATE: libbpf up to 1.7 asks for no log of a map");
  }
}
