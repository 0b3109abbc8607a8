#include "compare/log_text.h"

#include <dtl/dtl.hpp>
#include <fmt/core.h>

#include <regex>

#include "base/text.h"
#include "report/text_layout.h"

namespace bpfmatrix::compare {
namespace {

// The texts are 6 KiB at most, and so some hundred lines; one that was made to have more is cut.
constexpr size_t kMostLines = 1000;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < kMostLines) {
    const auto end = text.find('\n');
    lines.push_back(normalised(text.substr(0, end)));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

}  // namespace

std::string normalised(std::string_view line) {
  static const std::regex address("0x[0-9a-fA-F]{8,}|\\b[0-9a-f]{12,}\\b");
  static const std::regex time("verification time [0-9]+ usec");
  const auto one_line = report::single_line(base::printable(line));
  return std::regex_replace(std::regex_replace(one_line, address, "ADDR"), time,
                            "verification time TIME usec");
}

std::vector<std::string> difference(std::string_view before, std::string_view after, size_t most) {
  const auto a = lines_of(before), b = lines_of(after);
  dtl::Diff<std::string> diff(a, b);
  diff.compose();
  std::vector<std::string> lines;
  size_t more = 0;
  for (const auto& [line, how] : diff.getSes().getSequence()) {
    if (how.type == dtl::SES_COMMON) continue;
    if (lines.size() == most)
      ++more;
    else
      lines.push_back((how.type == dtl::SES_DELETE ? "- " : "+ ") + line);
  }
  if (more != 0) lines.push_back(fmt::format("  and {} more lines", more));
  return lines;
}

}  // namespace bpfmatrix::compare
