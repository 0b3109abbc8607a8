#include "report/html.h"

#include <array>

#include "report/html_data.h"
#include "report/html_fill.h"
#include "report/html_pack.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {

base::Result<std::string> render_html(std::string_view page_template, const result::RunRecord& run,
                                      const result::Judgement& judgement, const law::Findings& laws,
                                      const std::vector<PastRun>& history,
                                      const PageOptions& options) {
  const auto data = page_data(run, judgement, laws, history, options);
  const std::array<TemplatePart, 4> parts = {{
      {"@BPFMATRIX_TITLE@", escape_html(single_line(run.header.matrix + " · " + run.header.id))},
      {"@BPFMATRIX_RUN@", island(data.run)},
      {"@BPFMATRIX_DETAILS@", island(data.details)},
      {"@BPFMATRIX_TEXTS@", island(data.texts)},
  }};
  return fill_template(page_template, parts);
}

}  // namespace bpfmatrix::report
