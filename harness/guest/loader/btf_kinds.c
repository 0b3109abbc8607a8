/* Which kinds some BTF has: a walk over its types (Documentation/bpf/btf.rst). */
#include <string.h>

#include "loader.h"

#define BTF_MAGIC 0xeb9f
#define HEADER_SIZE 24 /* up to str_len; longer ones have more sections (7.1) */
#define TYPE_SIZE 12

/* Bytes behind a type's first 12, by kind; -1: not known here. */
static int64_t bytes_behind(uint32_t kind, uint32_t vlen) {
  static const struct {
    int8_t once, each;
  } sizes[] = {{-1, 0}, {4, 0},  {0, 0}, {12, 0}, {0, 12}, {0, 12}, {0, 8},
               {0, 0},  {0, 0},  {0, 0}, {0, 0},  {0, 0},  {0, 0},  {0, 8},
               {4, 0},  {0, 12}, {0, 0}, {4, 0},  {0, 0},  {0, 12}};
  if (kind >= sizeof sizes / sizeof sizes[0] || sizes[kind].once < 0) return -1;
  return sizes[kind].once + (int64_t)sizes[kind].each * vlen;
}

static uint32_t get32(const uint8_t* at) {
  uint32_t value; /* in the byte order of this machine */
  memcpy(&value, at, 4);
  return value;
}

uint32_t btf_kinds(const void* btf, size_t size) {
  const uint8_t* bytes = btf;
  uint16_t magic;
  if (!btf || size < HEADER_SIZE) return 0;
  memcpy(&magic, bytes, 2);
  const uint64_t header = get32(bytes + 4);
  const uint64_t begin = header + get32(bytes + 8), end = begin + get32(bytes + 12);
  if (magic != BTF_MAGIC || header < HEADER_SIZE || end > size) return 0;
  uint32_t kinds = 0;
  for (uint64_t at = begin; at < end;) {
    if (end - at < TYPE_SIZE) return 0;
    /* Up to 7.1 the kind has 5 bits and the count 16, and what is between is 0. */
    const uint32_t info = get32(bytes + at + 4), kind = info >> 24 & 0x7f, vlen = info & 0xffffff;
    const int64_t behind = bytes_behind(kind, vlen);
    if (behind < 0) return 0;
    kinds |= 1u << kind;
    at += TYPE_SIZE + (uint64_t)behind;
    if (at > end) return 0;
  }
  return kinds;
}
