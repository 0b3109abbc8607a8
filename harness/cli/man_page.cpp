#include <fmt/core.h>

#include <string_view>

#include "cli/option_table.h"

namespace bpfmatrix::cli {
namespace {

// A macro line would begin with "." or "'"; a backslash begins an escape, a hyphen may become
// another character.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

// An argument of a macro: words that are macros themselves ("No", "It") must not act.
std::string argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : roff(text)) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

void add_options(const CommandRow& command, std::string& out) {
  if (command.options.empty()) return;
  out += ".Bl -tag -width Ds\n";
  for (const auto& row : command.options) {
    std::string names;
    for (const auto& name : row.names) names += (names.empty() ? "" : ", ") + name;
    if (names.empty()) names = row.positional;
    if (!row.value.empty() && !row.names.empty()) names += " " + row.value;
    out += fmt::format(".It Sy {}\n{}\n", argument(names), roff(row.description));
    std::string words;
    for (const auto& word : row.choices) words += (words.empty() ? "" : ", ") + word;
    if (!words.empty()) out += fmt::format("(one of {})\n", roff(words));
  }
  out += ".El\n";
}

void add_commands(const CommandRow& command, const std::string& path, std::string& out) {
  for (const auto& one : command.commands) {
    const auto name = path.empty() ? one.name : path + " " + one.name;
    out += fmt::format(".Ss {}\n{}\n", argument(name), roff(one.description));
    if (!one.footer.empty()) {
      out += ".Bd -literal -offset indent\n";
      std::string_view rest = one.footer;
      while (!rest.empty()) {
        const auto end = rest.find('\n');
        out += roff(rest.substr(0, end)) + "\n";
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
      }
      out += ".Ed\n";
    }
    add_options(one, out);
    add_commands(one, name, out);
  }
}

}  // namespace

std::string man_page(const CommandRow& program, const std::string& version) {
  std::string out = fmt::format(
      ".\\\" made by: bpfmatrix man\n"
      ".Dd $Mdocdate$\n"
      ".Dt BPFMATRIX 1\n"
      ".Os \"bpfmatrix {}\"\n"
      ".Sh NAME\n"
      ".Nm bpfmatrix\n"
      ".Nd which BPF programs load on which kernels, with which libraries and log modes\n"
      ".Sh SYNOPSIS\n"
      ".Nm\n"
      ".Op Ar options\n"
      ".Ar command\n"
      ".Op Ar arguments\n"
      ".Sh DESCRIPTION\n{}\n"
      ".Sh OPTIONS\n",
      version, roff(program.description));
  add_options(program, out);
  out += ".Sh COMMANDS\n";
  add_commands(program, "", out);
  out +=
      ".Sh ENVIRONMENT\n"
      ".Bl -tag -width Ds\n"
      ".It Ev BPFMATRIX_WORKSPACE\n"
      "The folder for kernels, loaders and results.\n"
      ".It Ev BPFMATRIX_SANDBOX\n"
      "What\n.Fl \\-sandbox\nis where it is not given.\n"
      ".It Ev NO_COLOR\n"
      "When set, nothing is coloured unless\n.Fl \\-color\nsays so.\n"
      ".El\n"
      ".Sh EXIT STATUS\n"
      ".Bl -tag -width Ds\n"
      ".It 0\nAs expected.\n"
      ".It 1\nAn internal error.\n"
      ".It 2\nThe command line or a matrix is wrong.\n"
      ".It 4\nNothing was selected.\n"
      ".It 5\nA run is incomplete.\n"
      ".It 75\nThis machine lacks what is needed.\n"
      ".It 100\nUnexpected results.\n"
      ".It 101\nTrouble of ours only; nothing unexpected among what ran.\n"
      ".It 130 , 143\nEnded by a signal.\n"
      ".El\n";
  return out;
}

}  // namespace bpfmatrix::cli
