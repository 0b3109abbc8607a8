#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "report/repro.h"

namespace bpfmatrix::cli {

image::Workspace Context::open_workspace() const {
  std::error_code ignored;
  return image::Workspace{std::filesystem::absolute(workspace, ignored)};
}

std::string Context::to_paste(const std::string& words) const {
  const char* variable = std::getenv("BPFMATRIX_WORKSPACE");
  if (workspace == (variable != nullptr ? variable : Context().workspace))
    return "bpfmatrix " + words;
  return fmt::format("bpfmatrix --workspace {} {}", report::shell_word(workspace.string()), words);
}

std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* within = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.empty() || word[0] == '-') return {};  // its value may look like a word
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const auto* command : within->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
      if (command->get_name() == word) next = command;
    }
    if (next == nullptr) {
      if (names.empty()) return {};
      const auto near = base::nearest(word, names);
      return fmt::format("there is no command \"{}\"{}", base::printable(word),
                         near ? fmt::format("; did you mean {}?", *near)
                              : "; all of them: bpfmatrix --help");
    }
    within = next;
  }
  return {};
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
