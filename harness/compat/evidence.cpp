#include "compat/evidence.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "compat/markup.h"
#include "law/call_text.h"
#include "report/axis_text.h"
#include "report/markdown_text.h"
#include "report/repro.h"
#include "report/text_layout.h"

namespace bpfmatrix::compat {
namespace {

using law::Verdict;
using spec::Law;

constexpr size_t kShownCalls = 12;
constexpr size_t kShownLogLines = 4;

// "debian ≤5.10.262": lines on which something was measured.
std::vector<std::string> texts_of(const std::vector<law::Line>& lines) {
  std::vector<std::string> texts;
  for (const auto& line : lines)
    if (std::ranges::any_of(line.points,
                            [](const auto& p) { return p.answer != law::Answer::unknown; }))
      texts.push_back(report::escape_markdown(line.name) + " " + line_text(line));
  return texts;
}

}  // namespace

std::string_view word(const Law& law, Verdict verdict) {
  const bool feature = law.kind == Law::Kind::feature;
  switch (verdict) {
    case Verdict::holds:
      return feature ? "yes" : "holds";
    case Verdict::broken:
      return feature ? "no" : "broken";
    case Verdict::excepted:
      return "excepted";
    case Verdict::mixed:
      return "mixed";
    case Verdict::undecided:
      return "undecided";
    case Verdict::not_applicable:
      return "not applicable";
    case Verdict::not_measured:
      break;
  }
  return "not measured";
}

std::string lettered(const Law& law, Verdict verdict) {
  const bool feature = law.kind == Law::Kind::feature;
  const auto letter = [&] {
    switch (verdict) {
      case Verdict::holds:
        return feature ? "Y" : "H";
      case Verdict::broken:
        return feature ? "N" : "B";
      case Verdict::excepted:
        return "X";
      case Verdict::mixed:
        return "M";
      case Verdict::undecided:
        return "U";
      case Verdict::not_applicable:
        return "–";
      case Verdict::not_measured:
        break;
    }
    return "?";
  };
  return fmt::format("**{}** {}", letter(), word(law, verdict));
}

bool is_decided(Verdict verdict) {
  return verdict == Verdict::holds || verdict == Verdict::broken || verdict == Verdict::excepted ||
         verdict == Verdict::mixed;
}

std::string line_text(const law::Line& line) {
  // The bare system call, which has no versions.
  if (line.points.size() != 1 || !line.points[0].version.empty())
    return report::escape_markdown(law::range_text(line));
  switch (line.points[0].answer) {
    case law::Answer::yes:
      return "yes";
    case law::Answer::no:
      return "no";
    case law::Answer::mixed:
      return "in part";
    case law::Answer::unknown:
      break;
  }
  return "not measured";
}

std::vector<std::string> ranges(const law::Result& result, const result::RunRecord& run) {
  switch (result.law->axis) {
    case Law::Axis::kernel:
      return texts_of(law::kernel_lines(result, run));
    case Law::Axis::loader:
      return texts_of(law::loader_lines(result, run));
    case Law::Axis::pair:
      break;
  }
  struct Group {
    std::vector<uint32_t> loaders;
    std::string text;
  };
  std::vector<Group> groups;
  for (uint32_t loader = 0; loader < run.loaders.size(); ++loader) {
    const auto text = report::join(texts_of(law::kernel_lines(result, run, loader)), "; ");
    if (text.empty()) continue;
    const auto alike = std::ranges::find_if(groups, [&](const Group& group) {
      return group.text == text &&
             report::can_share_row(run.loaders[group.loaders.front()], run.loaders[loader]);
    });
    if (alike != groups.end())
      alike->loaders.push_back(loader);
    else
      groups.push_back({{loader}, text});
  }
  std::vector<std::string> texts;
  for (const auto& group : groups)
    texts.push_back(fmt::format(
        "{}: {}", report::escape_markdown(report::loaders_text(run, group.loaders)), group.text));
  return texts;
}

std::string errno_text(const result::Observation& seen) {
  const auto api = code(base::errno_name(seen.error));
  switch (seen.decided_by) {
    case result::DecidedBy::library:
      return api + (seen.needs_call ? ", no bpf() call was made" : " from the library");
    case result::DecidedBy::unknown:
      return api + ", bpf() calls could not be recorded";
    case result::DecidedBy::kernel:
      break;
  }
  if (seen.kernel_errno == seen.error) return api + " from the kernel";
  return fmt::format("{} after {} from the kernel", api,
                     code(base::errno_name(seen.kernel_errno)));
}

std::string calls_text(const result::Observation& seen, bool probes) {
  const auto texts = law::call_texts(seen, probes);
  std::string out;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts.size() > kShownCalls && i == kShownCalls - 1) {
      out += fmt::format(" … {} more", texts.size() - kShownCalls);
      i = texts.size() - 1;
    }
    out += (out.empty() ? "" : " ") + code(texts[i]);
  }
  return out.empty() ? "none" : out;
}

std::string evidence(const result::RunRecord& run, uint32_t cell) {
  const auto& record = run.cells[cell];
  Table table({"cell", code(record.id)});
  if (record.attempt.state != result::AttemptState::measured) {
    table.add({"not measured", report::escape_markdown(record.attempt.note)});
    return table.text();
  }
  const auto& seen = record.attempt.observation;
  table.add({"outcome", code(name(result::classify(record.attempt)))});
  table.add({"errno", errno_text(seen)});
  table.add({"calls", calls_text(seen)});
  table.add({"buffer", count(seen.buffer_size, "byte")});
  table.add({"log", fmt::format("{}, kept {}", count(seen.log_length, "byte"), name(seen.kept))});
  if (seen.log_true_size)
    table.add({"true size told by the kernel", count(*seen.log_true_size, "byte")});
  if (!seen.messages.empty()) table.add({"the library printed", code(seen.messages.str())});
  table.add({"to repeat", code(report::repro(run, record), 600)});
  return table.text() +
         code_block((seen.log_tail.empty() ? seen.log_head : seen.log_tail).str(), kShownLogLines);
}

}  // namespace bpfmatrix::compat
