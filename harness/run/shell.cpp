#include "run/shell.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <optional>

#include "base/child_process.h"
#include "base/descriptor.h"
#include "base/files.h"
#include "image/content_store.h"
#include "image/git_source.h"
#include "image/initramfs.h"
#include "run/acceleration_check.h"
#include "run/jobs.h"
#include "run/machine_setup.h"
#include "run/planning.h"
#include "run/preparation.h"
#include "run/progress.h"
#include "vm/machine.h"
#include "wire/messages.h"

namespace bpfmatrix::run {
namespace {

using base::ErrorKind;
using base::fail;

// Debian's busybox-static puts it there; Debian's busybox likewise, linked to libraries.
constexpr const char* kBusybox = "/bin/busybox";
constexpr uint64_t kMemory = uint64_t{512} << 20;

// A program that needs an interpreter cannot run in a root without libraries.
bool is_static(const std::string& program) {
  Elf64_Ehdr header{};
  if (program.size() < sizeof header) return false;
  std::memcpy(&header, program.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    const uint64_t at = header.e_phoff + uint64_t{i} * header.e_phentsize;
    if (at > program.size() || program.size() - at < sizeof segment) return false;
    std::memcpy(&segment, program.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return false;
  }
  return true;
}

base::Result<std::string> read_busybox() {
  auto program = base::read_file(kBusybox);
  if (!program || !is_static(*program))
    return fail(ErrorKind::unavailable,
                "a prompt needs a static busybox in {}; install it: apt-get install busybox-static",
                kBusybox);
  return program;
}

base::Result<Job> only_job(const plan::Plan& plan, const Preparation& preparation) {
  const auto& cell = plan.cells.front();
  if (cell.ruling != plan::Cell::Ruling::run)
    return fail(ErrorKind::invalid_input, "{} is not run: {}", plan.id(cell), cell.ruling_text);
  const auto& kernel = preparation.kernels[cell.kernel];
  const auto& loader = preparation.loaders[cell.loader];
  for (const auto* obstacle : {&kernel.obstacle, &loader.obstacle})
    if (*obstacle) return fail(ErrorKind::unavailable, "{}: {}", plan.id(cell), (*obstacle)->text);
  auto jobs = jobs_of(plan, cell.kernel, preparation.files, 1);
  if (jobs.size() != 1) return fail(ErrorKind::internal, "{} jobs for one cell", jobs.size());
  return std::move(jobs.front());
}

// What a pipe or file holds; typed at a console that is not ready yet it would be lost.
base::Result<std::string> read_commands() {
  constexpr size_t kMost = size_t{1} << 20;
  std::string text, piece(size_t{1} << 16, '\0');
  for (ssize_t n = 0; (n = ::read(STDIN_FILENO, piece.data(), piece.size())) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::io_error(errno, "read standard input");
    text.append(piece, 0, static_cast<size_t>(n));
    if (text.size() > kMost)
      return fail(ErrorKind::invalid_input, "standard input has more than 1 MiB of commands");
  }
  return text;
}

base::Result<image::ShellRoot> root_of(const plan::Plan& plan, const Preparation& preparation,
                                       const image::Workspace& workspace,
                                       const image::DataFolder& data) {
  image::ShellRoot root;
  BPFM_TRY(root.busybox, read_busybox());
  BPFM_TRY(root.cell, base::read_file(data.cell()));
  BPFM_TRY(auto job, only_job(plan, preparation));
  const auto& cell = plan.cells.front();
  root.loader = preparation.loaders[cell.loader].content;
  root.run = wire::encode_run(1, BPFM_RUN_ANNOUNCE, job.loader, 1, wire::encode(job.request));
  for (const auto& [name, content] : preparation.contents) root.files.emplace_back(name, content);
  image::ContentStore store(workspace.store());
  for (const auto& module : preparation.kernels[cell.kernel].kernel->modules) {
    BPFM_TRY(auto content, store.get(module.sha256));
    if (content) root.modules.emplace_back(module.name, std::move(*content));
  }
  root.greeting = fmt::format(
      "\ncell     {}\n"
      "`cell` has the loader measure it and prints what came. The loader is /cell/loader, what it\n"
      "loads is in /cell/files. `exit` ends the machine; Ctrl-A X ends QEMU at once.\n\n",
      plan.id(cell));
  if (::isatty(STDIN_FILENO) == 0) {
    BPFM_TRY(root.commands, read_commands());
  }
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
    root.rows = size.ws_row;
    root.columns = size.ws_col;
  }
  return root;
}

// QEMU makes the terminal raw; when it is killed, nobody makes it sane again.
class SaneTerminal {
 public:
  SaneTerminal() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {}
  SaneTerminal(const SaneTerminal&) = delete;
  SaneTerminal& operator=(const SaneTerminal&) = delete;
  ~SaneTerminal() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool known_;
};

base::Status work_in(const vm::MachineConfig& config) {
  const SaneTerminal sane;
  auto launch = vm::make_launch(config);
  base::ChildOptions options;
  options.argv = std::move(launch.argv);
  options.confinement = launch.confinement;
  options.descriptors = {{1, STDOUT_FILENO}, {2, STDERR_FILENO}};
  if (::isatty(STDIN_FILENO) != 0) options.descriptors.emplace_back(0, STDIN_FILENO);
  std::vector<base::Descriptor> files;
  for (const auto& [number, path] : launch.files) {
    files.emplace_back(TEMP_FAILURE_RETRY(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
    if (!files.back().open()) return base::io_error(errno, fmt::format("open {}", path));
    options.descriptors.emplace_back(number, files.back().get());
  }
  boost::asio::io_context io;
  BPFM_TRY(auto child, base::ChildProcess::spawn(io, options));
  std::optional<base::ExitStatus> status;
  boost::asio::co_spawn(io, child.wait(),
                        [&](std::exception_ptr, base::ExitStatus ended) { status = ended; });
  io.run();
  if (!status || status->success()) return {};
  return fail(ErrorKind::process, "QEMU: {}", status->text());
}

}  // namespace

base::Status run_shell(const RunRequest& request, const image::Workspace& workspace,
                       const image::DataFolder& data) {
  Progress progress(request.quiet);
  const auto list_tags = image::make_tag_lister(workspace, request.offline);
  BPFM_TRY(const auto planned, make_plan(request.matrix, request.selection, data, list_tags));
  if (planned.plan.cells.size() != 1)
    return fail(ErrorKind::invalid_input, "{} cells are selected, a prompt is for one",
                planned.plan.cells.size());
  BPFM_TRY(const auto qemu, vm::choose_sandbox(request.qemu, request.sandbox));
  PrepareOptions options;
  options.locked = request.locked;
  options.offline = request.offline;
  options.progress = [&](const std::string& text) { progress.preparing(text); };
  BPFM_TRY(const auto preparation,
           prepare(planned.plan, workspace, data, planned.kernels, options));
  BPFM_TRY(const auto root, root_of(planned.plan, preparation, workspace, data));
  const auto& slot = preparation.kernels[planned.plan.cells.front().kernel];
  auto config = machine_config(request.qemu, slot, planned.matrix.limits, vm::Accel::tcg);
  config.sandbox = qemu.sandbox;
  BPFM_TRY(const auto acceleration, find_acceleration(config, request.accel, workspace));
  config.accel = acceleration.accel;
  config.interactive = true;
  config.memory = std::max(config.memory, kMemory);
  BPFM_TRY(const auto archive, image::make_shell_initramfs(root));
  BPFM_TRY(const auto folder, base::TemporaryFolder::make(workspace.temporary(), "shell-"));
  const auto initramfs = folder.path() / "initramfs";
  BPFM_CHECK(base::write_file(initramfs, archive));
  config.initramfs = initramfs.string();
  return work_in(config);
}

}  // namespace bpfmatrix::run
