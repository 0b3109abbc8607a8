#include "report/html.h"

#include <array>
#include <span>
#include <utility>

#include "report/html_data.h"
#include "report/html_pack.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using base::ErrorKind;

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    }
  }
  return out;
}

struct Part {
  std::string_view mark;  // in the template, once
  std::string text;
};

// One pass over the template, so that what stands in a part is never taken for a mark.
base::Result<std::string> fill(std::string_view page_template, std::span<const Part> parts) {
  std::string page;
  size_t from = 0;
  for (const auto& part : parts) {
    const auto at = page_template.find(part.mark, from);
    if (at == std::string_view::npos || page_template.find(part.mark) != at ||
        page_template.rfind(part.mark) != at)
      return base::fail(ErrorKind::invalid_input,
                        "the page's template does not have {} once, in its place", part.mark);
    page.append(page_template.substr(from, at - from)).append(part.text);
    from = at + part.mark.size();
  }
  page.append(page_template.substr(from));
  return page;
}

}  // namespace

base::Result<std::string> render_html(std::string_view page_template, const result::RunRecord& run,
                                      const result::Judgement& judgement, const law::Findings& laws,
                                      const std::vector<PastRun>& history,
                                      const PageOptions& options) {
  const auto data = page_data(run, judgement, laws, history, options);
  const std::array<Part, 4> parts = {{
      {"@BPFMATRIX_TITLE@", escape_html(single_line(run.header.matrix + " · " + run.header.id))},
      {"@BPFMATRIX_RUN@", island(data.run)},
      {"@BPFMATRIX_DETAILS@", island(data.details)},
      {"@BPFMATRIX_TEXTS@", island(data.texts)},
  }};
  return fill(page_template, parts);
}

}  // namespace bpfmatrix::report
