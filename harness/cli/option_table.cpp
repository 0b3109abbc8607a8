#include "cli/option_table.h"

#include <algorithm>
#include <regex>

namespace bpfmatrix::cli {
namespace {

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// CLI11 tells the words of IsMember in the type only: "TEXT:{auto,kvm,tcg}".
std::vector<std::string> choices_in(const std::string& type) {
  static const std::regex set(":\\{([^{}]+)\\}");
  std::smatch match;
  if (!std::regex_search(type, match, set)) return {};
  std::vector<std::string> words;
  std::string rest = match[1];
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    words.push_back(rest.substr(0, comma));
    rest = comma == std::string::npos ? std::string() : rest.substr(comma + 1);
  }
  return words;
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  for (const auto& name : option.get_snames()) row.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) row.names.push_back("--" + name);
  if (row.names.empty()) row.positional = option.get_name();
  const auto type = option.get_type_name();
  row.choices = choices_in(type);
  if (option.get_items_expected_max() > 0)
    row.value = row.choices.empty() ? type.substr(0, type.find_first_of(":[ ")) : "WORD";
  if (row.value.empty() && option.get_items_expected_max() > 0) row.value = "TEXT";
  row.description = one_line(option.get_description());
  row.repeatable = option.get_items_expected_max() > 1;
  return row;
}

}  // namespace

CommandRow option_table(const CLI::App& app) {
  CommandRow table;
  table.name = app.get_name();
  table.description = one_line(app.get_description());
  table.footer = app.get_footer();
  for (const auto* option : app.get_options()) table.options.push_back(row_of(*option));
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    table.commands.push_back(option_table(*command));
  return table;
}

}  // namespace bpfmatrix::cli
