// Compatibility docs made of a run: pages of GitHub's Markdown and compat.json. Pure: the same run
// and laws give the same bytes, the date is that of the run. Nothing in them is typed in but what
// law files and claims say; text that a guest wrote is inert.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/claim.h"
#include "spec/law.h"

namespace bpfmatrix::compat {

struct Page {
  std::string path;  // below the folder: "laws/log-rotates.md"
  std::string text;
};

// What the pages are made of. `findings` has a result for each of `laws`, in their order.
struct Material {
  const result::RunRecord& run;
  const result::Judgement& judgement;
  const std::vector<spec::Law>& laws;
  const law::Findings& findings;
  const std::vector<spec::Claim>& claims;
};

// README.md, a page for each law and loader, the pages of what cuts across them, compat.json; in
// the order of their paths, each path once.
[[nodiscard]] std::vector<Page> make_pages(const Material& material);

// laws.md and laws/<id>.md: what the law files say, without measurements.
[[nodiscard]] std::vector<Page> make_statement_pages(const std::vector<spec::Law>& laws);

// Was this file made by one of the two?
[[nodiscard]] bool is_made_page(std::string_view text);

}  // namespace bpfmatrix::compat
