/* PID 1 of the guests whose consoles are recorded: does what `rec=a,b,c` on the kernel's command line
 * names, one after the other, each in a child. Before each it says "REC want NAME" and waits for a line,
 * so that record.py can put code of its own behind the system call personality(). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void put(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY);
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) {
  }
  close(fd);
}

static void say(const char* what, const char* name) {
  char line[128];
  const int n = snprintf(line, sizeof line, "REC %s %s\n", what, name);
  if (write(1, line, (size_t)n) < 0) _exit(1);
}

/* Addresses of functions, for record.py. */
static void symbols(void) {
  static const char* kNames[] = {"__x64_sys_personality", "panic", "schedule", "refcount_warn_saturate",
                                 "warn_slowpath_fmt", "__stack_chk_fail", "fortify_panic",
                                 "__fortify_panic", "usercopy_abort", "schedule_timeout_uninterruptible",
                                 "__list_add_valid", "__list_add_valid_or_report", "__preempt_count",
                                 "pcpu_hot", "dump_stack"};
  char line[256], name[128], type;
  unsigned long long address;
  FILE* file = fopen("/proc/kallsyms", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%llx %c %127s", &address, &type, name) != 3) continue;
    for (size_t i = 0; i < sizeof kNames / sizeof *kNames; ++i)
      if (strcmp(name, kNames[i]) == 0) printf("REC symbol %s %llx\n", name, address), fflush(stdout);
  }
}

static void eat_memory(void) {
  for (;;) {
    char* piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) _exit(1);
    memset(piece, 1, 1 << 20);
  }
}

static void act(const char* name) {
  if (strncmp(name, "sysrq-", 6) == 0) {
    put("/proc/sysrq-trigger", name + 6);
  } else if (strcmp(name, "oom") == 0) {
    eat_memory();
  } else if (strcmp(name, "oom-panic") == 0) {
    put("/proc/sys/vm/panic_on_oom", "1");
    eat_memory();
  } else if (strcmp(name, "segv") == 0) {
    *(volatile int*)8 = 1;
  } else if (strcmp(name, "gp-user") == 0) {
    *(volatile int*)0xdead000000000100 = 1;
  } else if (strcmp(name, "ud-user") == 0) {
    __asm__ volatile("ud2");
  } else if (strcmp(name, "asleep") == 0) {
    /* ACPI S3 behind the kernel's back: q35's PM1 control register. Nothing wakes it. */
    if (iopl(3) == 0) outw(1 << 13 | 1 << 10, 0x604);
  } else if (strcmp(name, "chatter") == 0) {
    put("/dev/kmsg", "<4>verifier: 0: (b7) r0 = 0 ; BUG in the program? WARNING: none\n");
    put("/dev/kmsg", "<4>INVALID BTF_INFO: 0000000d\n");
  } else {
    if (strncmp(name, "hung", 4) == 0) put("/proc/sys/kernel/hung_task_timeout_secs", "2");
    if (strncmp(name, "spin", 4) == 0) put("/proc/sys/kernel/watchdog_thresh", "1");
    personality(0x1234567); /* whatever record.py put there */
  }
}

int main(void) {
  mkdir("/proc", 0755), mount("proc", "/proc", "proc", 0, NULL);
  mkdir("/sys", 0755), mount("sysfs", "/sys", "sysfs", 0, NULL);
  mkdir("/dev", 0755), mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  const int tty = open("/dev/ttyS0", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) dup2(tty, fd);
  struct termios raw;
  tcgetattr(0, &raw);
  cfmakeraw(&raw);
  raw.c_oflag |= OPOST | ONLCR;
  tcsetattr(0, TCSANOW, &raw);
  put("/proc/sys/kernel/sysrq", "1");
  put("/proc/sys/kernel/kptr_restrict", "0");
  put("/proc/sys/kernel/print-fatal-signals", "1");
  char line[4096] = "", *at;
  FILE* file = fopen("/proc/cmdline", "r");
  if (file == NULL || fgets(line, sizeof line, file) == NULL) line[0] = '\0';
  at = strstr(line, "rec=");
  if (at != NULL) {
    at += 4;
    at[strcspn(at, " \n")] = '\0';
    for (char* name = strtok(at, ","); name != NULL; name = strtok(NULL, ",")) {
      if (strcmp(name, "symbols") == 0) {
        symbols();
        continue;
      }
      say("want", name);
      char answer;
      while (read(0, &answer, 1) == 1 && answer != '\n') {
      }
      const pid_t child = fork();
      if (child == 0) {
        act(name);
        _exit(0);
      }
      for (int i = 0; i < 300 && waitpid(child, NULL, WNOHANG) == 0; ++i) usleep(100000);
      usleep(300000);
      say("done", name);
    }
  }
  sync();
  reboot(RB_AUTOBOOT);
  for (;;) pause();
}
