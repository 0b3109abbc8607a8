#include "spec/law_files.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "spec/law_reader.h"
#include "spec/mapping.h"

namespace bpfmatrix::spec {
namespace {

namespace fs = std::filesystem;

size_t rank_of_group(const std::string& id) {
  const auto& groups = law_groups();
  const auto at = std::find_if(groups.begin(), groups.end(),
                               [&](const LawGroup& group) { return group.id == id; });
  return static_cast<size_t>(at - groups.begin());
}

// Conditions need a feature, which must be somewhere.
void check_conditions(const std::vector<Law>& laws, const std::map<std::string, const Law*>& by_id,
                      Diagnostics& diagnostics) {
  std::vector<std::string> features;
  for (const auto& [id, law] : by_id)
    if (law->kind == Law::Kind::feature) features.push_back(id);
  for (const auto& law : laws) {
    for (const auto& one : law.cases) {
      for (const auto& requirement : one.when) {
        if (requirement.kind != Requirement::Kind::feature) continue;
        const auto at = by_id.find(requirement.feature);
        if (at != by_id.end() && at->second->kind == Law::Kind::feature) continue;
        if (at != by_id.end()) {
          diagnostics.add(requirement.place,
                          fmt::format("{} is a law, and a condition asks a feature",
                                      quote(requirement.feature)));
          continue;
        }
        const std::string near = did_you_mean(requirement.feature, features);
        diagnostics.add(requirement.place,
                        fmt::format("there is no feature {}{}", quote(requirement.feature),
                                    near.empty() && !features.empty()
                                        ? ": there are " + listed(features)
                                        : near));
      }
    }
  }
}

}  // namespace

std::vector<Law> read_law_files(const std::vector<LawFile>& files, const std::vector<Law>& known,
                                Diagnostics& diagnostics) {
  std::vector<Law> laws;
  for (const auto& file : files) {
    const auto root = read_yaml_file(file.path, diagnostics, file.asked_at);
    if (root) laws.push_back(read_law(*root, file.path.stem().string(), diagnostics));
  }
  std::map<std::string, const Law*> by_id;
  for (const auto& law : known) by_id.emplace(law.id, &law);
  for (const auto& law : laws) {
    const auto [at, is_new] = by_id.emplace(law.id, &law);
    if (!is_new)
      diagnostics.add({law.file.string()},
                      fmt::format("law {} is in {} too: rename one of the files", quote(law.id),
                                  at->second->file.string()));
  }
  check_conditions(laws, by_id, diagnostics);
  return laws;
}

base::Result<std::vector<Law>> read_laws(const fs::path& folder) {
  std::vector<LawFile> files;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".yaml") files.push_back({entry.path(), std::nullopt});
  if (ec) return base::io_error(ec.value(), fmt::format("read laws: open {}", folder.string()));
  std::sort(files.begin(), files.end(),
            [](const LawFile& a, const LawFile& b) { return a.path < b.path; });
  Diagnostics diagnostics;
  auto laws = read_law_files(files, {}, diagnostics);
  if (!diagnostics.empty()) return diagnostics.error();
  const auto key = [](const Law& law) { return std::tuple(rank_of_group(law.group), law.id); };
  std::sort(laws.begin(), laws.end(),
            [&](const Law& a, const Law& b) { return key(a) < key(b); });
  return laws;
}

base::Result<std::vector<Law>> read_own_laws(const std::vector<fs::path>& files,
                                             const std::vector<Law>& known) {
  Diagnostics diagnostics;
  std::vector<LawFile> law_files;
  for (const auto& file : files) law_files.push_back({file, std::nullopt});
  auto laws = read_law_files(law_files, known, diagnostics);
  if (!diagnostics.empty()) return diagnostics.error();
  return laws;
}

}  // namespace bpfmatrix::spec
