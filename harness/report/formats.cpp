#include "report/formats.h"

#include <algorithm>
#include <array>

#include "report/render.h"

namespace bpfmatrix::report {
namespace {

using result::Judgement;
using result::RunRecord;

std::string terminal(const RunRecord& run, const Judgement& judgement, const law::Findings& laws) {
  return render_terminal(make_table(run, judgement, laws), {});
}

std::string markdown(const RunRecord& run, const Judgement& judgement, const law::Findings& laws) {
  return render_markdown(make_table(run, judgement, laws));
}

std::string json(const RunRecord& run, const Judgement& judgement, const law::Findings& laws) {
  return render_json(run, judgement, laws);
}

std::string github_summary(const RunRecord& run, const Judgement& judgement,
                           const law::Findings& laws) {
  return render_github_summary(run, make_table(run, judgement, laws));
}

std::string csv(const RunRecord& run, const Judgement& judgement, const law::Findings& /*laws*/) {
  return render_veristat_csv(run, judgement);
}

constexpr std::array<Format, 9> kFormats = {{
    {"terminal", "the table", terminal},
    {"markdown", "the table in GitHub's Markdown", markdown},
    {"json", "every cell, as export writes it", json},
    {"junit", "JUnit XML for Jenkins and GitLab", render_junit},
    {"ktap", "the kernel's KTAP, version 1", render_ktap},
    {"github-summary", "for $GITHUB_STEP_SUMMARY, within its 1 MiB", github_summary},
    {"github-annotations", "errors, warnings and notices of a GitHub workflow",
     render_github_annotations},
    {"csv", "the columns of veristat, for veristat -C", csv},
    {"kcidb", "KernelCI's KCIDB, schema 5.0", render_kcidb},
}};

}  // namespace

std::span<const Format> all_formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  const auto at = std::ranges::find(kFormats, name, &Format::name);
  return at == kFormats.end() ? nullptr : &*at;
}

}  // namespace bpfmatrix::report
