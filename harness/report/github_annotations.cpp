#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/ci_tests.h"
#include "report/formats.h"
#include "report/inert_text.h"
#include "report/json_laws.h"
#include "report/summary.h"

namespace bpfmatrix::report {
namespace {

constexpr size_t kOfALevel = 10;          // GitHub drops what is above, of each level in a step
constexpr size_t kLongestMessage = 4000;  // bytes; the runner cuts at 4096 characters
constexpr size_t kLongestTitle = 250;
constexpr size_t kDetails = 8;  // lines of one annotation

// As the runner reads it back (src/Runner.Common/ActionCommand.cs): "%" first.
std::string escape(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct Annotation {
  std::string title, message;  // inert; the message may have lines
};

// The first kOfALevel of a level; where there are more, the last is their number.
class Annotations {
 public:
  Annotations(std::string_view level, std::string_view noun) : level_(level), noun_(noun) {}

  // Is there still need of the text of a further one?
  [[nodiscard]] bool wants_text() const { return shown_.size() < kOfALevel; }
  void add(Annotation annotation) {
    if (wants_text()) shown_.push_back(std::move(annotation));
    ++all_;
  }
  void add_without_text() { ++all_; }

  void write(std::string& out, const std::string& where) {
    if (all_ > kOfALevel)
      shown_.back() = {
          fmt::format("{} more {}", all_ - kOfALevel + 1, noun_),
          fmt::format("{} {} in all; GitHub shows {} of a step. The others are in the report: {}",
                      all_, noun_, kOfALevel, where)};
    for (const auto& [title, message] : shown_)
      out += fmt::format("::{} title={}::{}\n", level_,
                         escape(inert_line(title, kLongestTitle), true), escape(message, false));
  }

 private:
  std::string_view level_, noun_;
  std::vector<Annotation> shown_;
  size_t all_ = 0;
};

// Whole lines, as many as a message takes.
std::string message_of(std::string headline, const std::vector<std::string>& details) {
  std::string message = std::move(headline);
  // Of many, the last: the end of a log and the command say most.
  const size_t from = details.size() > kDetails ? details.size() - kDetails : 0;
  for (size_t i = from; i < details.size(); ++i) {
    if (message.size() + 1 + details[i].size() > kLongestMessage) continue;
    message += '\n' + details[i];
  }
  return message;
}

void add_failures(const result::RunRecord& run, const result::Judgement& judgement,
                  Annotations& errors) {
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const auto& verdict = judgement.verdicts[i];
    if (verdict.status != result::Status::FAIL) continue;
    if (!errors.wants_text()) {
      errors.add_without_text();
      continue;
    }
    const auto test = test_of(run, run.cells[i], verdict);
    errors.add({fmt::format("FAIL {} {}", verdict.reason, inert_name(run.cells[i].id)),
                message_of(test.headline, test.details)});
  }
}

}  // namespace

std::string render_github_annotations(const result::RunRecord& run,
                                      const result::Judgement& judgement,
                                      const law::Findings& laws) {
  Annotations errors("error", "unexpected results");
  Annotations warnings("warning", "kinds of trouble");
  Annotations notices("notice", "notes");
  for (const auto& text : judgement.findings) errors.add({"finding", inert_line(text, 2000)});
  for (const auto& text : finding_texts(run, laws)) errors.add({"finding", inert_line(text, 2000)});
  add_failures(run, judgement, errors);
  for (const auto& trouble : troubles_of(run, judgement))
    warnings.add({fmt::format("{} {} {}", name(trouble.status), trouble.reason,
                              run.kernels[trouble.kernel].id),
                  inert_line(trouble.text, 2000)});
  const auto lines = summarize(run, judgement, laws);
  notices.add({"bpfmatrix " + run.header.matrix, inert_line(lines.front())});
  std::string out;
  const std::string where = "bpfmatrix report " + inert_name(run.header.id);
  errors.write(out, where);
  warnings.write(out, where);
  notices.write(out, where);
  return out;
}

}  // namespace bpfmatrix::report
