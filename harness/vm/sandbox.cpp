#include "vm/sandbox.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "vm/qemu_command.h"

namespace bpfmatrix::vm {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;
using User = base::Confinement::User;
namespace {

// "nobody" and "nogroup" of Debian and others; what files of unmapped users look like to it.
constexpr uint32_t kNobody = 65534;
constexpr uint32_t kOpenFiles = 256;  // QEMU has some 20
constexpr std::chrono::seconds kTryLimit{20};

fs::path real_path(const std::string& program) {
  std::error_code ec;
  auto path = fs::canonical(base::find_program(program), ec);
  return ec ? fs::path(program) : path;
}

// Who can open the device when root cannot be: a member of its group, or anyone; nothing: nobody.
std::optional<User> user_for(const std::string& device) {
  User user{kNobody, kNobody, {}};
  struct stat status {};
  if (::stat(device.c_str(), &status) != 0) return user;  // no KVM, and nothing to open
  constexpr mode_t kOthers = S_IROTH | S_IWOTH, kGroup = S_IRGRP | S_IWGRP;
  if ((status.st_mode & kOthers) == kOthers) return user;
  if ((status.st_mode & kGroup) != kGroup || status.st_gid == 0) return std::nullopt;
  user.groups = {status.st_gid};
  return user;
}

// The sandboxes to try, the best first.
std::vector<Sandbox> candidates(SandboxChoice choice, const SandboxHost& host) {
  Sandbox plain;
  plain.started_by_root = ::geteuid() == 0;
  plain.as_asked = choice == SandboxChoice::off;
  if (choice == SandboxChoice::off) return {plain};
  Sandbox dropped = plain;
  if (plain.started_by_root) {
    dropped.user = User{kNobody, kNobody, {}};
    dropped.kvm_user = user_for(host.kvm_device);
    dropped.setpriv = base::find_program("setpriv");
  }
  std::vector<Sandbox> all;
  const auto wrapped = [&](Sandbox sandbox) {
    sandbox.bwrap = real_path(host.bwrap).string();
    all.push_back(std::move(sandbox));
  };
  if (!base::find_program(host.bwrap).empty()) {
    if (dropped.user && !dropped.setpriv.empty()) wrapped(dropped);
    wrapped(plain);
  }
  if (choice == SandboxChoice::require) return all;
  if (dropped.user) all.push_back(dropped);
  all.push_back(plain);
  return all;
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return base::printable(text.substr(text.rfind('\n') + 1));
}

// QEMU's version as it tells it inside the sandbox.
base::Result<std::string> try_out(const Sandbox& sandbox, const std::string& qemu) {
  base::CommandOptions options;
  options.argv = {qemu, "--version"};
  options.timeout = kTryLimit;
  if (!sandbox.bwrap.empty()) options.argv = wrap(sandbox, false, {}, options.argv);
  options.confinement = confinement(sandbox, false, uint64_t{1} << 20);
  BPFM_TRY(const auto output, base::run_command(options));
  if (!output.status.success())
    return fail(ErrorKind::process, "{}", last_line(output.standard_error));
  return version_in(output.standard_output, qemu);
}

// What was tried in vain, in a clause: "bwrap: No permissions to create new namespace".
std::string what_failed(const Sandbox& sandbox, const base::Error& error) {
  if (!sandbox.bwrap.empty() && sandbox.user)
    return fmt::format("bubblewrap does not work as another user ({})", error.message);
  if (!sandbox.bwrap.empty())
    return fmt::format("bubblewrap does not work here ({})", error.message);
  return error.message;
}

std::string joined(const std::string& before, const std::string& after) {
  return before.empty() ? after : before + "; " + after;
}

}  // namespace

std::string Sandbox::level(bool kvm) const {
  std::string text = bwrap.empty() ? "seccomp-only" : "bwrap+seccomp";
  if (started_by_root && !(kvm ? kvm_user : user)) text += ", root";
  return text;
}

base::Result<FoundSandbox> choose_sandbox(const std::string& qemu, SandboxChoice choice,
                                          const SandboxHost& host) {
  const std::string program = base::find_program(qemu);
  if (program.empty() || ::access(program.c_str(), F_OK) != 0)
    return base::run_checked({.argv = {qemu, "--version"}}).error();  // says what to install
  std::string reason;
  if (choice != SandboxChoice::off && base::find_program(host.bwrap).empty())
    reason = "bubblewrap is not installed (apt-get install bubblewrap)";
  base::Error last{ErrorKind::unavailable, reason};
  for (auto& sandbox : candidates(choice, host)) {
    auto version = try_out(sandbox, program);
    if (version) {
      sandbox.reason = reason;
      return FoundSandbox{std::move(sandbox), std::move(*version)};
    }
    last = version.error();
    reason = joined(reason, what_failed(sandbox, last));
  }
  if (choice == SandboxChoice::require)
    return fail(ErrorKind::unavailable, "--sandbox require: {}", reason);
  return last;
}

std::string warning(const Sandbox& sandbox, bool kvm) {
  if (sandbox.as_asked) return {};
  const bool root = sandbox.level(kvm).ends_with("root");
  if (root && !sandbox.reason.empty())
    return fmt::format("QEMU runs as root: {}", sandbox.reason);
  if (root)
    return "QEMU runs as root: no other user may open /dev/kvm (give it to a group that may: chgrp "
           "kvm /dev/kvm; chmod 660 /dev/kvm)";
  if (!sandbox.bwrap.empty() || kvm) return {};
  return fmt::format(
      "QEMU runs without bubblewrap: {}. Emulation (TCG) is no security boundary: a BPF object that "
      "you do not trust deserves a machine of its own (--sandbox off: this is known; require: "
      "rather run nothing)",
      sandbox.reason);
}

std::vector<std::string> wrap(const Sandbox& sandbox, bool kvm,
                              const std::vector<std::pair<std::string, std::string>>& files,
                              std::vector<std::string> argv) {
  const auto& user = kvm ? sandbox.kvm_user : sandbox.user;
  const std::string qemu = real_path(argv.front()).string();
  const std::string prefix = fs::path(qemu).parent_path().parent_path().string();
  std::vector<std::string> all = {sandbox.bwrap, "--die-with-parent", "--unshare-ipc",
                                  "--unshare-pid", "--unshare-net", "--unshare-uts",
                                  "--unshare-cgroup-try"};
  const auto add = [&](std::initializer_list<std::string> words) {
    all.insert(all.end(), words);
  };
  const auto show = [&](const std::string& path) { add({"--ro-bind-try", path, path}); };
  // Root that gives its rights up by itself needs no user namespace, which a host may refuse.
  if (!user) add({"--unshare-user"});
  add({"--cap-drop", "ALL"});
  if (user) add({"--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"});
  // Folders first: those that bwrap makes by itself for a file belong to it alone.
  for (const char* folder : {"/usr", "/usr/share", "/etc", "/dev", "/boot"}) add({"--dir", folder});
  for (fs::path at = "/"; const auto& part : fs::path(qemu).parent_path().relative_path())
    add({"--dir", (at /= part).string()});
  for (const char* libraries : {"/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"}) show(libraries);
  if (prefix != "/usr" && prefix != "/")
    for (const char* own : {"/lib", "/lib64"}) show(prefix + own);
  for (const char* firmware : {"/share/qemu", "/share/seabios"}) show(prefix + firmware);
  show(qemu);
  if (user) {
    add({"--dir", fs::path(sandbox.setpriv).parent_path().string()});
    show(sandbox.setpriv);
  }
  add({"--dev-bind", "/dev/null", "/dev/null"});
  if (kvm) add({"--dev-bind", "/dev/kvm", "/dev/kvm"});
  for (const auto& [outside, inside] : files) add({"--ro-bind", outside, inside});
  add({"--chdir", "/", "--"});
  if (user) {
    add({sandbox.setpriv, fmt::format("--reuid={}", user->uid), fmt::format("--regid={}", user->gid),
         user->groups.empty() ? "--clear-groups" : fmt::format("--groups={}", user->groups.front()),
         "--inh-caps=-all", "--"});
  }
  argv.front() = qemu;
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

base::Confinement confinement(const Sandbox& sandbox, bool kvm, uint64_t largest_file) {
  base::Confinement confinement;
  confinement.largest_file = largest_file;
  confinement.open_files = kOpenFiles;
  // bwrap and setpriv do both by themselves, and the one may be set-uid root.
  if (sandbox.bwrap.empty()) {
    confinement.no_new_privileges = true;
    confinement.user = kvm ? sandbox.kvm_user : sandbox.user;
  }
  return confinement;
}

}  // namespace bpfmatrix::vm
