/* The floor that cells are held against: the bpf() calls of a cell and nothing around them.
 *
 * Speaks as much of a loader's protocol as the agent needs (wire/protocol.h). For each cell of a
 * RUN it loads and closes the trivial program as often as the cell's only `extra` says, with the
 * cell's level and a buffer of the cell's size, and answers with how long all of it took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "wire/protocol.h"

#define ATTR_SIZE 144 /* as guest/loader/api_raw.c passes it */
#define MAX_LOG (1u << 20)

static struct bpfm_shared* shared;
static uint8_t out[4096], in[BPFM_MAX_PAYLOAD], log_buffer[MAX_LOG];
static size_t out_size;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Loads and closes `count` times. 0, or the errno of the load that failed. */
static int load_and_close(uint32_t count, uint32_t level, uint32_t log_size) {
  static const uint64_t instructions[2] = {0x00000000000000b7ull,
                                           0x0000000000000095ull}; /* r0 = 0; exit */
  uint8_t attr[ATTR_SIZE] = {0};
  const uint32_t type = BPF_PROG_TYPE_SOCKET_FILTER, instruction_count = 2;
  const uint64_t at = (uint64_t)(uintptr_t)instructions, text = (uint64_t)(uintptr_t) "GPL",
                 log = (uint64_t)(uintptr_t)log_buffer;
  memcpy(attr, &type, 4);
  memcpy(attr + 4, &instruction_count, 4);
  memcpy(attr + 8, &at, 8);
  memcpy(attr + 16, &text, 8);
  memcpy(attr + 24, &level, 4);
  memcpy(attr + 28, &log_size, 4);
  memcpy(attr + 32, &log, 8);
  memcpy(attr + 48, "trivial", 7);
  for (uint32_t i = 0; i < count; ++i) {
    const long fd = syscall(__NR_bpf, BPF_PROG_LOAD, attr, sizeof attr);
    if (fd < 0) return errno;
    close((int)fd);
  }
  return 0;
}

/* --- the protocol, as far as it is needed --- */

static void add_frame(uint8_t type, const void* payload, size_t size) {
  uint8_t* header = out + out_size;
  memcpy(header + BPFM_HEADER_SIZE, payload, size);
  const uint32_t crc = (uint32_t)crc32(0, header + BPFM_HEADER_SIZE, (uInt)size);
  bpfm_put_header(header, type, shared->next_seq++, (uint32_t)size, crc);
  out_size += BPFM_HEADER_SIZE + size;
}

static void flush(void) {
  if (write(BPFM_FD_PORT, out, out_size) != (ssize_t)out_size) _exit(3);
  out_size = 0;
}

/* An observation of which only errno and duration are told. */
static void add_result(uint32_t run, uint32_t cell, int error, uint64_t took) {
  uint8_t payload[126] = {0};
  bpfm_put32(payload, run);
  bpfm_put32(payload + 4, cell);
  payload[8] = BPFM_MEASURED;
  payload[9] = BPFM_BY_KERNEL;
  bpfm_put32(payload + 12, (uint32_t)error);
  bpfm_put64(payload + 72, took);
  add_frame(BPFM_RESULT, payload, sizeof payload);
}

static const uint8_t* skip_text(const uint8_t* at) {
  return at + 2 + bpfm_get16(at);
}

/* The RUN comes from the driver that measures: it is not checked. */
static void run(const uint8_t* at) {
  const uint32_t number = bpfm_get32(at);
  at = skip_text(at + 8); /* flags: it always announces */
  const uint32_t count = bpfm_get32(at);
  at += 4;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t cell = bpfm_get32(at), size = bpfm_get32(at + 6), level = bpfm_get32(at + 14);
    shared->limit_ms = bpfm_get32(at + 18);
    at = skip_text(skip_text(at + 22)) + 4; /* file, function, number of instructions */
    uint32_t loads = 1;
    for (uint8_t extra = *at++; extra > 0; --extra) {
      const uint8_t* value = skip_text(at);
      char digits[16] = "";
      memcpy(digits, value + 2, bpfm_get16(value) < 15 ? bpfm_get16(value) : 15);
      loads = (uint32_t)strtoul(digits, NULL, 10);
      at = skip_text(value);
    }
    uint8_t begun[8];
    bpfm_put32(begun, number);
    bpfm_put32(begun + 4, cell);
    shared->run = number;
    shared->began_ns = now_ns();
    shared->cell = cell;
    add_frame(BPFM_BEGIN, begun, sizeof begun);
    flush();
    const uint64_t began = now_ns();
    const int error = load_and_close(loads, level, size < MAX_LOG ? size : MAX_LOG);
    add_result(number, cell, error, now_ns() - began);
  }
  shared->cell = BPFM_NO_CELL;
  uint8_t done[4];
  bpfm_put32(done, number);
  add_frame(BPFM_RUN_DONE, done, sizeof done);
  shared->idle = 1;
  flush();
}

static int read_all(uint8_t* at, size_t size) {
  while (size > 0) {
    const ssize_t n = read(BPFM_FD_CELLS, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    at += n;
    size -= (size_t)n;
  }
  return 1;
}

int main(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, BPFM_FD_SHARED, 0);
  if (shared == MAP_FAILED) return 2;
  uint8_t length[4];
  while (read_all(length, sizeof length)) {
    const uint32_t size = bpfm_get32(length);
    if (size > sizeof in || !read_all(in, size)) return 4;
    run(in);
  }
  return 0;
}
