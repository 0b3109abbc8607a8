#include "plan/ruling.h"

namespace bpfmatrix::plan {
namespace {

template <typename Axis, typename Id>
std::vector<bool> matched(const std::vector<std::string>& globs, const Axis& axis, Id id) {
  std::vector<bool> bits;
  for (const auto& one : axis) bits.push_back(globs.empty() || any_glob_matches(globs, id(one)));
  return bits;
}

}  // namespace

std::optional<std::string> not_expressible(const std::string& loader_kind, const Program& program,
                                           spec::Interface interface) {
  const Function* function = program.function;
  switch (interface) {
    case spec::Interface::btf_load:
      if (program.object->btf.empty()) return "NO_BTF: the object has no BTF";
      return std::nullopt;
    case spec::Interface::object_load:
      if (loader_kind == "raw") return "OBJECT_LOAD: the system call takes no object files";
      if (function == nullptr) return "NO_PROGRAM: the object has no program";
      return std::nullopt;
    case spec::Interface::prog_load:
      if (function == nullptr) return "NO_PROGRAM: the object has no program";
      if (function->has_relocations)
        return "RELOCATIONS: its instructions need relocation, which a low-level load does not do";
      if (function->needs_attach_target)
        return "ATTACH_TARGET: it needs the BTF id of a kernel function, which a low-level load "
               "does not look up";
      return std::nullopt;
    // Neither owes anything to the object; the loader knows whether it can.
    case spec::Interface::map_create:
    case spec::Interface::kernel_btf:
      break;
  }
  return std::nullopt;
}

Exclusions::Exclusions(const std::vector<spec::Exclusion>& rules,
                       const std::vector<spec::KernelEntry>& kernels,
                       const std::vector<spec::LoaderEntry>& loaders,
                       const std::vector<Choice>& choices) {
  for (const auto& choice : choices) mode_counts_.push_back(choice.modes.size());
  const auto id = [](const auto& entry) -> const std::string& { return entry.id; };
  for (const auto& rule : rules) {
    const spec::Selector& selector = rule.selector;
    Rule resolved{
        &rule.reason,
        matched(selector.kernels, kernels, id),
        matched(selector.loaders, loaders, id),
        matched(selector.programs, choices,
                [](const Choice& choice) -> const std::string& { return choice.program.id; }),
        {}};
    spec::Selector of_mode = selector;
    of_mode.kernels.clear();
    of_mode.loaders.clear();
    of_mode.programs.clear();
    for (const auto& choice : choices) {
      auto& bits = resolved.modes.emplace_back();
      for (const auto& [mode, loaders_of_mode] : choice.modes)
        bits.push_back(of_mode.matches("", "", "", mode));
    }
    rules_.push_back(std::move(resolved));
  }
}

std::vector<const std::string*> Exclusions::reasons(size_t kernel, size_t loader,
                                                    size_t program) const {
  std::vector<const std::string*> reasons(mode_counts_[program], nullptr);
  for (const auto& rule : rules_) {
    if (!rule.kernels[kernel] || !rule.loaders[loader] || !rule.programs[program]) continue;
    for (size_t mode = 0; mode < reasons.size(); ++mode)
      if (reasons[mode] == nullptr && rule.modes[program][mode]) reasons[mode] = rule.reason;
  }
  return reasons;
}

}  // namespace bpfmatrix::plan
