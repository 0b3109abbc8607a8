#include "spec/law_names.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "spec/document.h"
#include "spec/law_files.h"
#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

namespace fs = std::filesystem;

// A stored run keeps the path, and is read from any folder.
fs::path absolute_path(const std::string& text, const Place& written_at) {
  std::error_code ec;
  const fs::path path = resolve_path(text, written_at);
  const fs::path absolute = fs::absolute(path, ec);
  return (ec ? path : absolute).lexically_normal();
}

void check_glob(const Node& node, const std::vector<Law>& laws, Diagnostics& diagnostics) {
  const bool useful = std::any_of(laws.begin(), laws.end(), [&](const Law& law) {
    return glob_selects(node.text, law);
  });
  if (useful) return;
  std::vector<std::string> words;
  for (const auto& law : laws) words.push_back(law.id);
  std::vector<std::string> groups;
  for (const auto& group : law_groups()) groups.emplace_back(group.id);
  words.insert(words.end(), groups.begin(), groups.end());
  const std::string near = did_you_mean(node.text, words);
  diagnostics.add(node.place,
                  fmt::format("{} matches no law{}", quote(node.text),
                              near.empty() ? ": \"bpfmatrix list laws\" shows them, groups are " +
                                                 listed(groups)
                                           : near));
}

}  // namespace

LawChoice read_law_names(const Node& node, const std::vector<Law>& known,
                         Diagnostics& diagnostics) {
  LawChoice choice;
  std::vector<LawFile> files;
  std::set<fs::path> seen;
  const auto items = read_texts(node, "\"laws\"", diagnostics);
  for (const Node* item : items) {
    if (!names_law_file(item->text)) {
      choice.names.push_back(item->text);
      continue;
    }
    const fs::path path = absolute_path(item->text, item->place);
    if (!seen.insert(path).second) continue;
    files.push_back({path, item->place});
    choice.names.push_back(path.string());
  }
  std::vector<Law> all = known;
  for (auto& law : read_law_files(files, known, diagnostics)) all.push_back(std::move(law));
  for (const Node* item : items)
    if (!names_law_file(item->text)) check_glob(*item, all, diagnostics);
  choice.laws = select_laws(all, choice.names);
  return choice;
}

}  // namespace bpfmatrix::spec
