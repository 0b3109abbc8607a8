// The formats in which a run can be written for people and for other programs; what each maps to
// what, and its limits: harness/docs/formats.md. Pure; guest text is escaped or inert in each.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "law/evaluate.h"
#include "report/table.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// JUnit XML as Jenkins (xunit-plugin's junit-10.xsd) and GitLab read it.
[[nodiscard]] std::string render_junit(const result::RunRecord& run,
                                       const result::Judgement& judgement,
                                       const law::Findings& laws = {});

// KTAP version 1 (the kernel's Documentation/dev-tools/ktap.rst): kernel, loader, cell.
[[nodiscard]] std::string render_ktap(const result::RunRecord& run,
                                      const result::Judgement& judgement,
                                      const law::Findings& laws = {});

// What GitHub takes as the summary of one step; more is refused, the whole of it.
inline constexpr size_t kGithubSummaryLimit = 1024 * 1024;
// GitHub's Markdown, at most `limit` bytes (at least 4 KiB): what was found first, then the table.
// Rows that do not fit are left out, with a line that says how many and where they are.
[[nodiscard]] std::string render_github_summary(const result::RunRecord& run, const Table& table,
                                                size_t limit = kGithubSummaryLimit);

// Workflow commands: unexpected results as ::error, trouble of ours as ::warning, the counts as
// ::notice. At most 10 of a level, which is what GitHub shows of a step; the last then tells how
// many there are more.
[[nodiscard]] std::string render_github_annotations(const result::RunRecord& run,
                                                    const result::Judgement& judgement,
                                                    const law::Findings& laws = {});

// veristat's CSV (the kernel's tools/testing/selftests/bpf/veristat.c): the cells that verified a
// program, for `veristat -C`.
[[nodiscard]] std::string render_veristat_csv(const result::RunRecord& run,
                                              const result::Judgement& judgement);

// KernelCI's KCIDB, schema 5.0: kernels as checkouts and builds, cells and laws as tests.
[[nodiscard]] std::string render_kcidb(const result::RunRecord& run,
                                       const result::Judgement& judgement,
                                       const law::Findings& laws = {});

struct Format {
  std::string_view name;  // as it is typed: "junit"
  std::string_view what;  // for a list: "JUnit XML for Jenkins and GitLab"
  std::string (*render)(const result::RunRecord& run, const result::Judgement& judgement,
                        const law::Findings& laws);
};
// Every format there is, by what a person would look for first.
[[nodiscard]] std::span<const Format> all_formats();
// Null when there is none of that name.
[[nodiscard]] const Format* find_format(std::string_view name);

}  // namespace bpfmatrix::report
