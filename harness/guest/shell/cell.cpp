// `cell` at the prompt of a shell guest: has the loader measure the cell once and prints what came,
// the log whole as far as it was kept.
//
// Takes the agent's place: hands the loader the RUN that the driver would send (/cell/run) and reads
// its frames. Exit code: 0 when the load succeeded, 1 when it did not, 2 when the loader broke.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/text.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace {

using namespace bpfmatrix;  // NOLINT: one file

int fail(const char* what) {
  std::fprintf(stderr, "cell: %s: %s\n", what, std::strerror(errno));
  return 2;
}

const char* decider(uint8_t decided) {
  return decided == BPFM_BY_KERNEL ? "the kernel"
         : decided == BPFM_BY_LIBRARY ? "the library, which did not make the call"
                                      : "nobody knows whom";
}

const char* part(uint8_t kept) {
  return kept == BPFM_KEPT_ALL    ? "all"
         : kept == BPFM_KEPT_HEAD ? "the head"
         : kept == BPFM_KEPT_TAIL ? "the tail"
                                  : "nothing";
}

int show(const wire::Observation& seen) {
  if (seen.state != BPFM_MEASURED) {
    std::printf("not measured: %s\n", base::printable(seen.note).c_str());
    return 1;
  }
  const int error = seen.api_errno;
  std::printf("%s by %s, in %.3f ms\n", error == 0 ? "success" : base::errno_name(error).c_str(),
              decider(seen.decided_by), static_cast<double>(seen.duration_ns) / 1e6);
  for (const auto& call : seen.calls)
    std::printf("  bpf(%u): level %u, log size %u, attr %u bytes: %s%s\n", call.cmd, call.level,
                call.size, call.attr_size,
                call.error == 0 ? "success" : base::errno_name(call.error).c_str(),
                call.measured ? "  <- measured" : call.probe ? "  (probe)" : "");
  if (!seen.messages.empty()) std::printf("%s", base::printable(seen.messages).c_str());
  if (seen.flags & BPFM_TRUE_SIZE_TOLD)
    std::printf("the kernel wants a log buffer of %llu bytes\n",
                static_cast<unsigned long long>(seen.log_true_size));
  std::printf("log: %llu bytes, %s of it kept\n", static_cast<unsigned long long>(seen.log_length),
              part(seen.kept));
  std::printf("%s", base::printable(seen.log_head).c_str());
  if (!seen.log_tail.empty() && seen.log_length > BPFM_MAX_LOG_HEAD) {
    if (seen.log_length > BPFM_MAX_LOG_HEAD + BPFM_MAX_LOG_TAIL) std::printf("\n[...]\n");
    std::printf("%s", base::printable(seen.log_tail).c_str());
  }
  return error == 0 ? 0 : 1;
}

int measure() {
  std::ifstream file("/cell/run", std::ios::binary);
  const std::string run{std::istreambuf_iterator<char>(file), {}};
  if (run.empty()) return fail("read /cell/run");
  const int shared = ::memfd_create("shared", MFD_CLOEXEC);
  if (shared < 0 || ::ftruncate(shared, sizeof(bpfm_shared)) != 0) return fail("shared memory");
  int cells[2], port[2];
  if (::pipe2(cells, O_CLOEXEC) != 0 || ::pipe2(port, O_CLOEXEC) != 0) return fail("pipe");
  const pid_t loader = ::fork();
  if (loader == 0) {
    // Above all numbers used below, then down to their places; dup2 clears close-on-exec.
    const int in = ::fcntl(cells[0], F_DUPFD_CLOEXEC, 10), out = ::fcntl(port[1], F_DUPFD_CLOEXEC, 10),
              page = ::fcntl(shared, F_DUPFD_CLOEXEC, 10);
    ::dup2(in, BPFM_FD_CELLS);
    ::dup2(out, BPFM_FD_PORT);
    ::dup2(page, BPFM_FD_SHARED);
    ::execl("/cell/loader", "loader", nullptr);
    ::_exit(127);
  }
  ::close(port[1]);
  ::close(cells[0]);
  uint8_t length[4];
  bpfm_put32(length, static_cast<uint32_t>(run.size()));
  if (::write(cells[1], length, sizeof length) != sizeof length ||
      ::write(cells[1], run.data(), run.size()) != static_cast<ssize_t>(run.size()))
    return fail("hand over the cell");
  ::close(cells[1]);  // after this cell the loader ends
  wire::FrameReader frames;
  std::string bytes(1 << 16, '\0');
  int code = 2;
  for (ssize_t n = 0; (n = ::read(port[0], bytes.data(), bytes.size())) > 0;) {
    frames.feed(std::string_view(bytes).substr(0, static_cast<size_t>(n)));
    for (;;) {
      const auto frame = frames.next();
      if (!frame) {
        std::fprintf(stderr, "cell: %s\n", frame.error().message.c_str());
        return 2;
      }
      if (!*frame) break;
      if ((*frame)->type != BPFM_RESULT) continue;
      if (const auto done = wire::decode_result((*frame)->payload)) code = show(done->observation);
    }
  }
  int status = 0;
  ::waitpid(loader, &status, 0);
  if (WIFSIGNALED(status)) std::printf("the loader was ended by signal %d\n", WTERMSIG(status));
  if (code == 2) std::fprintf(stderr, "cell: the loader gave no result\n");
  return code;
}

}  // namespace

int main() {
  return measure();
}
