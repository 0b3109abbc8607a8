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

static struct bpfm_shared* shared;
static uint8_t out[BPFM_MAX_GUEST_FRAME * 2];
static size_t out_size;

/* Frames are collected and leave in one write: the result of a cell with the begin of the next. */
static void add_frame(uint8_t type, size_t payload_size) {
  uint8_t* header = out + out_size;
  const uint32_t crc = (uint32_t)crc32(0, header + BPFM_HEADER_SIZE, (uInt)payload_size);
  bpfm_put_header(header, type, shared->next_seq++, (uint32_t)payload_size, crc);
  out_size += BPFM_HEADER_SIZE + payload_size;
}

static uint8_t* payload(void) {
  return out + out_size + BPFM_HEADER_SIZE;
}

static void flush(void) {
  size_t done = 0;
  while (done < out_size) {
    const ssize_t n = write(BPFM_FD_PORT, out + done, out_size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(3);
    done += (size_t)n;
  }
  out_size = 0;
}

static void begin(uint32_t run, const struct cell* cell) {
  shared->run = run;
  shared->limit_ms = cell->limit_ms;
  shared->began_ns = now_ns();
  shared->cell = cell->cell;
  bpfm_put32(payload(), run);
  bpfm_put32(payload() + 4, cell->cell);
  add_frame(BPFM_BEGIN, 8);
}

static void result(uint32_t run, const struct cell* cell) {
  bpfm_put32(payload(), run);
  bpfm_put32(payload() + 4, cell->cell);
  add_frame(BPFM_RESULT, 8 + measure(cell, payload() + 8));
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
  const uint32_t number = bpfm_get32(take(r, 4));
  take_text(r, loader);
  const uint32_t count = bpfm_get32(take(r, 4));
  struct cell cell, next;
  if (count > 0) {
    take_cell(r, &cell);
    begin(number, &cell);
    flush();
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (i + 1 < count) take_cell(r, &next);
    result(number, &cell);
    if (i + 1 < count) {
      cell = next;
      begin(number, &cell);
      flush();
    }
  }
  shared->cell = BPFM_NO_CELL;
  bpfm_put32(payload(), number);
  add_frame(BPFM_RUN_DONE, 4);
  shared->idle = 1;
  flush();
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
