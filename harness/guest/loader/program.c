/* The files of programs: read once, kept for the life of the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

#define FOLDER "/run/files/"

struct entry {
  struct program program;
  struct entry* next;
};
static struct entry* entries;

static bool map_file(struct program* program) {
  char path[sizeof FOLDER + MAX_NAME];
  snprintf(path, sizeof path, FOLDER "%s", program->file);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat status;
  void* map = MAP_FAILED;
  if (fstat(fd, &status) == 0 && status.st_size > 0)
    map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int saved = errno;
  close(fd);
  errno = saved ? saved : EINVAL;
  if (map == MAP_FAILED) return false;
  program->bytes = map;
  program->size = (size_t)status.st_size;
  return true;
}

/* Takes `size` bytes from the front of [*at, end); NULL when they are not there. */
static const uint8_t* take(const uint8_t** at, const uint8_t* end, size_t size) {
  if ((size_t)(end - *at) < size) return NULL;
  const uint8_t* taken = *at;
  *at += size;
  return taken;
}

static bool take32(const uint8_t** at, const uint8_t* end, uint32_t* value) {
  const uint8_t* raw = take(at, end, 4);
  if (raw) *value = bpfm_get32(raw);
  return raw != NULL;
}

static const char* take_text(const uint8_t** at, const uint8_t* end) {
  const uint8_t* raw = take(at, end, 2);
  if (!raw) return NULL;
  const size_t size = bpfm_get16(raw);
  const uint8_t* text = take(at, end, size);
  return text ? strndup((const char*)text, size) : NULL;
}

/* Copies, so that instructions and BTF are aligned. */
static void* take_copy(const uint8_t** at, const uint8_t* end, size_t size) {
  const uint8_t* raw = take(at, end, size);
  void* copy = raw ? malloc(size ? size : 1) : NULL;
  if (copy) memcpy(copy, raw, size);
  return copy;
}

static bool read_parts(struct program* p) {
  const uint8_t* at = p->bytes;
  const uint8_t* end = at + p->size;
  uint32_t magic = 0;
  if (!take32(&at, end, &magic) || magic != BPFM_PARTS_MAGIC) return false;
  if (!take32(&at, end, &p->prog_type) || !take32(&at, end, &p->expected_attach_type)) return false;
  p->license = take_text(&at, end);
  p->name = take_text(&at, end);
  if (!p->license || !p->name || !take32(&at, end, &p->instruction_count)) return false;
  p->instructions = take_copy(&at, end, (size_t)p->instruction_count * 8);
  if (!p->instructions || !take32(&at, end, &p->btf_size)) return false;
  p->btf = take_copy(&at, end, p->btf_size);
  return p->btf != NULL;
}

const struct program* program_open(const char* file, bool is_object) {
  for (struct entry* e = entries; e; e = e->next)
    if (strcmp(e->program.file, file) == 0) return &e->program;
  struct entry* e = calloc(1, sizeof *e);
  if (!e) return NULL;
  snprintf(e->program.file, sizeof e->program.file, "%s", file);
  errno = 0;
  if (!map_file(&e->program) || (!is_object && !read_parts(&e->program))) {
    const int saved = errno ? errno : EINVAL;
    free(e);
    errno = saved;
    return NULL;
  }
  e->next = entries;
  entries = e;
  return &e->program;
}
