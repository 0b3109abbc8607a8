/*
 * Preloaded into bpfmatrix by the tests: makes the n-th call on the files of a workspace fail, or the
 * process die at it. Says nothing to any other program.
 *
 *   BPFM_UNDER=FOLDER  only files below it
 *   BPFM_CALLS=SET     write: calls that change files; read: open and read
 *   BPFM_AT=N          the one that fails; 0: none
 *   BPFM_REST=1        and every one behind it, as on a disk that is full
 *   BPFM_HOW=ENOSPC|EIO|EINTR|SHORT|KILL
 *   BPFM_TOLD=FILE     gets the name of the call that failed
 *   BPFM_FREE=FILE     statvfs() says that many free bytes
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long at, seen;
static int rest;      /* all behind it fail too */
static int how;       /* errno; -1: short; -2: kill */
static int of_reads;  /* the calls of BPFM_CALLS=read */
static const char *under;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("BPFM_AT"), *kind = getenv("BPFM_HOW"), *calls = getenv("BPFM_CALLS");
  if (strcmp(program_invocation_short_name, "bpfmatrix") != 0) return;
  under = getenv("BPFM_UNDER");
  at = text ? atol(text) : 0;
  rest = getenv("BPFM_REST") != NULL;
  of_reads = calls && strcmp(calls, "read") == 0;
  if (!kind) return;
  how = !strcmp(kind, "ENOSPC") ? ENOSPC : !strcmp(kind, "EIO") ? EIO
      : !strcmp(kind, "EINTR") ? EINTR : !strcmp(kind, "SHORT") ? -1 : -2;
}

static int is_ours(const char *path) {
  return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int fd_is_ours(int fd) {
  char link[64], path[4096];
  if (!under) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return is_ours(path);
}

/* Is it this call's turn? */
static int hit(const char *name) {
  if (at == 0 || ++seen < at) return 0;
  if (seen != at) return rest;
  const char *told = getenv("BPFM_TOLD");
  int fd = told ? (int)syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
  if (fd >= 0) {
    syscall(SYS_write, fd, name, strlen(name));
    syscall(SYS_write, fd, "\n", 1L);
    syscall(SYS_close, fd);
  }
  if (how == -2) raise(SIGKILL);
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* A call that can only fail. */
#define FAIL(name, ours, bad)                                            \
  do {                                                                   \
    if (!of_reads && how != -1 && how != EINTR && (ours) && hit(name)) { \
      errno = how;                                                       \
      return bad;                                                        \
    }                                                                    \
  } while (0)

int fsync(int fd) { FAIL("fsync", fd_is_ours(fd), -1); return REAL(fsync)(fd); }
int fdatasync(int fd) { FAIL("fdatasync", fd_is_ours(fd), -1); return REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t n) { FAIL("ftruncate", fd_is_ours(fd), -1); return REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) {
  FAIL("ftruncate64", fd_is_ours(fd), -1);
  return REAL(ftruncate64)(fd, n);
}
int rename(const char *a, const char *b) { FAIL("rename", is_ours(b), -1); return REAL(rename)(a, b); }
int mkdir(const char *path, mode_t mode) { FAIL("mkdir", is_ours(path), -1); return REAL(mkdir)(path, mode); }
int fchmod(int fd, mode_t mode) { FAIL("fchmod", fd_is_ours(fd), -1); return REAL(fchmod)(fd, mode); }
char *mkdtemp(char *name) { FAIL("mkdtemp", is_ours(name), NULL); return REAL(mkdtemp)(name); }
int mkostemp(char *name, int flags) { FAIL("mkostemp", is_ours(name), -1); return REAL(mkostemp)(name, flags); }
int mkostemp64(char *name, int flags) {
  FAIL("mkostemp64", is_ours(name), -1);
  return REAL(mkostemp64)(name, flags);
}

/* write and pwrite: fail, or write half. */
static int cut(const char *name, int fd, size_t *size, ssize_t *answer) {
  if (of_reads || !fd_is_ours(fd) || (how == -1 && *size < 2) || !hit(name)) return 0;
  if (how == -1) {
    *size /= 2;
    return 0;
  }
  errno = how;
  *answer = -1;
  return 1;
}
ssize_t write(int fd, const void *from, size_t size) {
  ssize_t answer;
  return cut("write", fd, &size, &answer) ? answer : REAL(write)(fd, from, size);
}
ssize_t pwrite(int fd, const void *from, size_t size, off_t place) {
  ssize_t answer;
  return cut("pwrite", fd, &size, &answer) ? answer : REAL(pwrite)(fd, from, size, place);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t place) {
  ssize_t answer;
  return cut("pwrite64", fd, &size, &answer) ? answer : REAL(pwrite64)(fd, from, size, place);
}

/* open: counts as a write when it makes a file, else as a read. */
static int no_open(const char *name, const char *path, int flags) {
  int makes = (flags & O_CREAT) != 0;
  if (how == -1 || makes == of_reads || (how == EINTR && makes) || !is_ours(path) || !hit(name)) return 0;
  errno = how;
  return 1;
}
#define MODE(flags)                                  \
  mode_t mode = 0;                                   \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {           \
    va_list list;                                    \
    va_start(list, flags);                           \
    mode = va_arg(list, mode_t);                     \
    va_end(list);                                    \
  }
int open(const char *path, int flags, ...) {
  MODE(flags)
  return no_open("open", path, flags) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags)
  return no_open("open64", path, flags) ? -1 : REAL(open64)(path, flags, mode);
}

static int no_read(const char *name, int fd, size_t *size) {
  if (!of_reads || !fd_is_ours(fd) || (how == -1 && *size < 2) || !hit(name)) return 0;
  if (how == -1) {
    *size /= 2;
    return 0;
  }
  errno = how;
  return 1;
}
ssize_t read(int fd, void *to, size_t size) {
  return no_read("read", fd, &size) ? -1 : REAL(read)(fd, to, size);
}
ssize_t pread(int fd, void *to, size_t size, off_t place) {
  return no_read("pread", fd, &size) ? -1 : REAL(pread)(fd, to, size, place);
}
ssize_t pread64(int fd, void *to, size_t size, off64_t place) {
  return no_read("pread64", fd, &size) ? -1 : REAL(pread64)(fd, to, size, place);
}

/* The number in the file of BPFM_FREE, in blocks of one byte. */
static int told_free(unsigned long *block, unsigned long *free_blocks) {
  const char *path = getenv("BPFM_FREE");
  char text[32] = {0};
  if (!path || !under) return 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
  if (fd < 0) return 0;
  long n = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (n <= 0) return 0;
  *block = 1;
  *free_blocks = strtoul(text, NULL, 10);
  return 1;
}
int statvfs(const char *path, struct statvfs *to) {
  unsigned long block, blocks;
  int answer = REAL(statvfs)(path, to);
  if (answer == 0 && told_free(&block, &blocks)) to->f_frsize = block, to->f_bavail = blocks;
  return answer;
}
int statvfs64(const char *path, struct statvfs64 *to) {
  unsigned long block, blocks;
  int answer = REAL(statvfs64)(path, to);
  if (answer == 0 && told_free(&block, &blocks)) to->f_frsize = block, to->f_bavail = blocks;
  return answer;
}

/* The wall clock, off by the seconds in the file of BPFM_CLOCK; every other clock is left alone. */
#include <sys/time.h>
#include <time.h>

static long wall_offset(void) {
  const char *path = getenv("BPFM_CLOCK");
  char text[32] = {0};
  if (!path || strcmp(program_invocation_short_name, "bpfmatrix") != 0) return 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
  if (fd < 0) return 0;
  long n = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  return n > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *to) {
  int answer = REAL(clock_gettime)(clock, to);
  if (answer == 0 && clock == CLOCK_REALTIME) to->tv_sec += wall_offset();
  return answer;
}
time_t time(time_t *to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  int answer = REAL(gettimeofday)(to, zone);
  if (answer == 0) to->tv_sec += wall_offset();
  return answer;
}
