#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "compare/log_text.h"
#include "compare/render.h"
#include "report/markdown_text.h"
#include "report/repro.h"
#include "report/text_layout.h"

namespace bpfmatrix::compare {
namespace {

constexpr size_t kLogLines = 8;

bool shown_whole(const CellChange& change) {
  return change.change == Change::regressed || change.unexpected;
}

uint32_t count(const Comparison& comparison, Change change) {
  const auto at = comparison.counts.find(change);
  return at == comparison.counts.end() ? 0 : at->second;
}

const char* color_of(Change change) {
  switch (change) {
    case Change::regressed:
      return "31";
    case Change::improved:
      return "32";
    case Change::changed:
    case Change::lost:
      return "33";
    default:
      return "90";
  }
}

// The verdicts of both sides: "PASS LOADED → FAIL VERIFIER_REJECTION, EACCES".
std::string both(const std::string& before, const std::string& after) {
  if (before.empty()) return after;
  return after.empty() ? before : before + " → " + after;
}

std::string line(std::string_view text) {
  return base::printable(report::single_line(text));
}

class Terminal {
 public:
  Terminal(const Comparison& comparison, const Side& before, const Side& after,
           const TextOptions& options)
      : comparison_(comparison), before_(before), after_(after), options_(options) {}

  std::string text() {
    add("{}", colored(line(both(comparison_.before, comparison_.after)), "1"));
    for (const auto& moved : comparison_.moved) add("moved: {}", line(moved));
    if (comparison_.moved.empty()) add("moved: nothing that both have");
    for (const auto& law : comparison_.laws) show(law);
    for (const auto change : all_changes()) show(change);
    for (const auto& note : comparison_.notes) add("note: {}", line(note));
    add("{}", counts_text(comparison_));
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }
  [[nodiscard]] std::string colored(const std::string& text, const char* code) const {
    return options_.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  void show(const LawChange& law) {
    add("{}: law {} on {} with {}: {}", colored(std::string(name(law.change)), color_of(law.change)),
        law.law, law.kernel, law.loader, both(law.before_text, law.after_text));
    if (!law.why.empty()) add("  {}", line(law.why));
    if (!law.known.empty()) add("  known: {}", line(law.known));
  }

  void show(Change change) {
    size_t shown = 0;
    for (const auto& cell : comparison_.cells) {
      if (cell.change != change) continue;
      // What is new and as expected is only counted.
      if (!cell.unexpected && (change == Change::added || change == Change::removed)) continue;
      if (++shown > options_.most) continue;
      show(cell);
    }
    if (shown > options_.most)
      add("  and {} more {}", shown - options_.most, name(change));
  }

  void show(const CellChange& cell) {
    add("{}: {}", colored(std::string(name(cell.change)), color_of(cell.change)),
        base::printable(cell.cell));
    add("  {}", line(both(cell.before_text, cell.after_text)));
    if (!cell.why.empty()) add("  {}", line(cell.why));
    if (!cell.known.empty()) add("  known: {}", line(cell.known));
    if (!shown_whole(cell)) return;
    for (const auto& moved : cell.moved) add("  moved: {}", line(moved));
    for (const auto& text : log_difference(cell, before_, after_, kLogLines)) add("  log {}", text);
    if (cell.after != kNoCell)
      add("  again: {}", line(report::repro(*after_.run, after_.run->cells[cell.after])));
  }

  const Comparison& comparison_;
  const Side &before_, &after_;
  const TextOptions& options_;
  std::string out_;
};

}  // namespace

std::string counts_text(const Comparison& comparison) {
  uint32_t known = 0, laws = 0;
  for (const auto& change : comparison.cells) known += change.known.empty() ? 0 : 1;
  for (const auto& law : comparison.laws) {
    known += law.known.empty() ? 0 : 1;
    laws += law.change == Change::regressed ? 1 : 0;
  }
  std::string text = fmt::format("{} regressed", count(comparison, Change::regressed));
  if (laws != 0) text += fmt::format(" and {} law{} broken", laws, laws == 1 ? "" : "s");
  if (known != 0) text += fmt::format(" ({} known)", known);
  for (const auto change : all_changes())
    if (change != Change::regressed && count(comparison, change) != 0)
      text += fmt::format(", {} {}", count(comparison, change), name(change));
  return text + fmt::format("; {} cells in both", comparison.common);
}

std::vector<std::string> log_difference(const CellChange& change, const Side& before,
                                        const Side& after, size_t most) {
  if (change.before == kNoCell || change.after == kNoCell) return {};
  const auto& a = before.run->cells[change.before].attempt.observation;
  const auto& b = after.run->cells[change.after].attempt.observation;
  // The end says why a program was refused; where there is none, the log is all in its head.
  const auto& old_text = a.log_tail.empty() ? a.log_head : a.log_tail;
  const auto& new_text = b.log_tail.empty() ? b.log_head : b.log_tail;
  return difference(old_text, new_text, most);
}

std::string render_terminal(const Comparison& comparison, const Side& before, const Side& after,
                            const TextOptions& options) {
  return Terminal(comparison, before, after, options).text();
}

std::string render_markdown(const Comparison& comparison, const Side& before, const Side& after,
                            const TextOptions& options) {
  using report::escape_markdown;
  std::string out = fmt::format("### {}\n\n{}\n\n",
                                escape_markdown(both(comparison.before, comparison.after)),
                                escape_markdown(counts_text(comparison)));
  for (const auto& moved : comparison.moved) out += fmt::format("- moved: {}\n", escape_markdown(moved));
  for (const auto& note : comparison.notes) out += fmt::format("- note: {}\n", escape_markdown(note));
  for (const auto& law : comparison.laws)
    out += fmt::format("- **{}**: law {} on {} with {}: {}\n", name(law.change),
                       escape_markdown(law.law), escape_markdown(law.kernel), escape_markdown(law.loader),
                       escape_markdown(both(law.before_text, law.after_text)));
  for (const auto change : all_changes()) {
    size_t shown = 0;
    for (const auto& cell : comparison.cells) {
      if (cell.change != change) continue;
      if (!cell.unexpected && (change == Change::added || change == Change::removed)) continue;
      if (shown == 0) out += fmt::format("\n#### {}\n\n", name(change));
      if (++shown > options.most) continue;
      out += fmt::format("- {}: {}", escape_markdown(cell.cell),
                         escape_markdown(both(cell.before_text, cell.after_text)));
      if (!cell.why.empty()) out += "; " + escape_markdown(cell.why);
      if (!cell.known.empty()) out += "; known: " + escape_markdown(cell.known);
      for (const auto& moved : cell.moved)
        if (shown_whole(cell)) out += "; moved: " + escape_markdown(moved);
      out += "\n";
      if (!shown_whole(cell)) continue;
      const auto lines = log_difference(cell, before, after, kLogLines);
      if (!lines.empty()) {
        // A fence of the guest's would end ours: a line of the log begins with + or -.
        out += "\n  ```diff\n";
        for (const auto& text : lines) out += "  " + text + "\n";
        out += "  ```\n";
      }
      if (cell.after != kNoCell)
        out += "\n  again: " +
               escape_markdown(report::repro(*after.run, after.run->cells[cell.after])) + "\n";
    }
    if (shown > options.most)
      out += fmt::format("- and {} more\n", shown - options.most);
  }
  return out;
}

}  // namespace bpfmatrix::compare
