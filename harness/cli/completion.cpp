// Scripts that complete the program's words in a shell. Words of the workspace (kernels, loaders,
// programs, runs) are asked of the program when the key is pressed.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cli/option_table.h"

namespace bpfmatrix::cli {
namespace {

// In single quotes, for any of the three shells.
std::string quoted(const std::string& text, const char* quote_inside) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += quote_inside;
    else
      out += c;
  }
  return out + "'";
}

// What `bpfmatrix list` has the words of: "kernels"; empty: it has none.
std::string listed(const OptionRow& row) {
  static const std::map<std::string, std::string> kLists = {
      {"--kernel", "kernels"}, {"--loader", "loaders"}, {"--program", "programs"},
      {"--run", "runs"},       {"RUN", "runs"},         {"BEFORE", "runs"},
      {"AFTER", "runs"},       {"LAW", "laws"}};
  for (const auto& name : row.names)
    if (const auto at = kLists.find(name); at != kLists.end()) return at->second;
  const auto at = kLists.find(row.positional);
  return at == kLists.end() ? std::string() : at->second;
}

bool takes_matrix(const OptionRow& row) {
  return row.positional == "MATRIX";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// "cache gc" of the program, and so on: every command with the words that lead to it.
using Paths = std::vector<std::pair<std::string, const CommandRow*>>;
void add_paths(const CommandRow& command, const std::string& path, Paths& paths) {
  paths.emplace_back(path, &command);
  for (const auto& one : command.commands)
    add_paths(one, path.empty() ? one.name : path + " " + one.name, paths);
}

std::string bash_values(const OptionRow& row) {
  if (!row.choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(row.choices));
  if (const auto list = listed(row); !list.empty())
    return fmt::format("_bpfmatrix_listed {}", list);
  if (takes_matrix(row)) return "_bpfmatrix_matrices";
  return "COMPREPLY=($(compgen -f -- \"$word\"))";
}

}  // namespace

std::string bash_completion(const CommandRow& program) {
  Paths paths;
  add_paths(program, "", paths);
  std::string out =
      "# bash completion of bpfmatrix; made by: bpfmatrix completion bash\n"
      "_bpfmatrix_listed() {\n"
      "  COMPREPLY=($(compgen -W \"$(\"$program\" list \"$1\" 2>/dev/null | awk '{print $1}')\" -- "
      "\"$word\"))\n"
      "}\n"
      "_bpfmatrix_matrices() {\n"
      "  COMPREPLY=($(compgen -W \"quick nightly verifier-log\" -- \"$word\") "
      "$(compgen -f -X '!*.yaml' -- \"$word\"))\n"
      "}\n"
      "_bpfmatrix() {\n"
      "  local program=$1 word=$2 before=$3 path= i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n";
  for (const auto& [path, command] : paths)
    if (!path.empty())
      out += fmt::format("      \"{}{}\") path='{}' ;;\n", path.find(' ') == path.npos ? " " : "",
                         path, path);
  out +=
      "    esac\n"
      "  done\n"
      "  case \"$path $before\" in\n";
  for (const auto& [path, command] : paths)
    for (const auto& row : command->options) {
      if (row.value.empty() || row.names.empty()) continue;
      std::string patterns;
      for (const auto& name : row.names)
        patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : " | ", path, name);
      out += fmt::format("    {}) {}; return ;;\n", patterns, bash_values(row));
    }
  out +=
      "  esac\n"
      "  case \"$path:$word\" in\n";
  for (const auto& [path, command] : paths) {
    std::string words;
    for (const auto& row : command->options)
      for (const auto& name : row.names) words += (words.empty() ? "" : " ") + name;
    out += fmt::format("    '{}':-*) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", path, words);
    std::string names;
    for (const auto& one : command->commands) names += (names.empty() ? "" : " ") + one.name;
    const auto positional = std::ranges::find_if(
        command->options, [](const OptionRow& row) { return !row.positional.empty(); });
    if (!names.empty())
      out += fmt::format("    '{}':*) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", path, names);
    else if (positional != command->options.end())
      out += fmt::format("    '{}':*) {} ;;\n", path, bash_values(*positional));
  }
  out +=
      "  esac\n"
      "}\n"
      "complete -F _bpfmatrix bpfmatrix\n";
  return out;
}

namespace {

// _arguments takes ':' and brackets in descriptions for its own.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const OptionRow& row) {
  if (!row.choices.empty()) return fmt::format("({})", joined(row.choices));
  if (const auto list = listed(row); !list.empty()) return fmt::format("_bpfmatrix_listed {}", list);
  if (takes_matrix(row)) return "_bpfmatrix_matrices";
  return "_files";
}

void zsh_function(const CommandRow& command, const std::string& name, std::string& out) {
  for (const auto& one : command.commands) zsh_function(one, name + "_" + one.name, out);
  out += fmt::format("{}() {{\n", name);
  if (!command.commands.empty()) out += "  local state line curcontext=$curcontext\n";
  out += command.commands.empty() ? "  _arguments -s" : "  _arguments -s -C";
  for (const auto& row : command.options) {
    const auto value = row.value.empty()
                           ? std::string()
                           : fmt::format(":{}:{}", zsh_text(row.value), zsh_values(row));
    const char* star = row.repeatable ? "*" : "";
    if (row.names.empty()) {
      out += " \\\n    " + quoted(fmt::format("{}:{}:{}", star, zsh_text(row.positional),
                                              zsh_values(row)),
                                  "'\\''");
      continue;
    }
    for (const auto& option : row.names)
      out += " \\\n    " + quoted(fmt::format("{}{}[{}]{}", star, option,
                                              zsh_text(row.description), value),
                                  "'\\''");
  }
  if (command.commands.empty()) {
    out += "\n}\n";
    return;
  }
  out += " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n";
  out += "    command)\n      local -a commands=(";
  for (const auto& one : command.commands)
    out += "\n        " + quoted(one.name + ":" + zsh_text(one.description), "'\\''");
  out += ")\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const auto& one : command.commands)
    out += fmt::format("        {}) {}_{} ;;\n", one.name, name, one.name);
  out += "      esac ;;\n  esac\n}\n";
}

}  // namespace

std::string zsh_completion(const CommandRow& program) {
  std::string out =
      "#compdef bpfmatrix\n"
      "# zsh completion of bpfmatrix; made by: bpfmatrix completion zsh\n"
      "_bpfmatrix_listed() {\n"
      "  local -a words=(${(f)\"$(bpfmatrix list $1 2>/dev/null | awk '{print $1}')\"})\n"
      "  compadd -a words\n"
      "}\n"
      "_bpfmatrix_matrices() {\n"
      "  compadd quick nightly verifier-log\n"
      "  _files -g '*.yaml'\n"
      "}\n";
  zsh_function(program, "_bpfmatrix", out);
  return out + "compdef _bpfmatrix bpfmatrix\n";
}

std::string fish_completion(const CommandRow& program) {
  std::string out =
      "# fish completion of bpfmatrix; made by: bpfmatrix completion fish\n"
      "function __bpfmatrix_listed\n"
      "  bpfmatrix list $argv[1] 2>/dev/null | string match -r '^\\S+'\n"
      "end\n"
      "complete -c bpfmatrix -f\n";
  const auto inside = [](const std::string& text) { return quoted(text, "\\'"); };
  Paths paths;
  add_paths(program, "", paths);
  for (const auto& [path, command] : paths) {
    // Inside a command: it was named; in the program itself: none was.
    std::string condition = "__fish_use_subcommand";
    if (!path.empty()) {
      condition.clear();
      for (size_t at = 0; at != std::string::npos;) {
        const auto end = path.find(' ', at);
        condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                                 path.substr(at, end - at));
        at = end == std::string::npos ? end : end + 1;
      }
    }
    const auto start = fmt::format("complete -c bpfmatrix -n {}", inside(condition));
    for (const auto& one : command->commands)
      out += fmt::format("{} -a {} -d {}\n", start, one.name, inside(one.description));
    for (const auto& row : command->options) {
      std::string line = start;
      if (row.names.empty()) {
        if (const auto list = listed(row); !list.empty())
          line += fmt::format(" -a '(__bpfmatrix_listed {})'", list);
        else if (takes_matrix(row))
          line += " -a 'quick nightly verifier-log' -F";
        else
          line += row.choices.empty() ? " -F" : fmt::format(" -a '{}'", joined(row.choices));
        out += line + "\n";
        continue;
      }
      for (const auto& name : row.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      line += " -d " + inside(row.description);
      if (!row.value.empty()) {
        line += " -r";
        if (!row.choices.empty())
          line += fmt::format(" -a '{}'", joined(row.choices));
        else if (const auto list = listed(row); !list.empty())
          line += fmt::format(" -a '(__bpfmatrix_listed {})'", list);
        else
          line += " -F";
      }
      out += line + "\n";
    }
  }
  return out;
}

}  // namespace bpfmatrix::cli
