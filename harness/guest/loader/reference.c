/* What a truncated log is held against.
 *
 * Loads made here are never part of a cell's record; their results are kept for the life of the
 * process, by (program file, function, interface, level).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"

/* Accepted by every kernel: 4.9 to 5.1 take no more (UINT_MAX >> 8). */
#define REFERENCE_SIZE 0xffffffu
#define FIXED 8u /* BPF_LOG_FIXED, 6.4 */
#define MAX_KEPT_TEXTS 8

/* A load made for reference only. `text` is NULL where there was none. */
struct reference {
  struct load key; /* buffer fields are not part of the key, but `size` is (0: REFERENCE_SIZE) */
  char function[MAX_NAME];
  int32_t api_errno, kernel_errno;
  uint64_t told, length;
  bool touched, measured;
  char* text;
  uint8_t digest[32];
  uint64_t age;
};
static struct reference references[256];
static size_t reference_count;
static uint64_t clock_of_use;

struct size_entry {
  const struct program* program;
  char function[MAX_NAME];
  uint8_t interface;
  uint32_t level;
  struct extras extras;
  uint64_t size;
};
static struct size_entry* sizes;
static size_t size_count, size_room;

/* Does this kernel's log rotate (6.4)? NULL with size 0 is accepted since the same series. */
static bool log_rotates(void) {
  static int known = -1;
  if (known >= 0) return known;
  const uint64_t instructions[2] = {0x00000000000000b7ull,
                                    0x0000000000000095ull}; /* r0 = 0; exit */
  const char* license = "GPL";
  uint8_t attr[144] = {0};
  const uint32_t type = BPF_PROG_TYPE_SOCKET_FILTER, count = 2, level = 1;
  const uint64_t at = (uint64_t)(uintptr_t)instructions, text = (uint64_t)(uintptr_t)license;
  memcpy(attr, &type, 4);
  memcpy(attr + 4, &count, 4);
  memcpy(attr + 8, &at, 8);
  memcpy(attr + 16, &text, 8);
  memcpy(attr + 24, &level, 4);
  const long fd = syscall(__NR_bpf, BPF_PROG_LOAD, attr, sizeof attr);
  if (fd >= 0) close((int)fd);
  known = fd >= 0;
  return known;
}

void reference_look_at_kernel(void) {
  (void)log_rotates();
}

static bool same_extras(const struct extras* a, const struct extras* b) {
  return memcmp(a, b, sizeof *a) == 0;
}

/* Loads with a buffer of `size` bytes and leaves the result in `record`. */
static int32_t load_with(const struct load* load, uint32_t level, uint64_t size) {
  struct load again = *load;
  again.level = level;
  again.own_buffer = false;
  again.buffer = arena_buffer(size);
  again.size = size;
  struct answer answer = {0};
  if (!again.buffer) return ENOMEM;
  record_begin(&again);
  api_load(&again, &answer);
  record_end();
  arena_release(size);
  if (answer.state == BPFM_NOT_EXPRESSIBLE) record.measured = false;
  return answer.api_errno;
}

static bool same_key(const struct reference* r, const struct load* load, uint32_t level,
                     uint64_t size) {
  return r->key.program == load->program && r->key.interface == load->interface &&
         r->key.level == level && r->key.size == size &&
         same_extras(&r->key.extras, &load->extras) && strcmp(r->function, load->function) == 0;
}

/* Whole texts are large: only the few used last are kept, the rest is loaded again when needed. */
static void forget_old_texts(void) {
  size_t kept = 0;
  struct reference* oldest = NULL;
  for (size_t i = 0; i < reference_count; ++i) {
    if (!references[i].text) continue;
    ++kept;
    if (!oldest || references[i].age < oldest->age) oldest = &references[i];
  }
  if (kept < MAX_KEPT_TEXTS || !oldest) return;
  free(oldest->text);
  oldest->text = NULL;
  oldest->key.program = NULL; /* not found again */
}

static void fill(struct reference* r, const struct load* load, uint32_t level, uint64_t size) {
  memset(r, 0, sizeof *r);
  r->key = *load;
  r->key.level = level;
  r->key.size = size;
  snprintf(r->function, sizeof r->function, "%s", load->function);
  r->api_errno = load_with(load, level, size);
  r->kernel_errno = record.kernel_errno;
  r->measured = record.measured;
  r->told = record.log_true_size;
  r->touched = record.touched;
  r->length = record.log.length;
  if (record.touched && record.log.complete) {
    r->text = record.log.text;
    record.log.text = NULL;
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, r->length, (const uint8_t*)r->text);
    sha256_digest(&sha, 32, r->digest);
  }
}

static const struct reference* reference(const struct load* load, uint32_t level, uint64_t size) {
  ++clock_of_use;
  struct reference* free_slot = NULL;
  for (size_t i = 0; i < reference_count; ++i) {
    if (same_key(&references[i], load, level, size)) {
      references[i].age = clock_of_use;
      return &references[i];
    }
    if (!references[i].key.program) free_slot = &references[i];
  }
  forget_old_texts();
  const size_t room = sizeof references / sizeof references[0];
  if (!free_slot && reference_count < room) free_slot = &references[reference_count++];
  if (!free_slot) { /* full: the one used longest ago makes room */
    free_slot = &references[0];
    for (size_t i = 1; i < room; ++i)
      if (references[i].age < free_slot->age) free_slot = &references[i];
    free(free_slot->text);
  }
  fill(free_slot, load, level, size);
  free_slot->age = clock_of_use;
  return free_slot;
}

/* Short texts that were hashed last: many cells in a row have the same one. */
#define HASHED 8
#define SHORT_TEXT 512
static struct hashed {
  char text[SHORT_TEXT];
  uint8_t digest[32];
} hashed[HASHED];
static uint64_t hashed_length[HASHED]; /* 0: none */
static size_t hashed_next;

static const struct hashed* find_hashed(const char* text, uint64_t length) {
  for (size_t i = 0; i < HASHED; ++i)
    if (length > 0 && hashed_length[i] == length && memcmp(hashed[i].text, text, length) == 0)
      return &hashed[i];
  return NULL;
}

static void keep_hashed(const char* text, uint64_t length, const uint8_t digest[32]) {
  if (length > SHORT_TEXT) return;
  struct hashed* slot = &hashed[hashed_next];
  memcpy(slot->text, text, length);
  memcpy(slot->digest, digest, 32);
  hashed_length[hashed_next] = length;
  hashed_next = (hashed_next + 1) % HASHED;
}

void text_digest(const char* text, uint64_t length, uint8_t digest[32]) {
  const struct hashed* known = find_hashed(text, length);
  if (known) {
    memcpy(digest, known->digest, 32);
    return;
  }
  for (size_t i = 0; i < reference_count; ++i) {
    const struct reference* r = &references[i];
    if (r->text && r->length == length && memcmp(r->text, text, length) == 0) {
      memcpy(digest, r->digest, 32);
      return;
    }
  }
  struct sha256_ctx sha;
  sha256_init(&sha);
  sha256_update(&sha, length, (const uint8_t*)text);
  sha256_digest(&sha, 32, digest);
  keep_hashed(text, length, digest);
}

bool reaches_verification(const struct load* load, int32_t error) {
  if (load->interface == BPFM_OBJECT_LOAD || load->interface == BPFM_MAP_CREATE)
    return false; /* the library itself asks again with a log; a map is not verified */
  const struct reference* r = reference(load, 1, REFERENCE_SIZE);
  return r->measured && r->touched && r->length > 0 && r->kernel_errno == error;
}

/* --- true size --- */

/* Accepted: the load's result is not that the log did not fit (nor that the size is too small). */
static bool fits(const struct load* load, uint64_t size) {
  load_with(load, load->level, size);
  return record.measured && record.touched && record.kernel_errno != ENOSPC;
}

/* The smallest accepted size, known that REFERENCE_SIZE is accepted; 0 when sizes say nothing
 * (invalid BTF before 6.4 never gives ENOSPC). Before 6.4 no size below 128 is accepted. */
static uint64_t search(const struct load* load) {
  uint64_t low = log_rotates() ? 1 : 128, high = REFERENCE_SIZE;
  if (fits(load, low)) return load->interface == BPFM_BTF_LOAD && record.kernel_errno ? 0 : low;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    if (fits(load, middle))
      high = middle;
    else
      low = middle;
  }
  return high;
}

static uint64_t find_true_size(const struct load* load) {
  const struct reference* r = reference(load, load->level, REFERENCE_SIZE);
  /* An object load may spend the buffer on its BTF first, and then load another program (without
   * line information): what the kernel told of the large buffer is only a guess then. */
  const bool is_object = load->interface == BPFM_OBJECT_LOAD;
  if (r->told && (!is_object || (fits(load, r->told) && !fits(load, r->told - 1)))) return r->told;
  if (!r->measured || !r->touched || r->kernel_errno == ENOSPC) return 0;
  const uint64_t guess = r->length + 1;
  const uint64_t least = log_rotates() ? guess : guess + 1; /* before 6.4 length + 2 is needed */
  if (fits(load, least) && !fits(load, least - 1)) return guess;
  const uint64_t found = search(load);
  return found == 0 ? 0 : log_rotates() ? found : found - 1;
}

uint64_t true_size_of(const struct load* load) {
  for (size_t i = 0; i < size_count; ++i) {
    const struct size_entry* e = &sizes[i];
    if (e->program == load->program && e->interface == load->interface && e->level == load->level &&
        same_extras(&e->extras, &load->extras) && strcmp(e->function, load->function) == 0)
      return e->size;
  }
  const uint64_t size = find_true_size(load);
  if (size_count == size_room) {
    size_room = size_room ? size_room * 2 : 64;
    struct size_entry* more = realloc(sizes, size_room * sizeof *sizes);
    if (!more) return size;
    sizes = more;
  }
  struct size_entry* e = &sizes[size_count++];
  memset(e, 0, sizeof *e);
  e->program = load->program;
  snprintf(e->function, sizeof e->function, "%s", load->function);
  e->interface = load->interface;
  e->level = load->level;
  e->extras = load->extras;
  e->size = size;
  return size;
}

/* --- which part was kept --- */

/* How far `text` and `whole` run alike, from their starts (step 1) or from their ends (step -1).
 * Runs of hexadecimal digits are alike: the STATS level prints a time, a trace prints addresses of
 * maps, and a cut can fall into a number. */
struct run {
  bool text_ended, whole_ended;
};
static struct run run_alike(const char* text, uint64_t length, const char* whole,
                            uint64_t whole_length, int step) {
  const int64_t n = (int64_t)length, m = (int64_t)whole_length;
  int64_t i = step > 0 ? 0 : n - 1, j = step > 0 ? 0 : m - 1;
  while (i >= 0 && i < n && j >= 0 && j < m) {
    if (isxdigit((unsigned char)text[i]) && isxdigit((unsigned char)whole[j])) {
      while (i >= 0 && i < n && isxdigit((unsigned char)text[i])) i += step;
      while (j >= 0 && j < m && isxdigit((unsigned char)whole[j])) j += step;
    } else if (text[i] == whole[j]) {
      i += step;
      j += step;
    } else {
      return (struct run){false, false};
    }
  }
  return (struct run){i < 0 || i >= n, j < 0 || j >= m};
}

/* `whole_known`: the reference is the complete text; else it was cut as well, and the longer of the
 * two may be either. */
static uint8_t part_of(const char* text, uint64_t length, const struct reference* r,
                       bool whole_known) {
  if (!r->text || r->length == 0) return BPFM_KEPT_NONE;
  const struct run start = run_alike(text, length, r->text, r->length, 1);
  const struct run end = run_alike(text, length, r->text, r->length, -1);
  const bool head = start.text_ended || (!whole_known && start.whole_ended);
  const bool tail = end.text_ended || (!whole_known && end.whole_ended);
  if (whole_known && head && tail && start.whole_ended) return BPFM_KEPT_ALL;
  if (head) return BPFM_KEPT_HEAD;
  return tail ? BPFM_KEPT_TAIL : BPFM_KEPT_NONE;
}

uint8_t kept_part(const struct load* load, const char* text, uint64_t length) {
  if (length == 0) return BPFM_KEPT_NONE;
  const struct reference* whole = reference(load, load->level & ~FIXED, REFERENCE_SIZE);
  uint8_t kept = part_of(text, length, whole, whole->kernel_errno != ENOSPC);
  if (kept != BPFM_KEPT_NONE) return kept;
  /* FIXED alone has no level without it; and a text larger than the reference has its head only in
   * FIXED mode. */
  if (load->level & FIXED) {
    whole = reference(load, load->level, REFERENCE_SIZE);
    kept = part_of(text, length, whole, whole->kernel_errno != ENOSPC);
  }
  if (kept != BPFM_KEPT_NONE) return kept;
  /* Before 6.4 a successful load at level 1 erases most of what it wrote, but not once the buffer
   * was full: the text as it was before is that of the largest buffer that does not fit. */
  const uint64_t size = true_size_of(load);
  if (size != 0 && !log_rotates())
    kept = part_of(text, length, reference(load, load->level, size), false);
  return kept;
}
