#include "compare/moved.h"

#include <fmt/core.h>

#include <algorithm>

#include "result/json_fields.h"

namespace bpfmatrix::compare {
namespace {

std::string brief(const std::string& sha256) {
  return sha256.empty() ? "none" : sha256.substr(0, 8);
}

// "debian-6.12", or both where two kernels are compared.
std::string both(const std::string& before, const std::string& after) {
  return before == after ? after : before + " → " + after;
}

std::string kernel_moved(const result::KernelRecord& a, const result::KernelRecord& b) {
  if (a.id != b.id)
    return fmt::format("kernel: {}, {}", both(a.id, b.id), both(a.release, b.release));
  if (a.sha256 == b.sha256 || a.sha256.empty() || b.sha256.empty()) return {};
  const auto& old_version = a.upstream.empty() ? a.release : a.upstream;
  const auto& new_version = b.upstream.empty() ? b.release : b.upstream;
  if (old_version != new_version)
    return fmt::format("kernel {}: {} → {}", b.id, old_version, new_version);
  return fmt::format("kernel {}: another build of {} ({} → {})", b.id, new_version, brief(a.sha256),
                     brief(b.sha256));
}

std::string loader_moved(const result::LoaderRecord& a, const result::LoaderRecord& b) {
  if (a.id != b.id) return fmt::format("library: {}", both(a.id, b.id));
  if (a.sha256 == b.sha256 || a.sha256.empty() || b.sha256.empty()) return {};
  if (a.version != b.version)
    return fmt::format("library {}: {} → {}", b.id, a.version, b.version);
  return fmt::format("library {}: another binary ({} → {})", b.id, brief(a.sha256),
                     brief(b.sha256));
}

std::string program_moved(const result::ProgramRecord& a, const result::ProgramRecord& b) {
  if (a.object_sha256 == b.object_sha256) return {};
  return fmt::format("object of {}: {} → {}", b.id, brief(a.object_sha256),
                     brief(b.object_sha256));
}

// For each of `after` what differs from the one of `before` that it is matched with.
template <typename T, typename Differs>
std::vector<std::string> moved(const std::vector<T>& before, const std::vector<T>& after,
                               const std::string& pair_before, const std::string& pair_after,
                               Differs differs) {
  std::vector<std::string> texts(after.size());
  for (size_t i = 0; i < after.size(); ++i) {
    const bool paired = !pair_after.empty() && after[i].id == pair_after;
    const auto at = std::ranges::find(before, paired ? pair_before : after[i].id, &T::id);
    if (at != before.end()) texts[i] = differs(*at, after[i]);
  }
  return texts;
}

std::string level_of(const result::RunRecord& run) {
  for (const auto& kernel : run.kernels)
    if (!kernel.accel.empty()) return kernel.accel;
  return run.header.accel;
}

std::vector<std::string> tools_moved(const result::RunRecord& a, const result::RunRecord& b) {
  std::vector<std::string> texts;
  const auto hold = [&](const char* what, const std::string& before, const std::string& after) {
    if (before != after) texts.push_back(fmt::format("{}: {} → {}", what, before, after));
  };
  hold("bpfmatrix", a.header.program_version, b.header.program_version);
  hold("QEMU", a.header.qemu_version, b.header.qemu_version);
  hold("accelerator", level_of(a), level_of(b));
  return texts;
}

}  // namespace

Movements::Movements(const Side& before, const Side& after) : before_(before), after_(after) {
  const auto &a = *before.run, &b = *after.run;
  kernels_ = moved(a.kernels, b.kernels, before.kernel, after.kernel, kernel_moved);
  loaders_ = moved(a.loaders, b.loaders, before.loader, after.loader, loader_moved);
  programs_ = moved(a.programs, b.programs, {}, {}, program_moved);
  tools_ = tools_moved(a, b);
  expectations_ = result::expectations_to_json(a.expectations) !=
                  result::expectations_to_json(b.expectations);
  if (!expectations_) return;
  auto judged_anew = a;
  judged_anew.expectations = b.expectations;
  expected_now_ = result::judge(judged_anew);
}

std::vector<std::string> Movements::all() const {
  std::vector<std::string> texts;
  for (const auto* axis : {&kernels_, &loaders_, &programs_})
    for (const auto& text : *axis)
      if (!text.empty()) texts.push_back(text);
  texts.insert(texts.end(), tools_.begin(), tools_.end());
  if (expectations_) texts.emplace_back("expectations of the matrix");
  return texts;
}

std::vector<std::string> Movements::of_cell(uint32_t before, uint32_t after) const {
  const auto& old_cell = before_.run->cells[before];
  const auto& new_cell = after_.run->cells[after];
  std::vector<std::string> texts;
  for (const auto* text :
       {&kernels_[new_cell.kernel], &loaders_[new_cell.loader], &programs_[new_cell.program]})
    if (!text->empty()) texts.push_back(*text);
  texts.insert(texts.end(), tools_.begin(), tools_.end());
  if (expectations_) {
    const auto& then = before_.judgement->verdicts[before];
    const auto& by_now = expected_now_.verdicts[before];
    if (then.status != by_now.status)
      texts.push_back(fmt::format("expectation: what was seen before would be {} now",
                                  name(by_now.status)));
  }
  if (!texts.empty()) return texts;
  if (!old_cell.key.empty() && old_cell.key == new_cell.key)
    return {"nothing: the same kernel, library, object and machine gave another answer"};
  return {"agent, loader sources or the machine's command line: the content key is another one"};
}

}  // namespace bpfmatrix::compare
