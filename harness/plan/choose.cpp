#include "plan/choose.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "plan/plan.h"
#include "spec/document.h"
#include "spec/mapping.h"

namespace bpfmatrix::plan {
namespace {

namespace fs = std::filesystem;

bool is_object_path(const std::string& match) {
  return match.ends_with(".o");
}

fs::path object_path(const spec::Matrix& matrix, const spec::ProgramChoice& entry,
                     const std::string& match) {
  spec::Place written_at = entry.place;
  if (written_at.file.empty()) written_at.file = matrix.file.string();
  return spec::resolve_path(match, written_at);
}

class Chooser {
 public:
  Chooser(const spec::Matrix& matrix, const std::vector<spec::LoaderEntry>& loaders,
          const std::vector<Program>& programs)
      : matrix_(matrix), loaders_(loaders), programs_(programs), position_(programs.size()) {
    for (const auto& program : programs) {
      ids_.push_back(program.id);
      paths_.push_back(program.object->path.lexically_normal());
    }
  }

  void add_entry(const spec::ProgramChoice& entry, std::vector<std::string>& notes) {
    std::set<size_t> done;  // several globs of one entry may match one program
    for (const auto& match : entry.match) {
      const std::vector<size_t> matched = matching(entry, match);
      if (matched.empty()) report(entry, match);
      for (const size_t index : matched) {
        if (!any_glob_matches(entry.except, ids_[index]) && done.insert(index).second)
          add(index, entry);
      }
    }
    for (const auto& glob : entry.except) {
      const bool useful = std::any_of(ids_.begin(), ids_.end(), [&](const std::string& id) {
        return base::glob_matches(glob, id);
      });
      if (!useful)
        notes.push_back(
            fmt::format("{}: except \"{}\" matches no program", spec::to_text(entry.place), glob));
    }
  }

  // After all entries: the matrix's own programs come first.
  void add_law(const spec::Law& law) {
    own_ = own_.value_or(choices_.size());
    LoaderSet loaders(loaders_.size());
    for (size_t i = 0; i < loaders_.size(); ++i)
      if (any_glob_matches(law.loaders, loaders_[i].id)) loaders.add(i);
    for (const auto& glob : law.programs) {
      bool useful = false;
      for (size_t i = 0; i < programs_.size(); ++i) {
        if (!base::glob_matches(glob, ids_[i])) continue;
        useful = true;
        add_law_cells(law, i, loaders);
      }
      if (!useful) report_unknown(law.programs_place, glob);
    }
  }

  base::Result<std::vector<Choice>> finish() && {
    report_equal_ids();
    if (!diagnostics_.empty()) return diagnostics_.error();
    gather_btf_loads();
    return std::move(choices_);
  }

 private:
  [[nodiscard]] std::vector<size_t> matching(const spec::ProgramChoice& entry,
                                             const std::string& match) const {
    std::vector<size_t> indexes;
    const fs::path path = is_object_path(match) ? object_path(matrix_, entry, match) : fs::path();
    for (size_t i = 0; i < programs_.size(); ++i) {
      if (path.empty() ? base::glob_matches(match, ids_[i]) : paths_[i] == path)
        indexes.push_back(i);
    }
    return indexes;
  }

  void report(const spec::ProgramChoice& entry, const std::string& match) {
    if (is_object_path(match)) {
      diagnostics_.add(entry.place,
                       fmt::format("no program was read from {}",
                                   spec::quote(object_path(matrix_, entry, match).string())));
      return;
    }
    report_unknown(entry.place, match);
  }

  void report_unknown(const spec::Place& place, const std::string& glob) {
    const std::string near = spec::did_you_mean(glob, ids_);
    diagnostics_.add(place,
                     fmt::format("{} matches no program{}", spec::quote(glob),
                                 near.empty() ? ": there are " + spec::listed(ids_) : near));
  }

  Choice& choice_of(size_t index) {
    if (!position_[index]) {
      position_[index] = choices_.size();
      choices_.push_back({programs_[index], {}, {}});
    }
    return choices_[*position_[index]];
  }

  void add(size_t index, const spec::ProgramChoice& entry) {
    Choice& choice = choice_of(index);
    for (const auto& mode : entry.modes) choice.modes.insert_or_assign(mode, LoaderSet::all());
    if (!choice.limit) choice.limit = entry.cell_limit;
  }

  void add_mode(size_t index, const spec::LogMode& mode, const LoaderSet& loaders) {
    if (loaders.count(loaders_.size()) == 0) return;
    const auto [at, is_new] = choice_of(index).modes.try_emplace(mode, loaders);
    if (!is_new) at->second.add(loaders);
  }

  void add_law_cells(const spec::Law& law, size_t index, const LoaderSet& loaders) {
    for (const auto& mode : law.modes) add_mode(index, mode, loaders);
    if (!law.other || loaders.count(loaders_.size()) == 0) return;
    const auto other_index = other_program(law, index);
    if (!other_index) return;
    const LoaderSet other_loaders = law.other->loader ? one_loader(*law.other->loader) : loaders;
    for (const auto& mode : law.modes)
      add_mode(*other_index, law.other->mode_of(mode), other_loaders);
  }

  [[nodiscard]] LoaderSet one_loader(const std::string& id) const {
    LoaderSet loaders(loaders_.size());
    for (size_t i = 0; i < loaders_.size(); ++i)
      if (loaders_[i].id == id) loaders.add(i);
    return loaders;
  }

  std::optional<size_t> other_program(const spec::Law& law, size_t index) {
    if (!law.other->program) return index;
    const auto at = std::find(ids_.begin(), ids_.end(), *law.other->program);
    if (at != ids_.end()) return static_cast<size_t>(at - ids_.begin());
    if (unknown_others_.insert(law.id).second)
      report_unknown(law.other->place, *law.other->program);
    return std::nullopt;
  }

  // Ids name cells; two objects of the same file name would share theirs.
  void report_equal_ids() {
    std::map<std::string, const Object*> owners;
    for (const auto& choice : choices_) {
      const auto [owner, is_new] = owners.try_emplace(choice.program.id, choice.program.object);
      if (is_new) continue;
      diagnostics_.add({matrix_.file.string()},
                       fmt::format("program {} is both in {} and in {}: rename one of the files",
                                   spec::quote(choice.program.id), owner->second->path.string(),
                                   choice.program.object->path.string()));
    }
  }

  // The BTF is the object's: its loads go to the first of the object's chosen programs.
  void gather_btf_loads() {
    std::map<const Object*, size_t> bearer;
    // Laws beside a matrix must not give its own cells another name.
    for (const bool own : {true, false})
      for (size_t i = 0; i < programs_.size(); ++i)
        if (position_[i] && (!own || *position_[i] < own_.value_or(choices_.size())))
          bearer.try_emplace(programs_[i].object, *position_[i]);
    for (auto& choice : choices_) {
      Choice& owner = choices_[bearer.at(choice.program.object)];
      if (&owner == &choice) continue;
      for (auto mode = choice.modes.begin(); mode != choice.modes.end();) {
        if (mode->first.interface != spec::Interface::btf_load) {
          ++mode;
          continue;
        }
        const auto [at, is_new] = owner.modes.insert(*mode);
        if (!is_new) at->second.add(mode->second);
        mode = choice.modes.erase(mode);
      }
    }
  }

  const spec::Matrix& matrix_;
  const std::vector<spec::LoaderEntry>& loaders_;
  const std::vector<Program>& programs_;
  std::vector<std::string> ids_;
  std::vector<fs::path> paths_;
  std::vector<std::optional<size_t>> position_;  // of a program among the choices
  std::vector<Choice> choices_;
  std::optional<size_t> own_;             // how many of them the matrix itself names
  std::set<std::string> unknown_others_;  // laws that were reported
  spec::Diagnostics diagnostics_;
};

}  // namespace

void LoaderSet::add(const LoaderSet& more) {
  if (more.bits_.empty()) bits_.clear();
  for (size_t i = 0; i < bits_.size(); ++i) bits_[i] = bits_[i] || more.bits_[i];
}

uint64_t LoaderSet::count(size_t loaders) const {
  if (bits_.empty()) return loaders;
  return static_cast<uint64_t>(std::count(bits_.begin(), bits_.end(), true));
}

bool any_glob_matches(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return base::glob_matches(glob, text); });
}

base::Result<std::vector<Choice>> choose_programs(const spec::Matrix& matrix,
                                                  const std::vector<spec::LoaderEntry>& loaders,
                                                  const std::vector<Program>& programs,
                                                  std::vector<std::string>& notes) {
  Chooser chooser(matrix, loaders, programs);
  for (const auto& entry : matrix.programs) chooser.add_entry(entry, notes);
  for (const auto& law : matrix.laws) chooser.add_law(law);
  return std::move(chooser).finish();
}

std::vector<fs::path> objects_named(const spec::Matrix& matrix) {
  std::vector<fs::path> paths;
  for (const auto& entry : matrix.programs) {
    for (const auto& match : entry.match) {
      if (!is_object_path(match)) continue;
      fs::path path = object_path(matrix, entry, match);
      if (std::find(paths.begin(), paths.end(), path) == paths.end())
        paths.push_back(std::move(path));
    }
  }
  return paths;
}

}  // namespace bpfmatrix::plan
