// What all tests of formats for other programs are held against: the run of fixture.h with its
// laws, and the same with hostile text in every field that a guest can fill.
#pragma once

#include <string>
#include <vector>

#include "fixture.h"
#include "law/evaluate.h"
#include "report/formats.h"

namespace bpfmatrix::report {

// Moved, never copied: `findings` points into `laws`.
struct FormatFixture {
  explicit FormatFixture(result::RunRecord record, std::vector<spec::Law> some_laws = {});
  FormatFixture(FormatFixture&&) = default;

  result::RunRecord run;
  std::vector<spec::Law> laws;
  result::Judgement judgement;
  law::Findings findings;

  // By a format of all_formats().
  [[nodiscard]] std::string render(std::string_view format) const;
};

[[nodiscard]] FormatFixture whole_fixture();    // all cells and laws
[[nodiscard]] FormatFixture short_fixture();    // a few telling cells and all laws
[[nodiscard]] FormatFixture hostile_fixture();  // a guest that attacks each format
[[nodiscard]] FormatFixture empty_fixture();    // a run without cells

// The attacks, a line each; the whole has a very long line too.
[[nodiscard]] const std::string& attacks();

// A file of its own that goes away with the object.
class TemporaryFile {
 public:
  TemporaryFile(std::string_view name, std::string_view text);
  [[nodiscard]] std::string path() const;

 private:
  struct Folder;
  std::shared_ptr<Folder> folder_;
  std::string name_;
};

}  // namespace bpfmatrix::report
