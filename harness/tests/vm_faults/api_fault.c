/* The raw loader, but for three log levels that no kernel has: there it does to its kernel what a test
 * asks for. Levels are what a matrix can say without knowing more. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"

enum { LEVEL_PANIC = 4097, LEVEL_HANG = 4098, LEVEL_MEMORY = 4099 };

/* api_raw.c's own, renamed by the compiler's command line. */
void raw_api_load(const struct load* load, struct answer* answer);

static void panic(void) {
  const int file = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  if (file >= 0 && write(file, "c", 1) < 0) close(file);
}

/* Puts the machine to sleep behind its kernel's back (ACPI S3 through q35's PM1 control register): no
 * processor runs, nothing wakes it, and nobody says a word. */
static void hang(void) {
  enum { PM1_CONTROL = 0x604, SLEEP_ENABLE = 1 << 13, TYPE_S3 = 1 << 10 };
  if (iopl(3) == 0) outw(SLEEP_ENABLE | TYPE_S3, PM1_CONTROL);
}

static void eat_memory(void) {
  for (;;) {
    char* piece =
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece != MAP_FAILED) memset(piece, 1, 1 << 20);
  }
}

void api_load(const struct load* load, struct answer* answer) {
  if (load->level == LEVEL_PANIC) panic();
  if (load->level == LEVEL_HANG) hang();
  if (load->level == LEVEL_MEMORY) eat_memory();
  raw_api_load(load, answer);
}
