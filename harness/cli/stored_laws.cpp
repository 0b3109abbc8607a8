#include "cli/stored_laws.h"

#include <algorithm>
#include <filesystem>

namespace bpfmatrix::cli {
namespace {

// Reads the run's own law files into `all`; what cannot be read is told and leaves the others.
void add_own_laws(const std::vector<std::string>& names, bool foreign, std::vector<spec::Law>& all,
                  std::vector<law::Finding>& lost) {
  const auto shipped = all;
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& name : names) {
    if (!spec::names_law_file(name)) continue;
    if (foreign)
      lost.push_back({fmt::format("law file {} is not read for a run from a file: its law was held "
                                  "against nothing",
                                  name)});
    else if (std::filesystem::exists(name, ignored))
      files.emplace_back(name);
    else
      lost.push_back({fmt::format("law file {} is gone: its law was held against nothing", name)});
  }
  if (files.empty()) return;
  auto own = spec::read_own_laws(files, shipped);
  if (!own) {
    lost.push_back({"the run's own laws were held against nothing: " + own.error().message});
    return;
  }
  for (auto& law : *own) all.push_back(std::move(law));
}

}  // namespace

base::Result<StoredLaws> read_stored_laws(const std::vector<std::string>& names,
                                          const image::DataFolder& data, bool foreign) {
  StoredLaws stored;
  BPFM_TRY(auto all, spec::read_laws(data.laws()));
  add_own_laws(names, foreign, all, stored.lost);
  for (const auto& name : names) {
    const bool useful =
        spec::names_law_file(name) || std::ranges::any_of(all, [&](const spec::Law& law) {
          return spec::glob_selects(name, law);
        });
    if (!useful)
      stored.lost.push_back({fmt::format("\"{}\" of the matrix's laws is no law any more", name)});
  }
  stored.laws = spec::select_laws(all, names);
  return stored;
}

}  // namespace bpfmatrix::cli
