/* The loader's process: cells in on descriptor 0, frames out on the port. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "loader.h"

_Static_assert(BPFM_HOLD_BYTES + 3 * BPFM_HEADER_SIZE + 8 + BPFM_MAX_OBSERVATION + 8 + 4 <=
                   BPFM_MAX_GUEST_FRAME,
               "a result, a begin and a run's end fit on top of what is held back");

static struct bpfm_shared* shared;
static uint64_t written_ns; /* when frames were last written */

/* The order of these stores is what the agent relies on when this process dies between them. */
static void set(uint32_t* field, uint32_t value) {
  __atomic_store_n(field, value, __ATOMIC_RELEASE);
}

static uint8_t* payload(void) {
  return shared->out + shared->out_size + BPFM_HEADER_SIZE;
}

/* From here on the frame leaves the guest, even if this process dies. */
static void add_frame(uint8_t type, size_t payload_size) {
  uint8_t* header = shared->out + shared->out_size;
  const uint32_t crc = (uint32_t)crc32(0, header + BPFM_HEADER_SIZE, (uInt)payload_size);
  bpfm_put_header(header, type, shared->next_seq, (uint32_t)payload_size, crc);
  set(&shared->out_size, shared->out_size + BPFM_HEADER_SIZE + (uint32_t)payload_size);
  set(&shared->next_seq, shared->next_seq + 1);
}

static void flush(void) {
  ssize_t n;
  do {
    n = write(BPFM_FD_PORT, shared->out, shared->out_size);
  } while (n < 0 && errno == EINTR);
  if (n != (ssize_t)shared->out_size) _exit(3);
  set(&shared->out_size, 0);
}

/* Frames leave in one write: the result of a cell with the begin of the next when that is to be
 * announced, else as many as came together in a while. */
static void begin(uint32_t run, const struct cell* cell, bool announce) {
  const uint64_t now = now_ns();
  shared->run = run;
  shared->limit_ms = cell->limit_ms;
  shared->began_ns = now;
  bpfm_put32(payload(), run);
  bpfm_put32(payload() + 4, cell->cell);
  add_frame(BPFM_BEGIN, 8);
  set(&shared->cell, cell->cell);
  if (!announce && shared->out_size < BPFM_HOLD_BYTES && now - written_ns < BPFM_HOLD_NS) return;
  flush();
  written_ns = now;
}

static void result(uint32_t run, const struct cell* cell) {
  bpfm_put32(payload(), run);
  bpfm_put32(payload() + 4, cell->cell);
  add_frame(BPFM_RESULT, 8 + measure(cell, payload() + 8));
  set(&shared->cell, BPFM_NO_CELL);
}

/* A reader over one RUN payload, which the agent took from the driver: trusted, yet checked. */
struct reader {
  const uint8_t* at;
  const uint8_t* end;
};

static const uint8_t* take(struct reader* r, size_t size) {
  if ((size_t)(r->end - r->at) < size) _exit(4);
  const uint8_t* taken = r->at;
  r->at += size;
  return taken;
}

static void take_text(struct reader* r, char text[MAX_NAME]) {
  const size_t size = bpfm_get16(take(r, 2));
  if (size >= MAX_NAME) _exit(4);
  memcpy(text, take(r, size), size);
  text[size] = '\0';
}

static void take_cell(struct reader* r, struct cell* cell) {
  memset(cell, 0, sizeof *cell);
  cell->cell = bpfm_get32(take(r, 4));
  cell->interface = *take(r, 1);
  cell->buffer_kind = *take(r, 1);
  cell->buffer_value = (int64_t)bpfm_get64(take(r, 8));
  cell->level = bpfm_get32(take(r, 4));
  cell->limit_ms = bpfm_get32(take(r, 4));
  take_text(r, cell->file);
  take_text(r, cell->function);
  cell->instruction_count = bpfm_get32(take(r, 4));
  for (uint8_t n = *take(r, 1); n > 0; --n) {
    char key[MAX_NAME], value[MAX_NAME];
    take_text(r, key);
    take_text(r, value);
    if (!extra_set(&cell->extras, key, value))
      snprintf(cell->unknown_extra, sizeof cell->unknown_extra, "%.60s=%.60s", key, value);
  }
}

static void run(struct reader* r) {
  char loader[MAX_NAME];
  struct cell cell;
  const uint32_t number = bpfm_get32(take(r, 4));
  bool announce = true; /* the first one always */
  const uint32_t flags = bpfm_get32(take(r, 4));
  take_text(r, loader);
  for (uint32_t count = bpfm_get32(take(r, 4)); count > 0; --count) {
    take_cell(r, &cell);
    begin(number, &cell, announce);
    announce = (flags & BPFM_RUN_ANNOUNCE) != 0;
    result(number, &cell);
  }
  bpfm_put32(payload(), number);
  add_frame(BPFM_RUN_DONE, 4);
  shared->idle = 1;
  flush();
  written_ns = now_ns();
}

static bool read_all(uint8_t* at, size_t size) {
  while (size > 0) {
    const ssize_t n = read(BPFM_FD_CELLS, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= (size_t)n;
  }
  return true;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], APART_ARGUMENT) == 0) return apart_main();
  /* A process of its own for a cell has no business with them. */
  for (int fd = BPFM_FD_PORT; fd <= BPFM_FD_SHARED; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, BPFM_FD_SHARED, 0);
  if (shared == MAP_FAILED) return 2;
  static uint8_t in[BPFM_MAX_PAYLOAD];
  uint8_t length[4];
  while (read_all(length, sizeof length)) {
    const uint32_t size = bpfm_get32(length);
    if (size > sizeof in || !read_all(in, size)) return 4;
    struct reader r = {in, in + size};
    run(&r);
  }
  return 0;
}
