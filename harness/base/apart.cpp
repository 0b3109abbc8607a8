#include "base/apart.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <exception>
#include <iterator>
#include <new>
#include <optional>

#include "base/descriptor.h"

namespace bpfmatrix::base {
namespace {

// Sanitizers map terabytes and open files of their own.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kConfined = false;
#else
constexpr bool kConfined = true;
#endif

// All that computing in memory needs; uname is libbpf's, when it opens an object, and newfstatat is
// what glibc makes of fstat.
constexpr uint32_t kAllowed[] = {
    SYS_read,         SYS_write,          SYS_close,        SYS_fstat,       SYS_newfstatat,
    SYS_lseek,        SYS_mmap,           SYS_mprotect,     SYS_munmap,      SYS_brk,
    SYS_mremap,       SYS_madvise,        SYS_futex,        SYS_exit,        SYS_exit_group,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_getrandom,    SYS_getpid,      SYS_gettid,
    SYS_tgkill,       SYS_clock_gettime,  SYS_gettimeofday, SYS_sched_yield, SYS_uname};

bool forbid_system_calls() {
  constexpr size_t kCount = std::size(kAllowed);
  sock_filter code[kCount + 6];
  size_t at = 0;
  code[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  code[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  code[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < kCount; ++i)
    code[at++] =
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAllowed[i], static_cast<uint8_t>(kCount - i), 0);
  code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{static_cast<unsigned short>(at), code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool confine(const ApartLimits& limits) {
  // Lowers only: the user's own limit may be below ours.
  const auto limit = [](int what, uint64_t value) {
    rlimit now{};
    if (::getrlimit(what, &now) != 0) return false;
    const rlim_t lower = std::min<rlim_t>(value, now.rlim_max);
    now = {lower, lower};
    return ::setrlimit(what, &now) == 0;
  };
  return limit(RLIMIT_AS, limits.memory) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
         limit(RLIMIT_CPU, static_cast<uint64_t>(limits.processor.count())) &&
         forbid_system_calls();
}

bool write_all(int to, const void* bytes, size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t n = ::write(to, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

bool write_text(int to, std::string_view text) {
  const uint64_t size = text.size();
  return write_all(to, &size, sizeof size) && write_all(to, text.data(), text.size());
}

// u64 kind of the error plus 1 (0: none), then texts, each behind its size.
void answer(int to, const Result<std::vector<std::string>>& result) {
  const uint64_t kind = result ? 0 : static_cast<uint64_t>(result.error().kind) + 1;
  if (!write_all(to, &kind, sizeof kind)) return;
  if (!result) {
    write_text(to, result.error().message);
    return;
  }
  for (const auto& text : *result)
    if (!write_text(to, text)) return;
}

[[noreturn]] void be_apart(int to, const std::function<Result<std::vector<std::string>>()>& work,
                           const ApartLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGBUS, SIGABRT})
    ::signal(signal, SIG_DFL);
  if (kConfined && !confine(limits)) {
    answer(to, io_error(errno, "confine the process that reads"));
    ::_exit(1);
  }
  try {
    answer(to, work());
  } catch (const std::bad_alloc&) {
    answer(to, fail(ErrorKind::invalid_input, "it needs more memory than it may have"));
  } catch (const std::exception& error) {
    answer(to, fail(ErrorKind::internal, "{}", error.what()));
  }
  ::_exit(0);
}

// Everything until the end of the pipe, or nothing when that is more than `most`.
std::optional<std::string> read_all(int from, uint64_t most) {
  std::string bytes;
  constexpr size_t kPiece = 1 << 20;
  for (;;) {
    const size_t done = bytes.size();
    if (done > most) return std::nullopt;
    bytes.resize(done + kPiece);
    const ssize_t n = ::read(from, bytes.data() + done, kPiece);
    bytes.resize(done + static_cast<size_t>(n > 0 ? n : 0));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bytes;
  }
}

// The process may have been taken over by what it read: nothing of its answer is believed.
Result<std::vector<std::string>> parse(std::string_view bytes) {
  const auto number = [&]() -> std::optional<uint64_t> {
    uint64_t value = 0;
    if (bytes.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return value;
  };
  const Error broken = fail(ErrorKind::invalid_input, "the process that read it gave no answer");
  const auto kind = number();
  if (!kind || *kind > static_cast<uint64_t>(ErrorKind::timeout) + 1) return broken;
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    const auto size = number();
    if (!size || *size > bytes.size()) return broken;
    texts.emplace_back(bytes.substr(0, *size));
    bytes.remove_prefix(*size);
  }
  if (*kind == 0) return texts;
  if (texts.size() != 1) return broken;
  return Error{static_cast<ErrorKind>(*kind - 1), texts.front()};
}

}  // namespace

Result<std::vector<std::string>> run_apart(
    const std::function<Result<std::vector<std::string>>()>& work, const ApartLimits& limits) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return io_error(errno, "make a pipe");
  const Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return io_error(errno, "start a process to read in");
  if (child == 0) be_apart(to.get(), work, limits);
  to = Descriptor();
  const auto bytes = read_all(from.get(), limits.answer);
  if (!bytes) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!bytes)
    return fail(ErrorKind::invalid_input, "it holds more than {} bytes: refused", limits.answer);
  if (WIFSIGNALED(status))
    return fail(ErrorKind::invalid_input, "the process that read it was ended by signal {} ({})",
                WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return parse(*bytes);
}

}  // namespace bpfmatrix::base
