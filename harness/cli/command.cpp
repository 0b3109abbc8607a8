#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace bpfmatrix::cli {

image::Workspace Context::open_workspace() const {
  std::error_code ignored;
  return image::Workspace{std::filesystem::absolute(workspace, ignored)};
}

void Context::fail(const base::Error& error) {
  // It may hold names out of files and words of other programs.
  fmt::print(stderr, "bpfmatrix: {}\n", base::printable(error.message));
  switch (error.kind) {
    case base::ErrorKind::invalid_input:
      exit_code = kUsage;
      break;
    case base::ErrorKind::unavailable:
      exit_code = kUnfit;
      break;
    case base::ErrorKind::no_space:
      exit_code = kInfrastructure;
      break;
    default:
      exit_code = kInternal;
  }
}

void add_selection(CLI::App& command, plan::Selection& selection) {
  command.add_option("-k,--kernel", selection.kernels,
                     "Only kernels whose id matches (glob, repeatable)");
  command.add_option("-l,--loader", selection.loaders, "Only loaders whose id matches");
  command.add_option("-p,--program", selection.programs, "Only programs whose id matches");
  command.add_option("-m,--mode", selection.modes,
                     "Only log modes that match, as \"prog_load:2:*\"");
}

void add_sandbox(CLI::App& command, vm::SandboxChoice& choice) {
  command
      .add_option_function<std::string>(
          "--sandbox",
          [&choice](const std::string& text) {
            choice = text == "require" ? vm::SandboxChoice::require
                     : text == "off"   ? vm::SandboxChoice::off
                                       : vm::SandboxChoice::automatic;
          },
          "Around QEMU: auto: bubblewrap, and no root, where that works; require: nothing is run "
          "without bubblewrap; off: QEMU's own filter alone, as this user")
      ->envname("BPFMATRIX_SANDBOX")
      ->check(CLI::IsMember({"auto", "require", "off"}));
}

bool Context::color_wanted() const {
  if (color != "auto") return color == "always";
  return ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace bpfmatrix::cli
