/* What a cell varies beside its log mode: texts of the wire to numbers. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "loader.h"

static const struct {
  const char* name;
  uint32_t key;
} keys[] = {{"attr_size", EXTRA_ATTR_SIZE},
            {"tail_byte", EXTRA_TAIL_BYTE},
            {"true_size_in", EXTRA_TRUE_SIZE_IN},
            {"buffer", EXTRA_BUFFER},
            {"insn_cnt", EXTRA_INSN_CNT},
            {"common", EXTRA_COMMON},
            {"map_type", EXTRA_MAP_TYPE},
            {"map_extra", EXTRA_MAP_EXTRA},
            {"strategy", EXTRA_STRATEGY},
            {"uid", EXTRA_UID},
            {"caps", EXTRA_CAPS},
            {"kernel_btf", EXTRA_KERNEL_BTF},
            {"process", EXTRA_PROCESS}};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

/* In the order of enum common and enum strategy. */
static const char* const commons[] = {"only", "same", "different", "null", "size0", "pad", NULL};
static const char* const strategies[] = {"double", "exact", "fixed-first", "query", NULL};

/* include/uapi/linux/capability.h */
static const struct {
  const char* name;
  int number;
} capabilities[] = {{"bpf", 39},     {"perfmon", 38},      {"net_admin", 12}, {"sys_admin", 21},
                    {"net_raw", 13}, {"sys_resource", 24}, {"syslog", 34}};

const char* extra_name(uint32_t wanted) {
  for (size_t i = 0; i < KEY_COUNT; ++i)
    if (keys[i].key & wanted) return keys[i].name;
  return "it";
}

static bool take_number(const char* text, uint64_t most, uint64_t* value) {
  char* end;
  *value = strtoull(text, &end, 10);
  return *text && !*end && *value <= most;
}

static bool take32(const char* text, uint32_t* value) {
  uint64_t number;
  if (!take_number(text, UINT32_MAX, &number)) return false;
  *value = (uint32_t)number;
  return true;
}

static bool take_word(const char* text, const char* const* words, uint8_t* value) {
  for (*value = 0; words[*value]; ++*value)
    if (strcmp(words[*value], text) == 0) return true;
  return false;
}

/* "none", or names with a + between them. */
static bool take_caps(const char* text, uint64_t* caps) {
  *caps = 0;
  if (strcmp(text, "none") == 0) return true;
  while (*text) {
    const size_t size = strcspn(text, "+");
    uint64_t bit = 0;
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; ++i)
      if (strlen(capabilities[i].name) == size && memcmp(capabilities[i].name, text, size) == 0)
        bit = 1ull << capabilities[i].number;
    if (!bit) return false;
    *caps |= bit;
    text += size + (text[size] == '+');
  }
  return *caps != 0;
}

static bool take_value(struct extras* extras, uint32_t key, const char* value) {
  switch (key) {
    case EXTRA_ATTR_SIZE:
      return take32(value, &extras->attr_size);
    case EXTRA_TAIL_BYTE:
      return take32(value, &extras->tail_byte);
    case EXTRA_TRUE_SIZE_IN:
      return take32(value, &extras->true_size_in);
    case EXTRA_INSN_CNT:
      return take32(value, &extras->insn_cnt);
    case EXTRA_UID:
      return take32(value, &extras->uid);
    case EXTRA_MAP_TYPE:
      return take32(value, &extras->map_type);
    case EXTRA_MAP_EXTRA:
      return take_number(value, UINT64_MAX, &extras->map_extra);
    case EXTRA_CAPS:
      return take_caps(value, &extras->caps);
    case EXTRA_COMMON:
      return take_word(value, commons, &extras->common);
    case EXTRA_STRATEGY:
      return take_word(value, strategies, &extras->strategy);
    case EXTRA_BUFFER:
      return strcmp(value, "unmapped") == 0;
    case EXTRA_KERNEL_BTF:
      return strcmp(value, "hidden") == 0;
    case EXTRA_PROCESS:
      return strcmp(value, "fresh") == 0;
    default:
      return false;
  }
}

bool extra_set(struct extras* extras, const char* name, const char* value) {
  for (size_t i = 0; i < KEY_COUNT; ++i) {
    if (strcmp(keys[i].name, name) != 0) continue;
    extras->given |= keys[i].key;
    return take_value(extras, keys[i].key, value);
  }
  return false;
}
