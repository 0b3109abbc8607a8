#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/option_table.h"
#include "run/version.h"

namespace bpfmatrix::cli {

void add_completion(CLI::App& app, Context&) {
  auto* command =
      app.add_subcommand("completion", "Print the script that completes words in a shell");
  command->footer(
      "Example: bpfmatrix completion bash > ~/.local/share/bash-completion/completions/bpfmatrix\n"
      "         bpfmatrix completion zsh > \"${fpath[1]}/_bpfmatrix\"\n"
      "         bpfmatrix completion fish > ~/.config/fish/completions/bpfmatrix.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  command->callback([&app, shell] {
    const auto table = option_table(app);
    fmt::print("{}", *shell == "bash"  ? bash_completion(table)
                     : *shell == "zsh" ? zsh_completion(table)
                                       : fish_completion(table));
  });
}

void add_man(CLI::App& app, Context&) {
  auto* command = app.add_subcommand("man", "Print the man page");
  command->footer("Example: bpfmatrix man > ~/.local/share/man/man1/bpfmatrix.1");
  command->callback([&app] { fmt::print("{}", man_page(option_table(app), run::kVersion)); });
}

}  // namespace bpfmatrix::cli
