/* A cell in a process of its own: with other rights, with another view of /sys, or just new.
 *
 * fork and exec of this very binary; the cell goes in on a pipe as it lies in memory, the encoded
 * observation comes back on another. The child dies with its parent, which the agent may kill; the
 * parent dies as its child does, so that the agent blames the cell.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loader.h"

struct request {
  pid_t parent;
  struct cell cell;
};

static bool write_all(int to, const void* bytes, size_t size) {
  const uint8_t* at = bytes;
  while (size > 0) {
    const ssize_t n = write(to, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= (size_t)n;
  }
  return true;
}

/* Up to `size` bytes, until the other end closes. */
static size_t read_all(int from, void* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = read(from, (uint8_t*)bytes + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += (size_t)n;
  }
  return done;
}

/* --- the child --- */

/* Dies with the parent. A change of rights clears it, so that it is asked for again. */
static bool follow(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  if (getppid() != parent) raise(SIGKILL); /* it was faster */
  return true;
}

static const char* hide_kernel_btf(void) {
  if (unshare(CLONE_NEWNS) != 0) return "unshare the mounts";
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return "make the mounts private";
  if (access("/sys/kernel/btf", F_OK) != 0) return NULL; /* nothing to hide */
  if (mount("none", "/sys/kernel/btf", "tmpfs", MS_RDONLY, NULL) != 0)
    return "mount over /sys/kernel/btf";
  return NULL;
}

static const char* drop_rights(const struct extras* extras) {
  const bool keeps = extras->given & EXTRA_CAPS && extras->caps;
  if (extras->given & EXTRA_UID) {
    if (keeps && prctl(PR_SET_KEEPCAPS, 1) != 0) return "keep capabilities";
    if (setgroups(0, NULL) != 0) return "setgroups";
    if (setresgid(extras->uid, extras->uid, extras->uid) != 0) return "setresgid";
    if (setresuid(extras->uid, extras->uid, extras->uid) != 0) return "setresuid";
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  memset(data, 0, sizeof data);
  for (int i = 0; keeps && i < 2; ++i)
    data[i].effective = data[i].permitted = (uint32_t)(extras->caps >> (32 * i));
  if (syscall(SYS_capset, &header, data) != 0) return "capset";
  return NULL;
}

/* The step that failed, with errno; NULL when all is as the cell wants it. */
static const char* set_up(const struct request* request) {
  const struct cell* cell = &request->cell;
  const uint32_t given = cell->extras.given;
  if (!follow(request->parent)) return "ask to die with the parent";
  if (given & EXTRA_KERNEL_BTF) {
    const char* failed = hide_kernel_btf();
    if (failed) return failed;
  }
  if (!(given & (EXTRA_UID | EXTRA_CAPS))) return NULL;
  /* What needs rights, but is no part of the measurement. */
  recorder_look_at_kernel();
  reference_look_at_kernel();
  if (cell->interface != BPFM_MAP_CREATE && cell->interface != BPFM_KERNEL_BTF)
    (void)program_open(cell->file, cell->interface == BPFM_OBJECT_LOAD);
  const char* failed = drop_rights(&cell->extras);
  if (failed) return failed;
  return follow(request->parent) ? NULL : "ask to die with the parent";
}

int apart_main(void) {
  static struct request request;
  static uint8_t out[BPFM_MAX_OBSERVATION];
  if (read_all(0, &request, sizeof request) != sizeof request) return 6;
  const char* failed = set_up(&request);
  const size_t size =
      failed ? measure_failed(failed, errno, out) : measure_here(&request.cell, out);
  return write_all(1, out, size) ? 0 : 7;
}

/* --- the parent --- */

static void exec_apart(int in, int out) {
  /* Above the places that they are to take; dup2 clears close-on-exec. */
  const int from = fcntl(in, F_DUPFD_CLOEXEC, 10), to = fcntl(out, F_DUPFD_CLOEXEC, 10);
  if (from < 0 || to < 0 || dup2(from, 0) < 0 || dup2(to, 1) < 0) _exit(8);
  char* const argv[] = {"loader", APART_ARGUMENT, NULL};
  char* const environment[] = {NULL};
  execve("/proc/self/exe", argv, environment);
  _exit(8);
}

/* Ends this process as the child ended. */
static void die_alike(int status) {
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 9);
}

size_t measure_apart(const struct cell* cell, uint8_t* out) {
  static struct request request;
  int to_child[2], from_child[2];
  if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0)
    return measure_failed("make a pipe", errno, out);
  request.parent = getpid();
  request.cell = *cell;
  const pid_t child = fork();
  if (child == 0) exec_apart(to_child[0], from_child[1]);
  const int error = errno;
  close(to_child[0]);
  close(from_child[1]);
  size_t size = 0;
  if (child > 0 && write_all(to_child[1], &request, sizeof request))
    size = read_all(from_child[0], out, BPFM_MAX_OBSERVATION);
  close(to_child[1]);
  close(from_child[0]);
  if (child < 0) return measure_failed("fork", error, out);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || size == 0) die_alike(status);
  return size;
}
