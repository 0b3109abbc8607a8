#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "base/child_process.h"
#include "base/text.h"
#include "cli/command.h"
#include "run/acceleration_check.h"
#include "vm/machine.h"
#include "vm/sandbox.h"

namespace bpfmatrix::cli {
namespace {

constexpr uint64_t kDiskWanted = uint64_t{2}
                                 << 30;  // kernels, sources and results of the quick matrix: 1 GiB

struct Finding {
  bool good = false;
  bool needed = true;  // without it nothing runs; else something is left out
  std::string what;
  std::string fix;  // what to do when it is not good
};

Finding tool(const std::string& name, const std::string& purpose, const std::string& package,
             bool needed) {
  const auto path = base::find_program(name);
  return {!path.empty(), needed,
          fmt::format("{} ({}): {}", name, purpose, path.empty() ? "not found" : path),
          fmt::format("apt-get install {}", package)};
}

Finding static_library(const std::string& name, const std::string& package) {
  const auto found =
      base::run_command({{"cc", "-print-file-name=" + name}, {}, {}, std::chrono::seconds(10)});
  // cc repeats the bare name when it does not find the file.
  const bool good = found && found->standard_output.find('/') != std::string::npos;
  return {good, true,
          fmt::format("{} (linked into loaders): {}", name, good ? "there" : "not found"),
          fmt::format("apt-get install {}", package)};
}

Finding qemu() {
  const auto version = vm::qemu_version("qemu-system-x86_64");
  return {version.has_value(), true, version ? "QEMU " + *version : version.error().message,
          "apt-get install qemu-system-x86"};
}

Finding sandbox() {
  const auto help =
      base::run_command({{"qemu-system-x86_64", "--help"}, {}, {}, std::chrono::seconds(20)});
  const bool good = help && help->standard_output.find("-sandbox on") != std::string::npos;
  return {good, true,
          fmt::format("QEMU's seccomp sandbox: {}", good ? "there" : "not in this QEMU"),
          "use a QEMU that was built with seccomp, as Debian's is"};
}

Finding keyring() {
  constexpr char kKeyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const bool good = std::filesystem::exists(kKeyring);
  return {good, true, fmt::format("Debian's archive keyring: {}", good ? "there" : "not found"),
          "apt-get install debian-archive-keyring"};
}

Finding disk(const image::Workspace& workspace) {
  auto folder = workspace.root;
  while (!std::filesystem::exists(folder) && folder.has_parent_path())
    folder = folder.parent_path();
  std::error_code ec;
  const auto space = std::filesystem::space(folder, ec);
  const bool good = !ec && space.available >= kDiskWanted;
  return {
      good, true,
      fmt::format("{} MiB free for {}", ec ? 0 : space.available >> 20, workspace.root.string()),
      "free at least 2 GiB, or use --workspace on another disk"};
}

// What shuts QEMU in besides that: bubblewrap, and a user that is not root.
Finding isolation(const base::Result<vm::FoundSandbox>& found) {
  Finding finding{true, false, "", ""};
  if (!found) {
    finding.good = false;
    finding.what = "isolation of QEMU: not known: " + found.error().message;
    finding.fix = "apt-get install qemu-system-x86 bubblewrap";
    return finding;
  }
  const auto& sandbox = found->sandbox;
  const std::string level = sandbox.level(/*kvm=*/false);
  finding.good = level == "bwrap+seccomp";
  finding.what = fmt::format("isolation of QEMU: {}{}", level,
                             sandbox.reason.empty() ? "" : "; " + sandbox.reason);
  if (sandbox.started_by_root && sandbox.user)
    finding.what += fmt::format("; you are root, QEMU is user {}", sandbox.user->uid);
  finding.fix = base::find_program("bwrap").empty()
                    ? "apt-get install bubblewrap"
                    : "allow user namespaces (sysctl user.max_user_namespaces, in a container "
                      "--security-opt seccomp=unconfined), or trust what you run";
  if (level == "seccomp-only, root" || level == "bwrap+seccomp, root")
    finding.fix += "; run bpfmatrix as an ordinary user";
  return finding;
}

Finding acceleration(const image::Workspace& workspace, const vm::Sandbox& sandbox) {
  const auto found = run::check_acceleration(workspace, sandbox);
  Finding finding{true, false, "", "fetch a kernel first: bpfmatrix fetch quick"};
  if (!found) {
    finding.good = false;
    finding.what = "acceleration: " + found.error().message;
  } else {
    finding.what = fmt::format("acceleration: {} (time limits are multiplied by {:.1f}){}",
                               vm::name(found->accel), found->slowdown,
                               found->sentence.empty() ? "" : "; " + found->sentence);
  }
  return finding;
}

void doctor(Context& context) {
  const auto workspace = context.open_workspace();
  const auto shut_in =
      vm::choose_sandbox("qemu-system-x86_64", vm::SandboxChoice::automatic);
  std::vector<Finding> findings = {
      qemu(),
      sandbox(),
      isolation(shut_in),
      tool("apt-get", "gets kernels and sources", "apt", true),
      keyring(),
      tool("make", "builds libbpf", "make", true),
      tool("cc", "builds loaders", "gcc libc6-dev", true),
      static_library("libelf.a", "libelf-dev"),
      static_library("libz.a", "zlib1g-dev"),
      static_library("libnettle.a", "nettle-dev"),
      tool("cargo", "gets libbpf versions that Debian has not; without it their cells are SKIP",
           "cargo-web", false),
      tool("git", "gets libbpf from a repository; without it the cells of such loaders are SKIP",
           "git", false),
      disk(workspace),
      acceleration(workspace, shut_in ? shut_in->sandbox : vm::Sandbox{}),
  };
  const auto data = image::find_data_folder();
  findings.push_back(
      {data.has_value(), true,
       data ? "the program's own data: " + data->root.string() : data.error().message,
       "build the whole project: cmake --build build"});
  for (const auto& finding : findings) {
    fmt::print("{:<5} {}\n",
               finding.good     ? "ok"
               : finding.needed ? "MISS"
                                : "note",
               base::printable(finding.what));
    if (!finding.good) fmt::print("      to do: {}\n", finding.fix);
    if (!finding.good && finding.needed) context.exit_code = kUnfit;
  }
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("doctor", "Look at this machine: what is missing, and what to do");
  command->footer("Example: bpfmatrix doctor");
  command->callback([&context] { doctor(context); });
}

}  // namespace bpfmatrix::cli
