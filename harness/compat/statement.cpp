#include "compat/statement.h"

#include <fmt/core.h>

#include <algorithm>

#include "compat/markup.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using spec::Law;

constexpr size_t kShownModes = 16;

// "A. " of "A" and of "A.".
std::string sentence(const std::string& text) {
  if (text.empty()) return {};
  return prose(text) + (text.ends_with('.') || text.ends_with('?') ? "" : ".");
}

std::string codes(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(code(text));
  return report::join(out, ", ");
}

std::string checks_text(const std::vector<spec::Check>& checks) {
  std::vector<std::string> texts;
  for (const auto& check : checks) texts.push_back(check.text);
  return texts.empty() ? "anything" : codes(texts);
}

// "on kernels where [log-rotates](log-rotates.md) was measured as no".
std::string requirement_text(const spec::Requirement& requirement, const std::vector<Law>& laws) {
  if (requirement.kind == spec::Requirement::Kind::version) return "for " + code(requirement.text);
  const auto feature = std::ranges::find(laws, requirement.feature, &Law::id);
  const bool of_kernel = feature == laws.end() || feature->axis == Law::Axis::kernel;
  return fmt::format("{} {} was measured as {}",
                     of_kernel ? "on kernels where" : "for loaders, on kernels, where",
                     law_link(requirement.feature, ""), requirement.negated ? "no" : "yes");
}

std::string case_text(const spec::Case& one, const std::vector<Law>& laws) {
  std::vector<std::string> when;
  for (const auto& requirement : one.when) when.push_back(requirement_text(requirement, laws));
  std::string text = when.empty() ? "everywhere" : report::join(when, " and ");
  text[0] = text[0] >= 'a' && text[0] <= 'z' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
  text += ": " + checks_text(one.then);
  return one.text.empty() ? text : text + " – " + sentence(one.text);
}

std::string cases_text(const Law& law, const std::vector<Law>& laws) {
  if (law.kind == Law::Kind::feature) {
    std::string text = "## What counts as yes\n\nEvery cell shows ";
    text += law.cases.empty() ? "anything" : checks_text(law.cases.front().then);
    return text + "; none does: no; some do: mixed.\n\n";
  }
  std::string text = "## What must be seen\n\n";
  if (law.cases.size() > 1) text += "The first that applies counts.\n\n";
  for (const auto& one : law.cases) text += "- " + case_text(one, laws) + "\n";
  const bool always = std::ranges::any_of(law.cases, [](const auto& c) { return c.when.empty(); });
  if (!always) text += "- Anywhere else the law does not apply.\n";
  return text + "\n";
}

std::string other_text(const spec::Other& other) {
  std::vector<std::string> parts;
  if (other.loader) parts.push_back("loader " + code(*other.loader));
  if (other.program) parts.push_back("program " + code(*other.program));
  if (other.interface) parts.push_back(fmt::format("interface {}", code(name(*other.interface))));
  if (other.level) parts.push_back(fmt::format("level {}", spec::level_text(*other.level)));
  if (other.or_level != 0) parts.push_back("with level bits " + spec::level_text(other.or_level));
  if (other.drop_level != 0)
    parts.push_back("without level bits " + spec::level_text(other.drop_level));
  if (other.buffer) parts.push_back("buffer " + code(spec::to_text(*other.buffer)));
  if (other.extra) {
    std::vector<std::string> extra;
    for (const auto& [key, value] : *other.extra) extra.push_back(key + "=" + value);
    parts.push_back(extra.empty() ? "nothing extra" : "extra " + codes(extra));
  }
  return report::join(parts, ", ");
}

std::string measured_text(const Law& law) {
  std::string text = "## How it is measured\n\n";
  if (!law.measured.empty()) text += sentence(law.measured) + "\n\n";
  text += fmt::format("- Loaders: {}\n- Programs: {}\n", codes(law.loaders), codes(law.programs));
  std::vector<std::string> modes;
  for (const auto& mode : law.modes) modes.push_back(spec::to_text(mode));
  const size_t all = modes.size();
  if (all > kShownModes) modes.resize(kShownModes);
  text += fmt::format("- Log modes: {}{}\n", codes(modes),
                      all > kShownModes ? fmt::format(" and {} more", all - kShownModes) : "");
  if (law.other)
    text += fmt::format("- Each cell is held against the same one with {}.\n",
                        other_text(*law.other));
  if (!law.where.empty()) text += fmt::format("- Only cells with {}.\n", checks_text(law.where));
  return text + "\n";
}

std::string exceptions_text(const Law& law) {
  if (law.exceptions.empty()) return {};
  std::string text = "## Known exceptions\n\n";
  for (const auto& exception : law.exceptions) {
    text += "- " + range_of(exception) + ": " + prose(exception.reason);
    if (!exception.then.empty()) text += "; seen instead: " + checks_text(exception.then);
    text += exception.source.empty() ? "\n" : " (" + prose(exception.source) + ")\n";
  }
  return text + "\n";
}

std::string sources_text(const Law& law) {
  std::string text;
  if (!law.since.empty()) text += "**Documented since** " + sentence(law.since) + "\n\n";
  if (!law.note.empty()) text += "**Note.** " + sentence(law.note) + "\n\n";
  if (law.sources.empty()) return text;
  text += "## Sources\n\n";
  for (const auto& source : law.sources) text += "- " + prose(source) + "\n";
  return text + "\n";
}

std::string axis_text(const Law& law) {
  switch (law.axis) {
    case Law::Axis::kernel:
      return "kernel";
    case Law::Axis::loader:
      return "loader";
    case Law::Axis::pair:
      break;
  }
  return "kernel and loader";
}

std::string title_of_group(const std::string& id) {
  for (const auto& group : spec::law_groups())
    if (group.id == id) return std::string(group.title);
  return id;
}

}  // namespace

std::string range_of(const spec::Exception& exception) {
  std::vector<std::string> parts;
  const auto add = [&](const char* what, const std::vector<std::string>& texts) {
    if (!texts.empty()) parts.push_back(fmt::format("{} {}", what, codes(texts)));
  };
  std::vector<std::string> levels, buffers;
  for (const auto level : exception.levels) levels.push_back(fmt::format("{}", level));
  for (const auto& buffer : exception.buffers) buffers.push_back(spec::to_text(buffer));
  add("kernel", exception.kernels);
  add("loader", exception.loaders);
  add("program", exception.programs);
  add("level", levels);
  add("buffer", buffers);
  return parts.empty() ? "everywhere" : report::join(parts, ", ");
}

std::string law_link(std::string_view id, std::string_view folder) {
  return fmt::format("[{}]({}{}.md)", prose(id), folder, file_name(id));
}

std::string statement(const Law& law, const std::vector<Law>& laws) {
  const bool is_law = law.kind == Law::Kind::law;
  std::string text = fmt::format("# {}\n\n{} {} · {} · per {}\n\n", prose(law.statement),
                                 is_law ? "Law" : "Feature", code(law.id),
                                 prose(title_of_group(law.group)), axis_text(law));
  if (!law.why.empty()) text += "**Why it matters.** " + sentence(law.why) + "\n\n";
  return text + cases_text(law, laws) + measured_text(law) + exceptions_text(law) +
         sources_text(law);
}

std::vector<GroupOfLaws> by_group(const std::vector<Law>& laws, Law::Kind kind) {
  std::vector<std::string> ids;
  for (const auto& group : spec::law_groups()) ids.emplace_back(group.id);
  for (const auto& law : laws)
    if (std::ranges::find(ids, law.group) == ids.end()) ids.push_back(law.group);
  std::vector<GroupOfLaws> groups;
  for (const auto& id : ids) {
    GroupOfLaws group{title_of_group(id), {}};
    for (size_t i = 0; i < laws.size(); ++i)
      if (laws[i].kind == kind && laws[i].group == id) group.laws.push_back(i);
    std::ranges::sort(group.laws, {}, [&](size_t i) { return laws[i].id; });
    if (!group.laws.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace bpfmatrix::compat
