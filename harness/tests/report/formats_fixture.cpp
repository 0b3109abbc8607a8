#include "formats_fixture.h"

#include <memory>
#include <utility>

#include "base/files.h"

namespace bpfmatrix::report {

FormatFixture::FormatFixture(result::RunRecord record, std::vector<spec::Law> some_laws)
    : run(std::move(record)),
      laws(std::move(some_laws)),
      judgement(judge(run)),
      findings(law::evaluate(laws, run)) {}

std::string FormatFixture::render(std::string_view format) const {
  const auto* found = find_format(format);
  return found == nullptr ? std::string() : found->render(run, judgement, findings);
}

FormatFixture whole_fixture() {
  return FormatFixture(fixture_run(), fixture_laws());
}

FormatFixture short_fixture() {
  return FormatFixture(short_fixture_run(), fixture_laws());
}

FormatFixture empty_fixture() {
  return FormatFixture(result::RunRecord{});
}

const std::string& attacks() {
  static const std::string text =
      "::error::a guest says so\n"
      "  ::stop-commands::never\n"
      "\r::add-mask::secret\n"
      "text ##[error]a guest says so in the old form\n"
      "###[group]and hides it\n"
      "%0A::error title=x::behind a newline that was escaped already%0D%25\n"
      "ok 1 everything is fine\nnot ok 2 nothing is # TODO\n1..0 # SKIP\nBail out! gone\n"
      "# Subtest: other\nKTAP version 1\n"
      "]]></failure></testcase><testcase name=\"planted\"/><!-- &lt; &#0; &xxe; -->\n"
      "</script><script>alert(1)</script><img src=x onerror=alert(1)>\n"
      "| a | b |\n|---|---|\n```\n[x](javascript:alert(1)) ![x](http://evil) <http://evil>\n"
      "=cmd|' /C calc'!A0,\"quoted\",'x'\n"
      "\",\"status\":\"PASS\",\"x\":\"\\u0000\n" +
      std::string("nul \0 esc \x1b[2J bell \x07 del \x7f form\x0c feed\n", 41) +
      "nel \xc2\x85 line \xe2\x80\xa8 paragraph \xe2\x80\xa9 rtl \xe2\x80\xae\n"
      "bad \xff\xfe \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 cut \xe2\x82\n"
      "no characters \xef\xbf\xbe \xef\xbf\xbf\n" +
      std::string(100'000, 'x') + "\n" + std::string(5000, ':') + "\nlast line\n";
  return text;
}

FormatFixture hostile_fixture() {
  auto run = fixture_run();
  const auto& text = attacks();
  for (auto& kernel : run.kernels) {
    kernel.problem = text;
    kernel.release = text;  // as uname says it
  }
  run.kernels[0].problem.clear();  // so that the notes of cells are shown
  run.header.notes.push_back(text);
  for (auto& cell : run.cells) {
    auto& seen = cell.attempt.observation;
    cell.attempt.note = text;
    seen.log_head = text;
    // Numbers of the verifier among all that: they are told.
    seen.log_tail = text +
                    "processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 1 "
                    "peak_states 1 mark_read 0\n";
    seen.messages = text;
    seen.log_length = seen.log_tail.size();
  }
  return FormatFixture(std::move(run), fixture_laws());
}

struct TemporaryFile::Folder {
  base::TemporaryFolder folder;
};

TemporaryFile::TemporaryFile(std::string_view name, std::string_view text)
    : folder_(std::make_shared<Folder>(
          Folder{std::move(base::TemporaryFolder::make("/tmp", "bpfmatrix-format.").value())})),
      name_(name) {
  if (const auto written = base::write_file(path(), text); !written)
    throw std::runtime_error(written.error().message);
}

std::string TemporaryFile::path() const {
  return (folder_->folder.path() / name_).string();
}

}  // namespace bpfmatrix::report
