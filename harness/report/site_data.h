// All kept runs as one page: what is taken of each run, and the page made of it. Pure; any thread.
//
// A run of 75,000 cells is read, summed up and dropped before the next one: a summary is a few KiB.
// The format of the data, member by member: harness/docs/page.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "law/evaluate.h"
#include "report/table.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

// What a kernel's cells of one run came to. Answered cells count with what was measured then.
struct SiteKernel {
  std::string id;
  std::string title;                     // "6.1.192", as in the table
  std::string problem;                   // why none of its cells ran; one line
  uint32_t measured = 0;                 // cells with an observation
  uint32_t loaded = 0;                   // cells that ended in a loaded program
  uint32_t verified = 0;                 // of them, those whose log told what the verifier did
  uint64_t insns_sum = 0;                // instructions that were verified in these
  std::optional<uint64_t> insns_median;  // likewise; nothing when there are none
  std::optional<uint64_t> load_us;       // median time of a loader's call, of the loaded cells
};

struct SiteRun {
  std::string id, matrix, started, finished, selection, accel, program_version;
  int exit_code = 0;
  uint32_t cells = 0, flaky = 0, cached = 0;
  uint32_t crashes = 0;   // cells under which the kernel died or complained
  uint32_t findings = 0;  // of the judgement and of the laws
  std::map<result::Status, uint32_t> counts;
  std::vector<SiteKernel> kernels;
  std::string page;  // address of its page from the site's index; empty: there is none
};

[[nodiscard]] SiteRun summarize_for_site(const result::RunRecord& run,
                                         const result::Judgement& judgement,
                                         const law::Findings& laws = {});

struct SiteTable {
  std::string run;  // id
  Table table;
};

// A name for a file that stands for `text` (a run's id, a matrix's name): letters, digits, `.`, `_`
// and `-`, no `.` in front, at most 100 bytes. Ids as bpfmatrix makes them stay what they are; two
// texts never share a name.
[[nodiscard]] std::string file_stem(std::string_view text);

// `page_template`: share/bpfmatrix/page/site.html. `runs`: newest first. `tables`: of the runs that
// the index can show one of; a table of more than 400 rows loses the last of those in which nothing
// is unexpected, and the page says so. invalid_input when the template is none.
[[nodiscard]] base::Result<std::string> render_site(std::string_view page_template,
                                                    const std::vector<SiteRun>& runs,
                                                    const std::vector<SiteTable>& tables);

}  // namespace bpfmatrix::report
